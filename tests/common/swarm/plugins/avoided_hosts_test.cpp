#include "common/swarm/plugins/avoided_hosts.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

using namespace std::chrono_literals;

namespace {

const Endpoint kHost{"192.0.2.7", 6881};
const Endpoint kNeighbour{"192.0.2.7", 6882};
const MonotonicTime kStart{1000s};

}  // namespace

TEST(AvoidedHostsTest, NobodyIsAvoidedAtFirst) {
  const AvoidedHosts hosts;
  EXPECT_FALSE(hosts.avoided(kHost, kStart));
  EXPECT_FALSE(hosts.bad(kHost));
}

TEST(AvoidedHostsTest, OneThatStallsIsAvoidedForAWhile) {
  AvoidedHosts hosts;
  hosts.stalled(kHost, kStart);

  EXPECT_TRUE(hosts.avoided(kHost, kStart + 9s));
  EXPECT_FALSE(hosts.avoided(kHost, kStart + 10s));
  EXPECT_FALSE(hosts.bad(kHost));
}

TEST(AvoidedHostsTest, AnotherHostBehindItsAddressIsNot) {
  AvoidedHosts hosts;
  hosts.stalled(kHost, kStart);
  hosts.sent_bad_data(kHost, kStart);

  EXPECT_FALSE(hosts.avoided(kNeighbour, kStart));
  EXPECT_FALSE(hosts.bad(kNeighbour));
}

TEST(AvoidedHostsTest, EachStallDoublesTheTimeUpToTenMinutes) {
  AvoidedHosts hosts;
  MonotonicTime now = kStart;
  for (const auto pause : {10s, 20s, 40s, 80s, 160s, 320s, 600s, 600s}) {
    hosts.stalled(kHost, now);
    EXPECT_TRUE(hosts.avoided(kHost, now + pause - 1s)) << pause.count();
    EXPECT_FALSE(hosts.avoided(kHost, now + pause)) << pause.count();
    now += pause;
  }
}

TEST(AvoidedHostsTest, ASuspectIsAvoidedForTenSecondsOrUntilItIsCleared) {
  AvoidedHosts hosts;
  hosts.suspected(kHost, kStart);
  hosts.suspected(kNeighbour, kStart);
  hosts.delivered(kNeighbour);

  EXPECT_TRUE(hosts.avoided(kHost, kStart + 9s));
  EXPECT_FALSE(hosts.avoided(kHost, kStart + 10s));
  EXPECT_FALSE(hosts.avoided(kNeighbour, kStart));
}

TEST(AvoidedHostsTest, OneThatDeliversHasACleanRecord) {
  AvoidedHosts hosts;
  hosts.stalled(kHost, kStart);
  hosts.stalled(kHost, kStart);
  hosts.delivered(kHost);
  EXPECT_FALSE(hosts.avoided(kHost, kStart));

  hosts.stalled(kHost, kStart);

  EXPECT_FALSE(hosts.avoided(kHost, kStart + 10s));
}

TEST(AvoidedHostsTest, OneThatSentBadDataIsAvoidedForGoodAndIsNewsOnce) {
  AvoidedHosts hosts;
  EXPECT_TRUE(hosts.sent_bad_data(kHost, kStart));
  EXPECT_FALSE(hosts.sent_bad_data(kHost, kStart));
  hosts.delivered(kHost);

  EXPECT_TRUE(hosts.avoided(kHost, kStart + 1000h));
  EXPECT_TRUE(hosts.bad(kHost));
}

TEST(AvoidedHostsTest, StrangersCannotMakeItRememberEverMore) {
  AvoidedHosts hosts;
  hosts.stalled(kHost, kStart);
  for (std::size_t i = 1; i <= AvoidedHosts::kMost; ++i) {
    hosts.stalled({"host-" + std::to_string(i), 1}, kStart + 1s);
  }

  EXPECT_FALSE(hosts.avoided(kHost, kStart)) << "the oldest one is forgotten";
  EXPECT_TRUE(hosts.avoided({"host-1", 1}, kStart + 1s));
}

}  // namespace swarmout::test
