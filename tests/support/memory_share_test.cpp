#include "tests/support/memory_share.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

const Error kBroken{ErrorCode::temporary, "the share is away", ""};

/// Fails the first `times` calls of `operation`.
std::function<std::optional<Error>(std::string_view)> fail_first(std::string operation, int times) {
  return [operation = std::move(operation), times](std::string_view called) mutable -> std::optional<Error> {
    return called == operation && times-- > 0 ? std::optional(kBroken) : std::nullopt;
  };
}

class MemoryShareTest : public testing::Test {
protected:
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  MemoryShare other_{state_};
};

}  // namespace

TEST_F(MemoryShareTest, APutThatFailedBeforehandLeftNothing) {
  share_.before = fail_first("put", 1);

  const PutResult put = share_.put(Position{1}, "mine");

  EXPECT_EQ(put.outcome, PutOutcome::unknown);
  EXPECT_EQ(put.error.message, kBroken.message);
  EXPECT_EQ(other_.read(Position{1}).value_or("error"), std::nullopt);
}

TEST_F(MemoryShareTest, APutWhoseReplyWasLostIsThere) {
  share_.after = fail_first("put", 1);

  EXPECT_EQ(share_.put(Position{1}, "mine").outcome, PutOutcome::unknown);

  EXPECT_EQ(other_.read(Position{1}).value_or(std::nullopt), "mine");
}

TEST_F(MemoryShareTest, RepeatingAPutWhoseReplyWasLostIsAWin) {
  share_.after = fail_first("put", 1);
  ASSERT_EQ(share_.put(Position{1}, "mine").outcome, PutOutcome::unknown);

  EXPECT_EQ(share_.put(Position{1}, "mine").outcome, PutOutcome::won);
}

TEST_F(MemoryShareTest, RepeatingAPutThatFailedBeforehandMayLose) {
  share_.before = fail_first("put", 1);
  ASSERT_EQ(share_.put(Position{1}, "mine").outcome, PutOutcome::unknown);
  ASSERT_EQ(other_.put(Position{1}, "theirs").outcome, PutOutcome::won);

  const PutResult again = share_.put(Position{1}, "mine");

  EXPECT_EQ(again.outcome, PutOutcome::lost);
  EXPECT_EQ(again.winner, "theirs");
}

TEST_F(MemoryShareTest, ACellWriteThatFailedBeforehandLeftNothing) {
  share_.before = fail_first("write_cell", 1);

  EXPECT_THAT(share_.write_cell(CellKind::peer, "a", "value"), FailsWith(ErrorCode::temporary));

  EXPECT_THAT(other_.list_cells(CellKind::peer).value_or(std::vector<std::string>{"error"}), testing::IsEmpty());
}

TEST_F(MemoryShareTest, ACellWriteWhoseReplyWasLostIsThere) {
  share_.after = fail_first("write_cell", 1);

  EXPECT_THAT(share_.write_cell(CellKind::peer, "a", "value"), FailsWith(ErrorCode::temporary));

  EXPECT_THAT(other_.list_cells(CellKind::peer).value_or(std::vector<std::string>{}), testing::ElementsAre("a"));
}

TEST_F(MemoryShareTest, FaultsOfOneHandleAreItsOwn) {
  share_.before = fail_first("tail", 1);

  EXPECT_THAT(other_.tail({}), IsOk());
  EXPECT_THAT(share_.tail({}), FailsWith(ErrorCode::temporary));
}

TEST_F(MemoryShareTest, EveryOperationCanFail) {
  std::vector<std::string> called;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    called.emplace_back(operation);
    return kBroken;
  };

  EXPECT_THAT(share_.tail({}), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.read(Position{1}), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.read_cell(CellKind::peer, "a"), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.list_cells(CellKind::peer), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.remove_cell(CellKind::peer, "a"), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.write_blob("a", "a"), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.read_blob("a", 1), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.list_blobs(), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.remove_blob("a"), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.now(), FailsWith(ErrorCode::temporary));

  EXPECT_THAT(called, testing::ElementsAre("tail", "read", "read_cell", "list_cells", "remove_cell", "write_blob",
                                           "read_blob", "list_blobs", "remove_blob", "now"));
}

TEST_F(MemoryShareTest, ItsClockIsTheOneThatItWasGiven) {
  FakeClock clock;
  state_->clock = &clock;
  ASSERT_OK(share_.write_cell(CellKind::peer, "a", "value"));
  clock.advance(std::chrono::hours(1));

  ASSERT_OK_AND_ASSIGN(const auto cell, other_.read_cell(CellKind::peer, "a"));

  ASSERT_TRUE(cell.has_value());
  EXPECT_EQ(other_.now().value_or(WallTime{}) - cell->written, std::chrono::hours(1));
}

}  // namespace swarmout::test
