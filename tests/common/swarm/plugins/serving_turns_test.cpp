#include "common/swarm/plugins/serving_turns.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class ServingTurnsTest : public testing::Test {
protected:
  void join(const std::string& address, ServingTurns::Host first, std::size_t connections) {
    for (ServingTurns::Host each = first; each < first + connections; ++each) {
      turns_.joined(each, *ip_bytes(address));
    }
  }
  /// Of `connections` that all ask, those that are served.
  std::size_t served(ServingTurns::Host first, std::size_t connections) {
    std::size_t count = 0;
    for (ServingTurns::Host each = first; each < first + connections; ++each) {
      count += turns_.asked(each, now_) ? 1 : 0;
    }
    return count;
  }

  ServingTurns turns_;
  MonotonicTime now_{1000s};
};

}  // namespace

TEST_F(ServingTurnsTest, HostsOfOneAddressAloneAreAllServed) {
  join("192.0.2.1", 0, 50);
  EXPECT_EQ(served(0, 50), 50U);
}

TEST_F(ServingTurnsTest, HostsWithAnAddressEachAreAllServed) {
  for (ServingTurns::Host each = 0; each < 50; ++each) {
    join("192.0.2." + std::to_string(each), each, 1);
  }
  EXPECT_EQ(served(0, 50), 50U);
  EXPECT_EQ(served(0, 50), 50U);
}

TEST_F(ServingTurnsTest, WhileAnotherAddressAsksAnAddressHasItsPartWhateverItsConnections) {
  join("192.0.2.1", 0, 99);
  join("192.0.2.2", 100, 1);
  EXPECT_TRUE(turns_.asked(100, now_));
  for (int second = 0; second < 30; ++second, now_ += 1s) {
    EXPECT_LE(served(0, 99), ServingTurns::kAtATime);
    EXPECT_TRUE(turns_.asked(100, now_)) << "the honest one is always served";
  }
}

TEST_F(ServingTurnsTest, OnceNobodyElseAsksAllAreServedAgain) {
  join("192.0.2.1", 0, 99);
  join("192.0.2.2", 100, 1);
  ASSERT_TRUE(turns_.asked(100, now_));
  ASSERT_EQ(served(0, 99), ServingTurns::kAtATime);
  now_ += ServingTurns::kWants;
  EXPECT_TRUE(turns_.may_ask(50, now_));
  EXPECT_EQ(served(0, 99), 99U);
}

TEST_F(ServingTurnsTest, TurnsGoRound) {
  join("192.0.2.1", 0, 6);
  join("192.0.2.2", 100, 1);
  std::set<ServingTurns::Host> had;
  for (int second = 0; second < 20; ++second, now_ += 1s) {
    ASSERT_TRUE(turns_.asked(100, now_));
    for (ServingTurns::Host each = 0; each < 6; ++each) {
      if (turns_.asked(each, now_)) {
        had.insert(each);
      }
    }
  }
  EXPECT_EQ(had.size(), 6U);
}

TEST_F(ServingTurnsTest, ATurnThatIsNotTakenIsTheNextOnes) {
  join("192.0.2.1", 0, 3);
  join("192.0.2.2", 100, 1);
  ASSERT_TRUE(turns_.asked(100, now_));
  ASSERT_EQ(served(0, 3), 2U);
  EXPECT_FALSE(turns_.may_ask(2, now_));
  now_ += ServingTurns::kWants;
  ASSERT_TRUE(turns_.asked(100, now_));
  EXPECT_TRUE(turns_.may_ask(2, now_));
}

TEST_F(ServingTurnsTest, WhoLeavesGivesItsTurnUp) {
  join("192.0.2.1", 0, 4);
  join("192.0.2.2", 100, 1);
  ASSERT_TRUE(turns_.asked(100, now_));
  ASSERT_EQ(served(0, 4), 2U);
  turns_.left(0);
  EXPECT_TRUE(turns_.may_ask(2, now_));
}

}  // namespace swarmout::test
