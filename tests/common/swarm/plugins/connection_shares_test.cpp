#include "common/swarm/plugins/connection_shares.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace swarmout::test {

namespace {

class ConnectionSharesTest : public testing::Test {
protected:
  /// A connection joins; who has to go, goes. True if it is still there.
  bool join(ConnectionShares& shares, const std::string& address) {
    const ConnectionShares::Host newcomer = next_++;
    const IpBytes owner = *ip_bytes(address);
    shares.joined(newcomer, owner);
    there_[newcomer] = address;
    const auto leaves = shares.too_many(newcomer, [&](const IpBytes& each) { return fleet_.contains(each); });
    if (leaves) {
      shares.left(*leaves);
      there_.erase(*leaves);
    }
    return there_.contains(newcomer);
  }
  std::size_t of(const std::string& address) const {
    return static_cast<std::size_t>(
        std::count_if(there_.begin(), there_.end(), [&](const auto& each) { return each.second == address; }));
  }

  std::set<IpBytes> fleet_;
  std::map<ConnectionShares::Host, std::string> there_;
  ConnectionShares::Host next_ = 0;
};

}  // namespace

TEST_F(ConnectionSharesTest, HostsBehindOneAddressHaveTheRoomThatNobodyElseWants) {
  ConnectionShares shares(100, 0);
  for (int each = 0; each < 99; ++each) {
    EXPECT_TRUE(join(shares, "192.0.2.1")) << each;
  }
}

TEST_F(ConnectionSharesTest, AnAddressDoesNotTakeTheLastPlace) {
  ConnectionShares shares(100, 0);
  for (int each = 0; each < 300; ++each) {
    join(shares, "192.0.2.66");
  }
  EXPECT_EQ(there_.size(), 99U);
  EXPECT_TRUE(join(shares, "192.0.2.1"));
}

TEST_F(ConnectionSharesTest, WhoHasMostGivesWay) {
  ConnectionShares shares(20, 0);
  for (int each = 0; each < 30; ++each) {
    join(shares, "192.0.2.66");
  }
  for (int host = 1; host <= 10; ++host) {
    EXPECT_TRUE(join(shares, "192.0.2." + std::to_string(host))) << host;
  }
  EXPECT_LE(of("192.0.2.66"), 10U);
}

TEST_F(ConnectionSharesTest, StrangersGiveWayToTheFleetAndTheFleetNotToStrangers) {
  ConnectionShares shares(10, 0);
  fleet_ = {*ip_bytes("192.0.2.1"), *ip_bytes("192.0.2.2")};
  for (int host = 0; host < 9; ++host) {
    ASSERT_TRUE(join(shares, "198.51.100." + std::to_string(host))) << "an address each";
  }
  ASSERT_TRUE(join(shares, "192.0.2.1"));
  EXPECT_TRUE(join(shares, "192.0.2.2"));
  EXPECT_EQ(of("192.0.2.1"), 1U);
  EXPECT_EQ(there_.size(), 9U) << "and a place is free again";
}

TEST_F(ConnectionSharesTest, FewPlacesAreNotTakenForGreed) {
  ConnectionShares one(1, 0);
  EXPECT_TRUE(join(one, "192.0.2.1"));
  ConnectionShares few(4, 0);
  for (int each = 0; each < 4; ++each) {
    EXPECT_TRUE(join(few, "192.0.2.1")) << each;
  }
}

TEST_F(ConnectionSharesTest, StrangersAtOneAddressAreOneHostWhoeverTheySeem) {
  ConnectionShares shares(100, 0);
  fleet_ = {*ip_bytes("192.0.2.1")};
  for (const char* const each : {"192.0.2.1", "192.0.2.1", "192.0.2.66", "192.0.2.66", "192.0.2.66", "192.0.2.3"}) {
    ASSERT_TRUE(join(shares, each));
  }
  EXPECT_EQ(shares.others([&](const IpBytes& each) { return fleet_.contains(each); }), 4U);
}

TEST_F(ConnectionSharesTest, WithALimitMoreOfAnAddressAreClosed) {
  ConnectionShares shares(100, 3);
  for (int each = 0; each < 3; ++each) {
    EXPECT_TRUE(join(shares, "192.0.2.1"));
  }
  EXPECT_FALSE(join(shares, "192.0.2.1"));
  EXPECT_TRUE(join(shares, "192.0.2.2"));
}

}  // namespace swarmout::test
