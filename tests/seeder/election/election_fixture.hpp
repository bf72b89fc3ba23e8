// A log in memory, and a clock to move by hand: what an election is tested with.

#pragma once

#include "common/fleet/log_reader.hpp"
#include "seeder/election/election.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <optional>

namespace swarmout::test {

template <typename Outcome>
const Outcome* as(const Result<ElectionOutcome>& result) {
  EXPECT_THAT(result, IsOk());
  return result ? std::get_if<Outcome>(&*result) : nullptr;
}

class ElectionTest : public testing::Test {
protected:
  ElectionTest() {
    using namespace std::chrono_literals;
    state_->clock = &clock_;
    settings_.slot = "slot-1";
    settings_.beat = 10s;
    settings_.stale_checks = 6;
    settings_.takeover_jitter = 0s;  // random; contender_test.cpp has it
    settings_.splay = 2s;
    settings_.deputies = 0;
  }
  const LogView& view() {
    const auto refreshed = reader_.refresh();
    EXPECT_THAT(refreshed, IsOk());
    return **refreshed;
  }
  Decision decided() { return decide(view(), settings_, clock_.wall()); }
  Result<ElectionOutcome> elected(std::stop_token stop = {}) {
    return elect(share_, reader_, clock_, fleet_key(), settings_, std::move(stop));
  }
  /// Called before each look at a heartbeat, with the number of the look: 1, 2, …
  void before_look(std::function<std::optional<Error>(int)> action) {
    share_.before = [this, action = std::move(action)](std::string_view operation) -> std::optional<Error> {
      return operation == "read_cell" ? action(++looks_) : std::nullopt;
    };
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  LogReader reader_{share_, fleet_trust()};
  OtherHost other_{state_};
  ElectionSettings settings_;
  int looks_ = 0;
};

}  // namespace swarmout::test
