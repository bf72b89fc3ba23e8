#include "common/swarm/dial_book.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class DialBookTest : public testing::Test {
protected:
  /// How often somebody is tried who is named every second.
  std::size_t tries(const Endpoint& endpoint, std::chrono::seconds span) {
    std::size_t tried = 0;
    for (const MonotonicTime end = now_ + span; now_ < end; now_ += 1s) {
      tried += book_.dial(endpoint, now_) ? 1 : 0;
    }
    return tried;
  }
  static Endpoint one_of(int network, int host, std::uint16_t port = 6881) {
    return {"10.0." + std::to_string(network) + "." + std::to_string(host), port};
  }

  DialBook book_;
  MonotonicTime now_{1000s};
  const Endpoint host_{"192.0.2.7", 6881};
};

}  // namespace

TEST_F(DialBookTest, WhoIsNamedIsTriedAtOnce) {
  EXPECT_TRUE(book_.dial(host_, now_));
  EXPECT_FALSE(book_.dial(host_, now_)) << "and not twice";
}

TEST_F(DialBookTest, WhoDoesNotAnswerIsTriedMoreAndMoreSeldom) {
  EXPECT_EQ(tries(host_, 60s), 4U) << "after 0, 4, 12, 28 s";
  EXPECT_EQ(tries(host_, 1740s), DialBook::kMostTries - 4);
}

TEST_F(DialBookTest, AndThenNotAnyMoreUntilItIsForgotten) {
  EXPECT_EQ(tries(host_, 3600s), DialBook::kMostTries);
  EXPECT_EQ(tries(host_, 1000s), 0U);
  now_ += DialBook::kForgotten;
  EXPECT_EQ(tries(host_, 1s), 1U);
}

TEST_F(DialBookTest, WhoAnsweredAndIsGoneIsTriedAtOnce) {
  EXPECT_EQ(tries(host_, 600s), 8U);
  book_.met(host_, now_);
  EXPECT_EQ(tries(host_, 600s), 0U) << "it is connected";
  book_.left(host_, now_);
  EXPECT_TRUE(book_.dial(host_, now_));
}

TEST_F(DialBookTest, WhatTakesConnectionsAndSaysNothingIsLeftAlone) {
  ASSERT_TRUE(book_.dial(host_, now_));
  for (std::size_t each = 0; each < DialBook::kHandshakes; ++each) {
    EXPECT_TRUE(book_.reached(host_, now_));
  }
  EXPECT_FALSE(book_.reached(host_, now_));
  EXPECT_FALSE(book_.reached(host_, now_ + 1h)) << "libtorrent's own idea";
  now_ += DialBook::kFirst;
  ASSERT_TRUE(book_.dial(host_, now_));
  EXPECT_TRUE(book_.reached(host_, now_));
  EXPECT_FALSE(book_.reached(host_, now_));
}

TEST_F(DialBookTest, AHostThatWasMetHasItsHandshakesAgain) {
  ASSERT_TRUE(book_.dial(host_, now_));
  while (book_.reached(host_, now_)) {
  }
  book_.met(host_, now_);
  book_.left(host_, now_);
  EXPECT_TRUE(book_.reached(host_, now_));
}

TEST_F(DialBookTest, WhoConnectedToUsNeedNotBeTried) {
  book_.met(host_, now_);
  EXPECT_FALSE(book_.dial(host_, now_));
}

TEST_F(DialBookTest, AnAddressThatNeverAnswersIsNotTriedPortByPort) {
  std::size_t tried = 0;
  for (std::uint16_t port = 2000; port < 3000; ++port, now_ += 2s) {
    tried += book_.dial({"192.0.2.7", port}, now_) ? 1 : 0;
  }
  EXPECT_EQ(tried, DialBook::kMostOfAnAddress);
}

TEST_F(DialBookTest, HostsBehindOneAddressAreTriedOnceOneOfThemHasAnswered) {
  book_.met({"192.0.2.7", 2000}, now_);
  for (std::uint16_t port = 2001; port < 2051; ++port) {
    EXPECT_TRUE(book_.dial({"192.0.2.7", port}, now_)) << port;
  }
}

TEST_F(DialBookTest, AFloodOfNamesIsTriedSlowly) {
  std::size_t tried = 0;
  for (int network = 0; network < 20; ++network) {
    for (int host = 0; host < 100; ++host) {
      tried += book_.dial(one_of(network, host), now_) ? 1 : 0;
    }
  }
  EXPECT_EQ(tried, DialBook::kMostNews);
  now_ += 1min;
  EXPECT_TRUE(book_.dial(host_, now_));
}

}  // namespace swarmout::test
