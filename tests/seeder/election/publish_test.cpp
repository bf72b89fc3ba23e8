#include "seeder/election/publish.hpp"

#include "common/base/clock.hpp"
#include "common/fleet/log_reader.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

const Error kNoReply{ErrorCode::temporary, "no reply", ""};

class PublishTest : public testing::Test {
protected:
  PublishTest() { state_->clock = &clock_; }

  /// Lets the first `times` puts fail, and counts all of them.
  std::function<std::optional<Error>(std::string_view)> failing_puts(int times) {
    return [this, times](std::string_view operation) -> std::optional<Error> {
      if (operation != "put") {
        return std::nullopt;
      }
      return puts_++ < times ? std::optional(kNoReply) : std::nullopt;
    };
  }
  Result<PublishOutcome> published(std::chrono::milliseconds patience = 5min) {
    return publish(pen_, leadership_, release_, patience);
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  Pen pen_{share_, clock_, fleet_keys()};
  OtherHost host_{state_, "this-host"};
  OtherHost other_{state_, "other-host"};
  const Leadership leadership_ = [this] {
    state_->clock = &clock_;
    return host_.claim("slot-1", 2);
  }();
  const SignedDescriptor release_ = OtherHost::made_up(Position{2}, "r7");
  int puts_ = 0;
};

template <typename Outcome>
const Outcome* as(const Result<PublishOutcome>& result) {
  EXPECT_THAT(result, IsOk());
  return result ? std::get_if<Outcome>(&*result) : nullptr;
}

}  // namespace

TEST_F(PublishTest, ACommitComesRightAfterItsClaim) {
  const auto outcome = published();

  const auto* const won = as<Published>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->position.value, 2U);
}

TEST_F(PublishTest, ACommitHasWhatReadersNeed) {
  ASSERT_NE(as<Published>(published()), nullptr);

  const LogEntry entry = entry_at(share_, Position{2});
  EXPECT_EQ(entry.kind, EntryKind::commit);
  EXPECT_EQ(entry.owner, leadership_.owner);
  EXPECT_EQ(entry.slot, "slot-1");
  EXPECT_EQ(entry.attempt, 2U);
  EXPECT_EQ(entry.previous, leadership_.claim_digest);
  EXPECT_EQ(entry.release.value, 2U);
  EXPECT_EQ(entry.revision, "r7");
  EXPECT_EQ(entry.descriptor, release_.text);
  EXPECT_EQ(entry.signature, release_.signature);
}

TEST_F(PublishTest, ACommitCountsForReaders) {
  ASSERT_NE(as<Published>(published()), nullptr);

  LogReader reader(share_, fleet_trust());
  ASSERT_OK_AND_ASSIGN(const LogView* view, reader.refresh());
  ASSERT_NE(view->current_release(), nullptr);
  EXPECT_EQ(view->current_release()->position.value, 2U);
}

TEST_F(PublishTest, ASuccessorsClaimFences) {
  other_.claim("slot-1", 3);

  const auto outcome = published();

  const auto* const fenced = as<Fenced>(outcome);
  ASSERT_NE(fenced, nullptr);
  EXPECT_THAT(fenced->by, testing::HasSubstr("other-host"));
  EXPECT_THAT(fenced->by, testing::HasSubstr("epoch 2"));
}

TEST_F(PublishTest, AFencedCommitIsNotInTheLog) {
  other_.claim("slot-1", 3);

  ASSERT_NE(as<Fenced>(published()), nullptr);

  EXPECT_EQ(entry_at(share_, Position{2}).kind, EntryKind::claim);
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 2U);
}

TEST_F(PublishTest, AnEntryThatCannotBeReadFencesToo) {
  ASSERT_EQ(other_.share().put(Position{2}, "garbage").outcome, PutOutcome::won);

  const auto outcome = published();

  const auto* const fenced = as<Fenced>(outcome);
  ASSERT_NE(fenced, nullptr);
  EXPECT_TRUE(fenced->foreign);
  EXPECT_THAT(fenced->by, testing::HasSubstr("entry 2 that is not signed"));
}

TEST_F(PublishTest, SoDoesOneThatAStrangerSigned) {
  LogEntry claim;
  claim.position = Position{2};
  claim.previous = leadership_.claim_digest;
  claim.owner = "stranger";
  ASSERT_EQ(other_.share().put(Position{2}, encode_with(claim, strangers_key())).outcome, PutOutcome::won);

  const auto outcome = published();

  ASSERT_NE(as<Fenced>(outcome), nullptr);
  EXPECT_TRUE(as<Fenced>(outcome)->foreign);
}

TEST_F(PublishTest, ASuccessorIsNoStranger) {
  other_.claim("slot-1", 3);

  const auto outcome = published();

  ASSERT_NE(as<Fenced>(outcome), nullptr);
  EXPECT_FALSE(as<Fenced>(outcome)->foreign);
}

TEST_F(PublishTest, AfterALostReplyItTurnsOutToBeWon) {
  share_.after = failing_puts(1);

  EXPECT_NE(as<Published>(published()), nullptr);
  EXPECT_EQ(puts_, 2);
}

TEST_F(PublishTest, AfterALostRequestItIsSentAgain) {
  share_.before = failing_puts(3);

  EXPECT_NE(as<Published>(published()), nullptr);
  EXPECT_EQ(entry_at(share_, Position{2}).kind, EntryKind::commit);
}

TEST_F(PublishTest, AfterALostRequestItMayTurnOutToBeFenced) {
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put" && puts_++ == 0) {
      other_.claim("slot-1", 3);
      return kNoReply;
    }
    return std::nullopt;
  };

  EXPECT_NE(as<Fenced>(published()), nullptr);
}

TEST_F(PublishTest, WithoutAnyReplyItIsTemporaryWhenPatienceIsOver) {
  share_.before = failing_puts(1'000'000);
  const MonotonicTime start = clock_.now();

  EXPECT_THAT(published(5min), FailsWith(ErrorCode::temporary, "unknown"));

  EXPECT_GE(clock_.now() - start, 5min);
  EXPECT_LT(clock_.now() - start, 6min);
}

TEST_F(PublishTest, WithoutPatienceItIsTriedOnce) {
  share_.before = failing_puts(1'000'000);

  EXPECT_THAT(published(0ms), FailsWith(ErrorCode::temporary));

  EXPECT_EQ(puts_, 1);
}

TEST_F(PublishTest, EveryTrySendsTheSameBytes) {
  share_.after = failing_puts(1'000'000);
  EXPECT_THAT(published(10s), FailsWith(ErrorCode::temporary));
  const std::string there = **share_.read(Position{2});
  share_.after = nullptr;

  EXPECT_EQ(share_.put(Position{2}, there).outcome, PutOutcome::won);
  EXPECT_GT(puts_, 5);
}

TEST_F(PublishTest, TheTimeIsTheSharesOwn) {
  FakeClock ours;
  ours.set_wall(WallTime{});

  ASSERT_NE(as<Published>(publish({share_, ours, fleet_keys()}, leadership_, release_, 5min)), nullptr);

  EXPECT_EQ(entry_at(share_, Position{2}).time, utc(clock_.wall()));
}

TEST_F(PublishTest, WithoutTheSharesTimeItIsOurs) {
  share_.before = [](std::string_view operation) {
    return operation == "now" ? std::optional(kNoReply) : std::nullopt;
  };
  FakeClock ours;
  ours.set_wall(WallTime{});

  ASSERT_NE(as<Published>(publish({share_, ours, fleet_keys()}, leadership_, release_, 5min)), nullptr);

  EXPECT_EQ(entry_at(share_, Position{2}).time, "1970-01-01T00:00:00Z");
}

TEST_F(PublishTest, AnUnchangedCommitPointsToTheOldRelease) {
  other_.claim();  // ends the first claim, so that there is a release before the next one
  OtherHost third(state_);
  const Leadership first = third.claim();
  const Position release = third.commit(first, "r7");
  const Leadership second = third.claim("slot-2");

  ASSERT_NE(as<Published>(publish_unchanged(pen_, second, release, "r7", 5min)), nullptr);

  const LogEntry entry = entry_at(share_, second.claim.next());
  EXPECT_EQ(entry.kind, EntryKind::commit);
  EXPECT_EQ(entry.release, release);
  EXPECT_EQ(entry.revision, "r7");
  EXPECT_TRUE(entry.descriptor.empty());
}

TEST_F(PublishTest, AnUnchangedCommitCanBeFenced) {
  other_.claim("slot-1", 3);

  EXPECT_NE(as<Fenced>(publish_unchanged(pen_, leadership_, Position{1}, "r7", 5min)), nullptr);
}

TEST_F(PublishTest, AnAbandonGivesTheReason) {
  ASSERT_NE(as<Published>(abandon(pen_, leadership_, "disk full on /var", 5min)), nullptr);

  const LogEntry entry = entry_at(share_, Position{2});
  EXPECT_EQ(entry.kind, EntryKind::abandon);
  EXPECT_EQ(entry.owner, leadership_.owner);
  EXPECT_EQ(entry.reason, "disk full on /var");
}

TEST_F(PublishTest, AnAbandonWithAnEndlessReasonFits) {
  ASSERT_NE(as<Published>(abandon(pen_, leadership_, std::string(100'000, '\xff'), 5min)), nullptr);

  EXPECT_EQ(entry_at(share_, Position{2}).kind, EntryKind::abandon);
}

TEST_F(PublishTest, AnAbandonAgainstASuccessorIsFenced) {
  other_.claim("slot-1", 3);

  EXPECT_NE(as<Fenced>(abandon(pen_, leadership_, "disk full", 5min)), nullptr);
}

TEST_F(PublishTest, AnAbandonWithALostReplyIsWon) {
  share_.after = failing_puts(2);

  EXPECT_NE(as<Published>(abandon(pen_, leadership_, "disk full", 5min)), nullptr);
}

}  // namespace swarmout::test
