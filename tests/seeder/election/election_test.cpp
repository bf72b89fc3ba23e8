#include "seeder/election/election.hpp"

#include "common/base/clock.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_reader.hpp"
#include "tests/seeder/election/election_fixture.hpp"

#include <atomic>
#include <latch>
#include <thread>

namespace swarmout::test {

namespace {

const Error kBroken{ErrorCode::temporary, "the share is away", ""};

class Elect : public ElectionTest {};

}  // namespace

TEST_F(Elect, TheFirstWins) {
  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->claim.value, 1U);
  EXPECT_EQ(won->slot, "slot-1");
  EXPECT_EQ(won->attempt, 1U);
}

TEST_F(Elect, TheClaimInTheLogIsTheWinnersOne) {
  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  const LogEntry entry = entry_at(share_, won->claim);
  EXPECT_EQ(entry.kind, EntryKind::claim);
  EXPECT_EQ(entry.owner, won->owner);
  EXPECT_EQ(sha256(**share_.read(won->claim)), won->claim_digest);
}

TEST_F(Elect, AClaimContinuesTheChain) {
  other_.commit(other_.claim("slot-0"));
  const Digest last = sha256(**share_.read(Position{2}));

  const auto outcome = elected();

  ASSERT_NE(as<Leadership>(outcome), nullptr);
  EXPECT_EQ(entry_at(share_, Position{3}).previous, last);
}

TEST_F(Elect, APublishedSlotIsReported) {
  const Position release = other_.commit(other_.claim("slot-1"));

  const auto outcome = elected();

  const auto* const published = as<AlreadyPublished>(outcome);
  ASSERT_NE(published, nullptr);
  EXPECT_EQ(published->release, release);
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 2U);
}

TEST_F(Elect, ALostPutIsDecidedAnew) {
  Leadership leader;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      leader = other_.claim("slot-1");
      other_.commit(leader);
    }
    return std::nullopt;
  };

  const auto outcome = elected();

  const auto* const published = as<AlreadyPublished>(outcome);
  ASSERT_NE(published, nullptr);
  EXPECT_EQ(published->release.value, 2U);
}

TEST_F(Elect, ALostPutAgainstALeaderThatLivesIsLeftAlone) {
  std::optional<Leadership> leader;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      leader = other_.claim("slot-1");
    } else if (operation == "read_cell") {
      other_.beat(*leader);
    }
    return std::nullopt;
  };

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 1U);
}

TEST_F(Elect, AnotherSuccessorThatWasFasterIsLeftAlone) {
  other_.claim("slot-1");
  OtherHost third(state_, "third-host");
  std::optional<Leadership> successor;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      successor = third.claim("slot-1", 2);
    } else if (operation == "read_cell" && successor) {
      third.beat(*successor);
    }
    return std::nullopt;
  };

  const auto outcome = elected();

  const auto* const somebody = as<SomebodyElse>(outcome);
  ASSERT_NE(somebody, nullptr);
  EXPECT_THAT(somebody->message, testing::HasSubstr("third-host"));
}

TEST_F(Elect, AnUnknownOutcomeIsTemporary) {
  share_.after = [](std::string_view operation) {
    return operation == "put" ? std::optional(Error{ErrorCode::failed, "no reply", ""}) : std::nullopt;
  };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::temporary, "no reply"));
}

TEST_F(Elect, AShareThatCannotBeWrittenIsSaidToBeSo) {
  share_.before = [](std::string_view operation) {
    return operation == "put" ? std::optional(Error{ErrorCode::cannot_write, "read-only", ""}) : std::nullopt;
  };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::cannot_write, "read-only"));
}

TEST_F(Elect, AShareThatCannotBeReadIsTemporary) {
  share_.before = [](std::string_view) { return std::optional(kBroken); };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::temporary, "the share is away"));
}

TEST_F(Elect, ASlotThatFailedTooOftenIsGivenUp) {
  for (unsigned i = 1; i <= 3; ++i) {
    other_.abandon(other_.claim("slot-1", i), "disk full");
  }

  EXPECT_THAT(elected(), FailsWith(ErrorCode::failed, "disk full"));
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 6U);
}

TEST_F(Elect, ASlotWhoseLeadersFallSilentTooOftenIsGivenUp) {
  for (unsigned i = 1; i <= 3; ++i) {
    other_.claim("slot-1", i);
  }

  EXPECT_THAT(elected(), FailsWith(ErrorCode::failed, "other-host"));
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 3U);
}

TEST_F(Elect, AStopAtTheBeginningIsTemporary) {
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(elected(stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
  EXPECT_EQ(share_.tail({}).value_or(Position{999}).value, 0U);
}

TEST_F(Elect, TheOwnerIsToldBeforeTheClaimIsPut) {
  std::string told;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      EXPECT_FALSE(told.empty());
    }
    return std::nullopt;
  };

  const auto outcome = elect(share_, reader_, clock_, fleet_key(), settings_, {}, [&](const std::string& owner) {
    told = owner;
    return Result<void>();
  });

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(told, won->owner);
}

TEST_F(ElectionTest, WhatFailsBeforeAClaimLeavesNone) {
  const auto outcome = elect(share_, reader_, clock_, fleet_key(), settings_, {},
                             [](const std::string&) { return Result<void>(fail(ErrorCode::unavailable, "no beats")); });

  EXPECT_THAT(outcome, FailsWith(ErrorCode::unavailable));
  ASSERT_OK_AND_ASSIGN(const auto first, share_.read(Position{1}));
  EXPECT_FALSE(first.has_value());
}

// A fleet.

TEST(ElectFleet, OfAHundredHostsExactlyOneLeadsEachSlot) {
  constexpr int kHosts = 100;
  const auto state = std::make_shared<MemoryShareState>();
  for (int round = 1; round <= 5; ++round) {
    std::atomic<int> leaders{0};
    std::atomic<int> others{0};
    std::atomic<std::uint64_t> beats{0};
    std::mutex mutex;
    std::optional<Leadership> leadership;
    {
      std::latch start(kHosts);
      std::vector<std::jthread> hosts;
      for (int i = 0; i < kHosts; ++i) {
        hosts.emplace_back([&] {
          FakeClock clock;
          MemoryShare share(state);
          MemoryShare leaders_hand(state);
          // Whoever holds the last claim is alive.
          share.before = [&](std::string_view operation) -> std::optional<Error> {
            if (operation == "read_cell") {
              const LogEntry last = entry_at(leaders_hand, leaders_hand.tail({}).value());
              HeartbeatInfo info;
              info.claim = {last.position, last.owner};
              info.time = clock.wall();
              info.counter = ++beats;
              EXPECT_THAT(
                  leaders_hand.write_cell(CellKind::heartbeat, claim_cell(last.position, last.owner), encode(info)),
                  IsOk());
            }
            return std::nullopt;
          };
          LogReader reader(share, fleet_trust());
          ElectionSettings settings;
          settings.slot = "round-" + std::to_string(round);
          settings.deputies = 0;  // nobody here ends its work
          start.arrive_and_wait();
          const auto outcome = elect(share, reader, clock, fleet_key(), settings, {});
          EXPECT_THAT(outcome, IsOk());
          if (const auto* const won = outcome ? std::get_if<Leadership>(&*outcome) : nullptr) {
            ++leaders;
            const std::lock_guard lock(mutex);
            leadership = *won;
          } else {
            ++others;
          }
        });
      }
    }
    ASSERT_EQ(leaders, 1) << "round " << round;
    EXPECT_EQ(others, kHosts - 1);
    OtherHost(state).commit(*leadership);
  }
  MemoryShare share(state);
  EXPECT_EQ(share.tail({}).value_or(Position{}).value, 10U);
}

}  // namespace swarmout::test
