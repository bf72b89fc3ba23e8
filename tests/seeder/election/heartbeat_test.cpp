#include "seeder/election/heartbeat.hpp"

#include "common/fleet/leader_record.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

constexpr char kCell[] = "00000001-owner";

/// Work whose progress the test makes, and the cell that shows it.
class HeartbeatTest : public testing::Test {
protected:
  std::unique_ptr<Heartbeat> start(std::chrono::milliseconds stall_timeout) {
    return start_on(std::make_unique<MemoryShare>(state_), stall_timeout);
  }
  std::unique_ptr<Heartbeat> start_on(std::unique_ptr<Share> share, std::chrono::milliseconds stall_timeout) {
    return std::make_unique<Heartbeat>(std::move(share), kCell, HeartbeatSettings{10ms, stall_timeout}, [this] {
      ++collected_;
      HeartbeatInfo info;
      info.phase = waiting_ ? "staged" : "exporting";
      info.files = files_;
      info.host = "this-host";
      info.counter = 999'999;  // not ours to say
      return info;
    });
  }
  HeartbeatInfo seen() {
    MemoryShare share(state_);
    const auto cell = share.read_cell(CellKind::heartbeat, kCell);
    if (!cell || !*cell) {
      return {};
    }
    const auto info = decode_heartbeat((*cell)->bytes);
    EXPECT_THAT(info, IsOk());
    return info.value_or(HeartbeatInfo{});
  }
  /// Waits until many looks at the work have led to no beat.
  bool falls_silent() {
    return wait_for([this] {
      const std::uint64_t looks = collected_;
      return looks > seen().counter + 20;
    });
  }
  bool beats_on() {
    const std::uint64_t before = seen().counter;
    return wait_for([&] { return seen().counter > before + 5; });
  }

  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  std::atomic<std::uint64_t> collected_{0};
  std::atomic<std::uint64_t> files_{0};
  std::atomic<bool> waiting_{false};
};

}  // namespace

TEST_F(HeartbeatTest, TheFirstBeatComesAtOnce) {
  const Heartbeat heartbeat(std::make_unique<MemoryShare>(state_), kCell,
                            {std::chrono::hours(1), std::chrono::hours(1)}, [] { return HeartbeatInfo{}; });

  EXPECT_TRUE(wait_for([this] { return seen().counter == 1; }));
}

TEST_F(HeartbeatTest, TheCounterMovesOn) {
  const auto heartbeat = start(std::chrono::hours(1));

  EXPECT_TRUE(wait_for([this] { return seen().counter >= 5; }));
  EXPECT_LT(seen().counter, 999'999U);
}

TEST_F(HeartbeatTest, ItShowsHowFarTheWorkIs) {
  const auto heartbeat = start(std::chrono::hours(1));
  files_ = 42;

  EXPECT_TRUE(wait_for([this] { return seen().files == 42; }));
  EXPECT_EQ(seen().phase, "exporting");
  EXPECT_EQ(seen().host, "this-host");
}

TEST_F(HeartbeatTest, ItFallsSilentWhenNothingMoves) {
  const auto heartbeat = start(100ms);

  EXPECT_TRUE(falls_silent());
}

TEST_F(HeartbeatTest, ItBeatsAgainWhenTheWorkMovesOn) {
  const auto heartbeat = start(100ms);
  ASSERT_TRUE(falls_silent());
  const std::uint64_t before = seen().counter;

  EXPECT_TRUE(wait_for([&] {
    ++files_;
    return seen().counter > before + 3;
  }));
}

TEST_F(HeartbeatTest, ItBeatsOnWhileTheWorkMoves) {
  const auto heartbeat = start(std::chrono::seconds(10));

  EXPECT_TRUE(wait_for([this] {
    ++files_;
    return seen().counter >= 20;
  }));
}

TEST_F(HeartbeatTest, WaitingIsNotBeingStuck) {
  waiting_ = true;

  const auto heartbeat = start(0ms);

  EXPECT_TRUE(wait_for([this] { return seen().counter >= 20; }));
}

TEST_F(HeartbeatTest, WorkThatIsStuckAfterWaitingFallsSilent) {
  waiting_ = true;
  const auto heartbeat = start(100ms);
  ASSERT_TRUE(beats_on());

  waiting_ = false;

  EXPECT_TRUE(falls_silent());
}

TEST_F(HeartbeatTest, BeatsThatFailAreTriedAgain) {
  auto share = std::make_unique<MemoryShare>(state_);
  std::atomic<int> calls{0};
  share->before = [&](std::string_view) -> std::optional<Error> {
    return ++calls <= 5 ? std::optional(Error{ErrorCode::temporary, "away", ""}) : std::nullopt;
  };

  const auto heartbeat = start_on(std::move(share), std::chrono::hours(1));

  EXPECT_TRUE(wait_for([this] { return seen().counter > 5; }));
}

TEST_F(HeartbeatTest, ItEndsWhenItIsDroppedHoweverLongTheInterval) {
  const auto before = std::chrono::steady_clock::now();
  {
    const Heartbeat heartbeat(std::make_unique<MemoryShare>(state_), kCell,
                              {std::chrono::hours(1), std::chrono::hours(1)}, [] { return HeartbeatInfo{}; });
    ASSERT_TRUE(wait_for([this] { return seen().counter == 1; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::minutes(5));
}

TEST_F(HeartbeatTest, NothingIsWrittenOnceItIsDropped) {
  auto heartbeat = start(std::chrono::hours(1));
  ASSERT_TRUE(wait_for([this] { return seen().counter >= 3; }));
  heartbeat.reset();
  const std::uint64_t last = collected_;

  EXPECT_EQ(seen().counter, last);
}

TEST_F(HeartbeatTest, AShareThatHangsIsSeenAsAPause) {
  auto share = std::make_unique<MemoryShare>(state_);
  std::atomic<bool> hang{true};
  std::atomic<bool> hanging{false};
  share->before = [&](std::string_view) -> std::optional<Error> {
    hanging = true;
    EXPECT_TRUE(wait_for([&] { return !hang.load(); }));
    return std::nullopt;
  };
  const auto heartbeat = start_on(std::move(share), std::chrono::hours(1));
  ASSERT_TRUE(wait_for([&] { return hanging.load(); }));
  const auto since = std::chrono::steady_clock::now();
  ASSERT_TRUE(wait_for([&] { return std::chrono::steady_clock::now() - since > 200ms; }));
  hang = false;

  EXPECT_TRUE(wait_for([&] { return heartbeat->longest_pause() >= 150ms; }));
}

}  // namespace swarmout::test
