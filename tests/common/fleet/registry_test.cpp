#include "common/fleet/registry.hpp"

#include "tests/common/fleet/records.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_share.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

using namespace std::chrono_literals;

namespace {

class LivePeersTest : public testing::Test {
protected:
  LivePeersTest() { state_->clock = &clock_; }
  void write(const std::string& id, std::chrono::milliseconds interval = 15s) {
    PeerRecord record = peer(id);
    record.interval = interval;
    EXPECT_THAT(share_.write_cell(CellKind::peer, id, encode(record)), IsOk());
  }
  std::set<std::string> live(std::size_t limit = 0) {
    const auto peers = live_peers(share_, limit, clock_.wall());
    EXPECT_THAT(peers, IsOk());
    std::set<std::string> ids;
    for (const SeenPeer& each : peers.value_or(std::vector<SeenPeer>())) {
      EXPECT_TRUE(ids.insert(each.record.id).second) << each.record.id << " twice";
    }
    return ids;
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
};

using Ids = std::set<std::string>;

}  // namespace

TEST_F(LivePeersTest, NobodyIsThereAtFirst) {
  EXPECT_EQ(live(), Ids{});
}

TEST_F(LivePeersTest, WhoWroteIsLive) {
  write("a");
  write("b");

  EXPECT_EQ(live(), (Ids{"a", "b"}));
}

TEST_F(LivePeersTest, WhoWroteAtTheLastMomentIsLive) {
  write("slow");
  clock_.advance(kPeerSilence);
  write("awake");

  EXPECT_EQ(live(), (Ids{"slow", "awake"}));
}

TEST_F(LivePeersTest, WhoIsSilentForAMinuteIsNotLive) {
  write("silent");
  clock_.advance(kPeerSilence + 1s);
  write("awake");

  EXPECT_EQ(live(), Ids{"awake"});
}

TEST_F(LivePeersTest, AllMayBeSilent) {
  write("silent");
  clock_.advance(kPeerSilence + 1s);

  EXPECT_EQ(live(), Ids{});
}

TEST_F(LivePeersTest, WhoWritesOftenIsMissedSooner) {
  write("six", 6s);
  write("fifteen", 15s);
  clock_.advance(4 * 6s);
  EXPECT_EQ(live(), (Ids{"six", "fifteen"}));

  clock_.advance(1ms);
  EXPECT_EQ(live(), Ids{"fifteen"});
}

TEST_F(LivePeersTest, AStarvedHostIsNotMissedAtOnce) {
  write("busy", 2s);
  clock_.advance(kLeastSilence);
  EXPECT_EQ(live(), Ids{"busy"});

  clock_.advance(1ms);
  EXPECT_EQ(live(), Ids{});
}

TEST_F(LivePeersTest, WhoDoesNotSayWhenItWritesAgainHasAMinute) {
  write("mute", 0s);
  clock_.advance(kPeerSilence);
  EXPECT_EQ(live(), Ids{"mute"});

  clock_.advance(1ms);
  EXPECT_EQ(live(), Ids{});
}

TEST_F(LivePeersTest, NobodyMayAnnounceToBeSilentForLonger) {
  write("quiet", 24h);
  clock_.advance(kPeerSilence + 1s);

  EXPECT_EQ(live(), Ids{});
}

TEST_F(LivePeersTest, ARecordFromTheFutureSilencesNobodyAndIsOfNow) {
  write("a");
  const WallTime now = clock_.wall();
  clock_.set_wall(now + 24h);
  write("ahead");
  clock_.set_wall(now);

  const auto peers = live_peers(share_, 0, now);

  ASSERT_OK(peers);
  ASSERT_EQ(peers->size(), 2U);
  for (const SeenPeer& each : *peers) {
    EXPECT_LE(each.written, now) << each.record.id;
  }
}

TEST(IdleInterval, IsShortInASmallFleetSoThatTheDeadAreMissedSoonAndNoBurdenInALargeOne) {
  EXPECT_EQ(idle_interval(0), 5s);
  EXPECT_EQ(idle_interval(100), 5s);
  EXPECT_EQ(idle_interval(200), 10s);
  EXPECT_EQ(idle_interval(300), 15s);
  EXPECT_EQ(idle_interval(std::numeric_limits<std::size_t>::max()), 15s);
}

TEST_F(LivePeersTest, NoMoreAreReadThanAskedFor) {
  for (int i = 0; i < 20; ++i) {
    write("peer-" + std::to_string(i));
  }
  int reads = 0;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    reads += operation == "read_cell" ? 1 : 0;
    return std::nullopt;
  };

  EXPECT_EQ(live(5).size(), 5U);
  EXPECT_EQ(reads, 5);
}

TEST_F(LivePeersTest, EverybodyIsAskedSoonerOrLater) {
  for (int i = 0; i < 10; ++i) {
    write("peer-" + std::to_string(i));
  }
  Ids seen;
  for (int i = 0; i < 1000 && seen.size() < 10; ++i) {
    seen.merge(live(2));
  }

  EXPECT_EQ(seen.size(), 10U);
}

TEST_F(LivePeersTest, ADamagedRecordIsLeftOut) {
  write("a");
  ASSERT_OK(share_.write_cell(CellKind::peer, "b", "garbage"));

  EXPECT_EQ(live(), Ids{"a"});
}

TEST_F(LivePeersTest, ACellThatCannotBeReadAtTheMomentIsLeftOut) {
  write("a");
  write("b");
  bool first = true;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    return operation == "read_cell" && std::exchange(first, false)
               ? std::optional(Error{ErrorCode::temporary, "half written", ""})
               : std::nullopt;
  };

  EXPECT_EQ(live(), Ids{"b"});
}

TEST_F(LivePeersTest, AShareThatCannotBeListedIsAnError) {
  share_.before = [](std::string_view) { return std::optional(Error{ErrorCode::temporary, "away", ""}); };

  EXPECT_THAT(live_peers(share_, 0, clock_.wall()), FailsWith(ErrorCode::temporary));
}

TEST_F(LivePeersTest, ARecordInAnotherHostsCellIsNobodys) {
  write("a");
  EXPECT_THAT(share_.write_cell(CellKind::peer, "b", encode(peer("a"))), IsOk());

  EXPECT_EQ(live(), (Ids{"a"}));
}

}  // namespace swarmout::test
