#include "cli/fleet/status_words.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const WallTime kNow{std::chrono::seconds(1'790'000'000)};

Descriptor release(std::uint64_t position, const std::string& name = "") {
  Descriptor descriptor;
  descriptor.position = {position};
  descriptor.revision = fmt::format("abcdef{:02}", position);
  descriptor.name = name;
  descriptor.info_hash = {sha256(descriptor.revision)};
  return descriptor;
}

/// Release 42 is current, 41 was before it.
FleetOverview fleet() {
  FleetOverview fleet;
  fleet.time = kNow;
  for (const Descriptor& each : {release(42, "v1.2.3"), release(41)}) {
    fleet.releases.push_back({LogEntry{}, each, 0});
  }
  fleet.current = Position{42};
  return fleet;
}

SeenPeer host(const std::string& name, const Descriptor& active) {
  SeenPeer peer;
  peer.record.host = name;
  peer.record.active = active.position;
  peer.record.active_hash = active.info_hash;
  peer.record.info_hash = active.info_hash;
  peer.record.complete = true;
  peer.written = kNow;
  return peer;
}

SeenPeer fetching(const std::string& name) {
  SeenPeer peer = host(name, release(41));
  peer.record.info_hash = release(42).info_hash;
  peer.record.complete = false;
  return peer;
}

/// It waits for its hour.
SeenPeer ready(const std::string& name) {
  SeenPeer peer = fetching(name);
  peer.record.complete = true;
  return peer;
}

SeenPeer silent(const std::string& name, std::chrono::seconds since) {
  SeenPeer peer = host(name, release(42));
  peer.written = kNow - since;
  return peer;
}

}  // namespace

TEST(StatusSentence, SaysHowFarTheFleetIs) {
  struct Case {
    std::vector<SeenPeer> peers;
    std::vector<SeenPeer> silent;
    std::string sentence;
  };
  const Case cases[] = {
      {{}, {}, "release 42 (v1.2.3) is published, and no host has a record on the share"},
      {{host("web01", release(42))}, {}, "release 42 (v1.2.3) is active on the only host"},
      {{host("web01", release(41))}, {}, "release 42 (v1.2.3) is active on 0 of 1 host; 1 is on another"},
      {{host("web01", release(42)), host("web02", release(42))}, {}, "release 42 (v1.2.3) is active on all 2 hosts"},
      {{host("web01", release(42)), fetching("web02")}, {}, "release 42 (v1.2.3) is active on 1 of 2 hosts; 1 fetches"},
      {{host("web01", release(42)), ready("web02"), host("web03", Descriptor{}), host("web04", release(41))},
       {},
       "release 42 (v1.2.3) is active on 1 of 4 hosts; 1 is yet to activate it; 1 is on another; 1 is on none"},
      {{host("web01", release(42)), fetching("web02"), fetching("web03")},
       {silent("web07", std::chrono::hours(3))},
       "release 42 (v1.2.3) is active on 1 of 4 hosts; 2 fetch; web07 silent for 3 h"},
      {{host("web01", release(42))},
       {silent("web07", std::chrono::seconds(90)), silent("web08", std::chrono::hours(3))},
       "release 42 (v1.2.3) is active on 1 of 3 hosts; web[07-08] silent for 3 h"},
  };
  for (const Case& each : cases) {
    FleetOverview seen = fleet();
    seen.peers = each.peers;
    seen.silent = each.silent;
    EXPECT_EQ(status_sentence(seen), each.sentence);
  }
}

TEST(StatusSentence, ManySilentHostsAreANumber) {
  FleetOverview seen = fleet();
  seen.peers = {host("web01", release(42))};
  for (const char* const name : {"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"}) {
    seen.silent.push_back(silent(name, std::chrono::minutes(5)));
  }

  EXPECT_EQ(status_sentence(seen),
            "release 42 (v1.2.3) is active on 1 of 9 hosts; 8 hosts silent, the longest for 5 min");
}

TEST(StatusSentence, BeforeTheFirstReleaseThereIsNothing) {
  FleetOverview seen;
  seen.peers = {host("web01", Descriptor{})};

  EXPECT_EQ(status_sentence(seen), "nothing is published yet");
}

TEST(StatusSentence, AReleaseOfTheSameNumberInAnotherLogIsAnotherRelease) {
  Descriptor other = release(42);
  other.info_hash = {sha256("of a share that was lost")};
  FleetOverview seen = fleet();
  seen.peers = {host("web01", other), host("web02", release(42))};

  EXPECT_EQ(status_sentence(seen), "release 42 (v1.2.3) is active on 1 of 2 hosts; 1 is on another");
}

TEST(StatusSentence, WhoIsHeldBackIsNotBehind) {
  FleetOverview seen = fleet();
  seen.peers = {host("web01", release(42)), host("web02", release(41))};
  seen.peers.back().record.held_back = "its hook refused release 42";

  EXPECT_EQ(status_sentence(seen), "release 42 (v1.2.3) is active on 1 of 2 hosts; 1 is held back");
}

TEST(StatusSentence, AfterAWayBackTheCurrentReleaseIsTheOneThatCounts) {
  FleetOverview seen = fleet();
  seen.current = Position{41};
  seen.peers = {host("web01", release(41)), host("web02", release(42))};

  EXPECT_EQ(status_sentence(seen), "release 41 (abcdef41) is active on 1 of 2 hosts; 1 is on another");
}

TEST(StatusRemarks, AllIsWellInSilence) {
  FleetOverview seen = fleet();
  seen.peers = {host("web01", release(42))};

  EXPECT_THAT(status_remarks(seen), IsEmpty());
}

TEST(StatusRemarks, OfJobsThoseThatFailedAreTold) {
  FleetOverview seen = fleet();
  for (const char* const name : {"web01", "web02", "web03"}) {
    seen.peers.push_back(host(name, release(42)));
    seen.peers.back().record.job = JobRecord{.name = "nightly", .release = {42}, .status = 3};
  }
  seen.peers[1].record.job->status = 0;

  EXPECT_THAT(status_remarks(seen), ElementsAre("job failed on web[01,03] (2 hosts): nightly, status 3, release 42"));
}

TEST(StatusRemarks, HoldsComeFirstAndWhatSeveralHostsSayStandsOnce) {
  FleetOverview seen = fleet();
  seen.current = Position{41};
  seen.hold = Hold{.reason = "checkout fails", .host = "web01", .time = "2026-11-23T12:00:00Z", .position = {43}};
  for (const char* const name : {"web01", "web02", "web03"}) {
    seen.peers.push_back(host(name, release(41)));
    seen.peers.back().record.trouble = "the disk is full";
  }
  seen.peers[2].record.trouble = "";
  seen.peers[2].record.pinned = "release 41: audit, by ann";

  EXPECT_THAT(
      status_remarks(seen),
      ElementsAre("HELD by web01 since 2026-11-23T12:00:00Z: checkout fails", "went back from release 42 (v1.2.3)",
                  "trouble on web[01-02] (2 hosts): the disk is full", "pinned on web03: release 41: audit, by ann"));
}

TEST(StatusRemarks, AllThatTheFleetWentBackFromIsNamed) {
  FleetOverview seen = fleet();
  seen.current = Position{40};

  EXPECT_THAT(status_remarks(seen), ElementsAre(StartsWith("went back from release 42 (v1.2.3), release 41 (")));
}

TEST(StatusRemarks, OfManyTheLargestAreListedAndTheRestCounted) {
  FleetOverview large = fleet();
  for (int i = 0; i < 30; ++i) {
    large.peers.push_back(host(fmt::format("web{:02}", i), release(42)));
    large.peers.back().record.trouble = i < 3 ? "the same" : fmt::format("of its own: {}", i);
  }

  const auto remarks = status_remarks(large);

  ASSERT_EQ(remarks.size(), 11U);
  EXPECT_EQ(remarks.front(), "trouble on web[00-02] (3 hosts): the same");
  EXPECT_EQ(remarks.back(), "trouble on … and 18 more hosts");
}

}  // namespace swarmout::test
