// A run on a share that somebody without the key writes to: what is not signed elects nobody, publishes nothing, and
// keeps nobody from the work.

#include "tests/seeder/election/election_fixture.hpp"

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class ElectHostile : public ElectionTest {
protected:
  /// At the end of the log, with a proper chain, signed by a stranger.
  LogEntry forge(EntryKind kind, const std::string& owner, Position release = {}) {
    const Position tail = share_.tail({}).value();
    LogEntry entry;
    entry.kind = kind;
    entry.position = tail.next();
    entry.previous = tail.value == 0 ? Digest{} : sha256(*share_.read(tail).value());
    entry.owner = owner;
    entry.slot = settings_.slot;
    entry.release = release;
    entry.revision = "forged";
    EXPECT_EQ(share_.put(entry.position, encode_with(entry, strangers_key())).outcome, PutOutcome::won);
    entry.owner = id_of(owner);
    return entry;
  }
  void put(std::uint64_t position, const std::string& bytes) {
    ASSERT_EQ(other_.share().put(Position{position}, bytes).outcome, PutOutcome::won);
  }
  /// The cell of `leadership`, at each look.
  void show(const Leadership& leadership, std::function<std::string(int)> cell) {
    before_look([this, leadership, cell = std::move(cell)](int look) -> std::optional<Error> {
      EXPECT_THAT(
          other_.share().write_cell(CellKind::heartbeat, claim_cell(leadership.claim, leadership.owner), cell(look)),
          IsOk());
      return std::nullopt;
    });
  }
  HeartbeatInfo beat(const Leadership& leadership, std::uint64_t counter) {
    HeartbeatInfo info;
    info.claim = {leadership.claim, leadership.owner};
    info.counter = counter;
    info.time = clock_.wall();
    return info;
  }
};

}  // namespace

TEST_F(ElectHostile, AForgedPairForTheComingSlotIsBurnedAndTheSlotIsDone) {
  other_.commit(other_.claim("slot-0"));
  forge(EntryKind::claim, "stranger");
  forge(EntryKind::commit, "stranger", Position{2});

  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->claim.value, 5U);
  EXPECT_EQ(won->attempt, 1U);
}

TEST_F(ElectHostile, AForgedClaimWithAHeartbeatThatMovesKeepsNobodyWaiting) {
  const LogEntry forged = forge(EntryKind::claim, "stranger");
  before_look([&](int look) -> std::optional<Error> {
    HeartbeatInfo info;
    info.claim = {forged.position, forged.owner};
    info.counter = static_cast<std::uint64_t>(look);
    EXPECT_THAT(
        share_.write_cell(CellKind::heartbeat, claim_cell(info.claim), swarmout::encode(info, strangers_key()).value()),
        IsOk());
    return std::nullopt;
  });
  settings_.splay = 0s;
  const MonotonicTime start = clock_.now();

  const auto outcome = elected();

  ASSERT_NE(as<Leadership>(outcome), nullptr);
  EXPECT_EQ(as<Leadership>(outcome)->claim.value, 2U);
  EXPECT_EQ(clock_.now(), start);
}

TEST_F(ElectHostile, BeatsThatAStrangerWritesForADeadLeaderAreNone) {
  const Leadership dead = other_.claim("slot-1");
  show(dead, [&](int look) {
    return swarmout::encode(beat(dead, static_cast<std::uint64_t>(look)), strangers_key()).value();
  });

  ASSERT_NE(as<Leadership>(elected()), nullptr);
  EXPECT_EQ(looks_, 7);
}

TEST_F(ElectHostile, BeatsOfADeadLeaderThatAreShownAgainAreNone) {
  const Leadership dead = other_.claim("slot-1");
  const std::string seventh = encode(beat(dead, 7));
  const std::string eighth = encode(beat(dead, 8));
  show(dead, [&](int look) { return look % 2 == 1 ? eighth : seventh; });

  ASSERT_NE(as<Leadership>(elected()), nullptr);
  EXPECT_EQ(looks_, 7);
}

TEST_F(ElectHostile, AWholeRowOfOldBeatsIsTooOld) {
  const Leadership dead = other_.claim("slot-1");
  std::vector<std::string> row;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    row.push_back(encode(beat(dead, i)));
  }
  clock_.advance(2h);
  show(dead, [&](int look) { return row.at(static_cast<std::size_t>(look)); });

  ASSERT_NE(as<Leadership>(elected()), nullptr);
  EXPECT_EQ(looks_, 7);
}

TEST_F(ElectHostile, AHostWhoseClockIsWrongBelievesTheSharesClock) {
  const Leadership leader = other_.claim("slot-1");
  const WallTime then = clock_.wall();
  FakeClock shares;
  shares.set_wall(then);
  state_->clock = &shares;
  clock_.set_wall(then + 24h);
  before_look([&](int) -> std::optional<Error> {
    other_.beat(leader);
    return std::nullopt;
  });

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
}

TEST_F(ElectHostile, BeatsOfAnotherClaimAreNone) {
  const Leadership alive = other_.claim("slot-0");
  const Leadership dead = other_.claim("slot-1");
  show(dead, [&](int look) { return encode(beat(alive, static_cast<std::uint64_t>(look))); });

  ASSERT_NE(as<Leadership>(elected()), nullptr);
}

TEST_F(ElectHostile, SomethingThatIsNoCellInThePlaceOfADeadLeadersBeatIsNoBeat) {
  const Leadership dead = other_.claim("slot-1");
  for (const ErrorCode code : {ErrorCode::refused, ErrorCode::cannot_write}) {
    looks_ = 0;
    before_look([&](int look) {
      if (look == 100) {
        other_.commit(dead);  // else who waits for it waits for ever
      }
      return std::optional(Error{code, "hb/x is no file, but a link", ""});
    });

    ASSERT_NE(as<Leadership>(elected()), nullptr);
    EXPECT_EQ(looks_, 7);
  }
}

TEST_F(ElectHostile, ButWhileTheShareDoesNotAnswerNobodyIsJudged) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 40) {
      other_.commit(leader);
    }
    return Error{look % 2 == 0 ? ErrorCode::temporary : ErrorCode::unavailable, "away", ""};
  });

  EXPECT_NE(as<AlreadyPublished>(elected()), nullptr);
  EXPECT_EQ(looks_, 40);
}

TEST_F(ElectHostile, SomethingThatIsNoCellNowAndThenHidesNoLiveLeader) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    other_.beat(leader);
    return look == 2 ? std::optional(Error{ErrorCode::refused, "half of a cell", ""}) : std::nullopt;
  });

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
}

// Numbers.

TEST_F(ElectHostile, AStrayFarAboveTheEndIsPassedBelow) {
  other_.commit(other_.claim("slot-0"));
  put(99'999'999, "");

  const auto outcome = elected();

  ASSERT_NE(as<Leadership>(outcome), nullptr);
  EXPECT_EQ(as<Leadership>(outcome)->claim.value, 3U);
}

TEST_F(ElectHostile, OnesWhereCommitsWouldBeArePassed) {
  other_.commit(other_.claim("slot-0"));
  put(4, "garbage");
  put(6, "garbage");

  const auto outcome = elected();

  ASSERT_NE(as<Leadership>(outcome), nullptr);
  EXPECT_EQ(as<Leadership>(outcome)->claim.value, 7U) << "3 and 5 could never be ended";
  EXPECT_EQ(as<Leadership>(outcome)->attempt, 1U);
  EXPECT_TRUE(share_.read(Position{3}).value() && share_.read(Position{5}).value()) << "and no number is jumped over";
}

TEST_F(ElectHostile, SomebodyWhoIsAlwaysFasterIsAnErrorInTheEnd) {
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      other_.share().put(other_.share().tail({}).value().next(), "garbage");
    }
    return std::nullopt;
  };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::refused, "not signed"));
}

TEST_F(ElectHostile, SoIsOneWhoAlwaysTakesTheNumberAfterOurs) {
  share_.after = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      const Position last = state_->log.rbegin()->first;
      state_->log[last.next()] = "garbage";
    }
    return std::nullopt;
  };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::refused, "not signed"));
}

// Deputies.

TEST_F(ElectHostile, SeatsThatNobodySignedAreFree) {
  settings_.deputies = 1;
  const Leadership leader = other_.claim("slot-1");
  const std::string seat = claim_cell(leader.claim, leader.owner) + ".seat1";
  ASSERT_OK(other_.share().write_cell(CellKind::heartbeat, seat, "taken, go away"));
  bool published = false;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "read_cell" && !published) {
      other_.beat(leader);
      if (++looks_ == 10) {
        published = true;
        other_.commit(leader);
      }
    }
    return std::nullopt;
  };

  EXPECT_NE(as<AlreadyPublished>(elected()), nullptr) << "it stayed, as a deputy does";
}

TEST_F(ElectHostile, SoIsOneWithSomethingInItsPlaceThatIsNoCell) {
  settings_.deputies = 1;
  const Leadership leader = other_.claim("slot-1");
  ASSERT_OK(other_.share().write_cell(CellKind::heartbeat, claim_cell(leader.claim, leader.owner) + ".seat1", "x"));
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation != "read_cell") {
      return std::nullopt;
    }
    other_.beat(leader);
    if (++looks_ == 10) {
      other_.commit(leader);
    }
    return looks_ == 3 ? std::optional(Error{ErrorCode::refused, "a FIFO", ""})
                       : std::nullopt;  // two looks, and the seat
  };

  EXPECT_NE(as<AlreadyPublished>(elected()), nullptr);
}

TEST_F(ElectHostile, SeatsThatADeputyHasAreNot) {
  settings_.deputies = 1;
  const Leadership leader = other_.claim("slot-1");
  const DeputySeat seat{{leader.claim, leader.owner}, 1, "deputy"};
  ASSERT_OK(other_.share().write_cell(CellKind::heartbeat, claim_cell(seat.claim) + ".seat1",
                                      swarmout::encode(seat, fleet_key()).value()));
  before_look([&](int) -> std::optional<Error> {
    other_.beat(leader);
    return std::nullopt;
  });

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
}

}  // namespace swarmout::test
