#include "common/swarm/tracker/tracker_store.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

#include <set>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Event = Announcement::Event;

CompactPeer host(int number, std::uint16_t port = 6881) {
  return compact_peer({"10.0." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1), port});
}

class TrackerStoreTest : public testing::Test {
protected:
  TrackerStoreTest() { store_.serve(swarm_, seeder_); }

  static TrackerRules rules() {
    TrackerRules rules;
    rules.interval = 60s;
    rules.announces_a_second = 10;
    rules.most_named = 5;
    rules.most_peers = 1000;
    rules.most_of_an_address = 3;
    return rules;
  }
  AnnounceAnswer announce(const CompactPeer& from, bool complete = false, Event event = Event::regular,
                          std::optional<std::size_t> wanted = std::nullopt) {
    auto answer = store_.announce({swarm_, from, event, complete, wanted}, now_);
    EXPECT_THAT(answer, IsOk());
    return answer.value_or(AnnounceAnswer{});
  }
  SwarmCounts counts() { return store_.scrape({swarm_}, now_)[swarm_]; }
  /// Everybody who is named to a newcomer, in so many answers.
  std::set<CompactPeer> named_in(int answers) {
    std::set<CompactPeer> named;
    for (int i = 0; i < answers; ++i) {
      const auto peers = announce(newcomer_).peers;
      named.insert(peers.begin(), peers.end());
    }
    return named;
  }

  const SwarmKey swarm_ = swarm_key({sha256("release")});
  const CompactPeer seeder_ = host(0);
  const CompactPeer newcomer_ = compact_peer({"10.9.9.9", 1});
  MonotonicTime now_ = MonotonicTime(1h);
  TrackerStore store_{rules(), 7};
};

}  // namespace

// Who is named.

TEST_F(TrackerStoreTest, TheFirstHostIsToldOfTheSeeder) {
  EXPECT_THAT(announce(host(1)).peers, ElementsAre(seeder_));
}

TEST_F(TrackerStoreTest, TheSecondHostIsToldOfTheFirstToo) {
  announce(host(1));

  EXPECT_THAT(announce(host(2)).peers, UnorderedElementsAre(seeder_, host(1)));
}

TEST_F(TrackerStoreTest, WhoHasItAllIsKnownUntilItLeaves) {
  announce(host(1), true);
  announce(host(2));
  EXPECT_THAT(store_.whole(swarm_, now_), ElementsAre(host(1)));

  announce(host(1), true, Event::stopped);

  EXPECT_THAT(store_.whole(swarm_, now_), IsEmpty());
  EXPECT_THAT(store_.whole(swarm_key({sha256("other")}), now_), IsEmpty());
}

TEST_F(TrackerStoreTest, ASwarmThatIsNotServedIsNotTracked) {
  EXPECT_THAT(store_.announce({swarm_key({sha256("other")}), host(1), {}, false, {}}, now_),
              FailsWith(ErrorCode::not_found, "does not serve"));
  EXPECT_EQ(store_.scrape({}, now_).size(), 1U);
}

TEST_F(TrackerStoreTest, SwarmsDoNotMix) {
  const SwarmKey other = swarm_key({sha256("other")});
  store_.serve(other, host(9));
  announce(host(1));

  EXPECT_THAT(store_.announce({other, host(2), {}, false, {}}, now_)->peers, ElementsAre(host(9)));
}

TEST_F(TrackerStoreTest, HostsBehindOneAddressAreListedByTheirPorts) {
  announce(host(1, 1111));
  announce(host(1, 2222));

  EXPECT_THAT(announce(host(2)).peers, UnorderedElementsAre(seeder_, host(1, 1111), host(1, 2222)));
}

TEST_F(TrackerStoreTest, AHostThatAnnouncesAgainIsListedOnce) {
  announce(host(1));
  announce(host(1));

  EXPECT_EQ(counts().incomplete, 1U);
  EXPECT_THAT(announce(host(2)).peers, UnorderedElementsAre(seeder_, host(1)));
}

TEST_F(TrackerStoreTest, TheSeederMayAnnounceWithoutBeingListedTwice) {
  EXPECT_THAT(announce(seeder_, true).peers, IsEmpty());
  EXPECT_EQ(counts().complete, 1U);
}

TEST_F(TrackerStoreTest, ACompleteHostIsNamedToThoseThatFetchOnly) {
  announce(host(1), true);

  EXPECT_THAT(announce(host(2)).peers, UnorderedElementsAre(seeder_, host(1)));
  EXPECT_THAT(announce(host(3), true).peers, ElementsAre(host(2)));
}

TEST_F(TrackerStoreTest, AnAddressOfAnotherFamilyIsNamedAsWell) {
  const CompactPeer v6 = compact_peer({"2001:db8::1", 6881});
  announce(v6);

  EXPECT_THAT(announce(host(1)).peers, UnorderedElementsAre(seeder_, v6));
}

TEST_F(TrackerStoreTest, OfManyHostsSomeAreNamed) {
  for (int i = 1; i <= 500; ++i) {
    announce(host(i));
  }

  EXPECT_EQ(announce(newcomer_).peers.size(), 5U);
}

TEST_F(TrackerStoreTest, EveryHostIsNamedToSomebody) {
  for (int i = 1; i <= 100; ++i) {
    announce(host(i));
  }

  EXPECT_EQ(named_in(1000).size(), 101U) << "100 and the seeder";
}

TEST_F(TrackerStoreTest, NobodyIsNamedTwiceInAnAnswer) {
  for (int i = 1; i <= 30; ++i) {
    announce(host(i));
  }

  for (int i = 0; i < 100; ++i) {
    const auto peers = announce(newcomer_).peers;
    EXPECT_EQ(std::set(peers.begin(), peers.end()).size(), peers.size());
  }
}

TEST_F(TrackerStoreTest, NoMoreAreNamedThanAreWanted) {
  for (int i = 1; i <= 10; ++i) {
    announce(host(i));
  }

  EXPECT_EQ(announce(newcomer_, false, Event::regular, 2).peers.size(), 2U);
  EXPECT_THAT(announce(newcomer_, false, Event::regular, 0).peers, IsEmpty());
  EXPECT_EQ(announce(newcomer_, false, Event::regular, 1'000'000).peers.size(), 5U) << "nor than the rules allow";
}

// Who is forgotten.

TEST_F(TrackerStoreTest, AHostThatStopsIsForgottenAndToldOfNobody) {
  announce(host(1));

  EXPECT_THAT(announce(host(1), false, Event::stopped).peers, IsEmpty());
  EXPECT_EQ(counts().incomplete, 0U);
}

TEST_F(TrackerStoreTest, AStrangerThatStopsIsNoHarm) {
  announce(host(1));
  announce(host(2), false, Event::stopped);

  EXPECT_EQ(counts().incomplete, 1U);
}

TEST_F(TrackerStoreTest, WhenOneOfSeveralStopsTheOthersStay) {
  for (int i = 1; i <= 4; ++i) {
    announce(host(i));
  }
  announce(host(2), false, Event::stopped);

  EXPECT_THAT(announce(host(1)).peers, UnorderedElementsAre(seeder_, host(3), host(4)));
}

TEST_F(TrackerStoreTest, ASilentHostIsForgottenAfterTwoIntervals) {
  const auto interval = announce(host(1)).interval;
  now_ += 2 * interval;
  EXPECT_EQ(counts().incomplete, 1U) << "one announce may get lost";

  now_ += 60s;

  EXPECT_EQ(counts().incomplete, 0U);
  EXPECT_THAT(announce(host(2)).peers, ElementsAre(seeder_));
}

TEST_F(TrackerStoreTest, AHostThatGoesOnAnnouncingStays) {
  for (int i = 0; i < 10; ++i) {
    now_ += announce(host(1)).interval;
  }

  EXPECT_EQ(counts().incomplete, 1U);
}

// What is counted.

TEST_F(TrackerStoreTest, CompleteAndIncompleteHostsAreCountedAndTheSeederIsComplete) {
  announce(host(1));
  announce(host(2), true);
  const AnnounceAnswer answer = announce(host(3));

  EXPECT_EQ(answer.complete, 2U);
  EXPECT_EQ(answer.incomplete, 2U);
  EXPECT_EQ(counts().complete, 2U);
  EXPECT_EQ(counts().incomplete, 2U);
}

TEST_F(TrackerStoreTest, AHostThatBecomesCompleteCountsOnce) {
  announce(host(1), false, Event::started);
  announce(host(1), true, Event::completed);
  announce(host(1), true, Event::completed);

  EXPECT_EQ(counts().completed, 1U);
  EXPECT_EQ(counts().complete, 2U);
  EXPECT_EQ(counts().incomplete, 0U);
}

TEST_F(TrackerStoreTest, AHostThatLostItsFilesIsIncompleteAgain) {
  announce(host(1), true);
  announce(host(1), false);

  EXPECT_EQ(counts().complete, 1U);
  EXPECT_EQ(counts().incomplete, 1U);
}

TEST_F(TrackerStoreTest, WithoutAQuestionAllSwarmsAreCounted) {
  store_.serve(swarm_key({sha256("other")}), seeder_);

  EXPECT_EQ(store_.scrape({}, now_).size(), 2U);
  EXPECT_EQ(store_.scrape({swarm_}, now_).size(), 1U);
  EXPECT_EQ(store_.scrape({swarm_key({sha256("unknown")})}, now_).size(), 0U);
}

// How often they come.

TEST_F(TrackerStoreTest, TheIntervalHasSomeChanceInIt) {
  std::set<std::chrono::seconds> intervals;
  for (int i = 0; i < 200; ++i) {
    const AnnounceAnswer answer = announce(host(1));
    EXPECT_GE(answer.interval, 54s);
    EXPECT_LE(answer.interval, 66s);
    EXPECT_LT(answer.min_interval, answer.interval);
    intervals.insert(answer.interval);
  }

  EXPECT_GT(intervals.size(), 5U);
}

TEST_F(TrackerStoreTest, InALargeSwarmHostsAnnounceLessOften) {
  for (int i = 1; i <= 1000; ++i) {
    announce(host(i));
  }

  EXPECT_GE(announce(host(1)).interval, 90s) << "1,000 hosts, 10 announces a second";
}

// Limits.

TEST_F(TrackerStoreTest, OneAddressHasOnlySoManyPortsAndTheOldestGoes) {
  announce(host(2));
  for (std::uint16_t port = 1; port <= 5000; ++port) {
    now_ += 1ms;
    announce(host(1, port));
  }

  EXPECT_EQ(counts().incomplete, 4U) << "3 of one address, and the other host";
  EXPECT_THAT(named_in(100), UnorderedElementsAre(seeder_, host(2), host(1, 4998), host(1, 4999), host(1, 5000)));
}

TEST_F(TrackerStoreTest, AFullSwarmAnswersWithoutListing) {
  for (int i = 1; i <= 1000; ++i) {
    announce(host(i));
  }
  const AnnounceAnswer answer = announce(newcomer_);

  EXPECT_EQ(answer.peers.size(), 5U);
  EXPECT_EQ(counts().incomplete, 1000U);
  announce(host(1), false, Event::stopped);
  announce(newcomer_);
  EXPECT_EQ(counts().incomplete, 1000U) << "there is room again";
}

// How peers are written.

TEST(CompactPeer, IsAddressAndPortInNetworkOrder) {
  EXPECT_EQ(compact_peer({"192.0.2.1", 0x1a2b}), std::string("\xc0\x00\x02\x01\x1a\x2b", 6));
  EXPECT_EQ(compact_peer({"2001:db8::1", 1}), std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01", 18));
}

TEST(CompactPeer, TheZoneOfALinkLocalAddressIsLeftOut) {
  EXPECT_EQ(compact_peer({"fe80::1%lo", 1}), compact_peer({"fe80::1", 1}));
}

TEST(CompactPeer, ANameIsNoAddress) {
  EXPECT_EQ(compact_peer({"localhost", 1}), "");
}

TEST(SwarmKeyTest, AV2TorrentIsAnnouncedByTheBeginningOfItsInfoHash) {
  const InfoHash info_hash{sha256("x")};
  const SwarmKey key = swarm_key(info_hash);

  EXPECT_EQ(to_hex(as_bytes(std::string_view(key.data(), key.size()))), info_hash.hex().substr(0, 40));
}

}  // namespace swarmout::test
