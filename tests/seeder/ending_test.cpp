#include "seeder/ending.hpp"

#include "tests/seeder/epoch_fixture.hpp"

namespace swarmout::test {

namespace {

class ClaimEndTest : public EpochTest {
protected:
  std::optional<LogEntry> ending() {
    const auto bytes = share_->read(leadership_.claim.next());
    EXPECT_THAT(bytes, IsOk());
    return *bytes ? std::optional(decode_entry(**bytes).value()) : std::nullopt;
  }

  StopOrder order_{{}};
  ClaimEnd end_{epoch_, order_};
};

}  // namespace

TEST_F(ClaimEndTest, WorkThatFailedIsAbandonedWithItsReason) {
  end_.work_failed("the export ended with status 3");

  ASSERT_TRUE(ending());
  EXPECT_EQ(ending()->kind, EntryKind::abandon);
  EXPECT_EQ(ending()->reason, "the export ended with status 3");
}

TEST_F(ClaimEndTest, AnOrderToStopIsAbandonedAtOnce) {
  end_.stop_ordered({StopReason::stalled, "nothing has moved"});

  ASSERT_TRUE(ending());
  EXPECT_EQ(ending()->kind, EntryKind::abandon);
  EXPECT_EQ(ending()->reason, "nothing has moved");
}

TEST_F(ClaimEndTest, OneEndingIsEnough) {
  end_.stop_ordered({StopReason::asked, "a signal"});
  end_.work_failed("the work was stopped");

  EXPECT_EQ(ending()->reason, "a signal");
  EXPECT_EQ(share_->tail({}).value(), leadership_.claim.next());
}

TEST_F(ClaimEndTest, WhoeverPublishesIsNotAbandoned) {
  ASSERT_TRUE(end_.take());

  end_.stop_ordered({StopReason::asked, "a signal"});
  end_.work_failed("nobody knows what came of the COMMIT");

  EXPECT_FALSE(ending());
}

TEST_F(ClaimEndTest, NobodyPublishesAfterAnAbandon) {
  end_.stop_ordered({StopReason::asked, "a signal"});

  EXPECT_FALSE(end_.take());
}

TEST_F(ClaimEndTest, WhoWasPassedHasNothingToEnd) {
  end_.stop_ordered({StopReason::passed, "taken over"});

  EXPECT_FALSE(ending());
}

TEST_F(ClaimEndTest, AShareThatIsGoneIsGivenUp) {
  ASSERT_THAT(remove_tree(temp_ / "share"), IsOk());

  end_.stop_ordered({StopReason::asked, "a signal"});

  EXPECT_FALSE(end_.take()) << "it may be there, for all we know";
}

TEST_F(ClaimEndTest, TheCellsOfTheClaimGo) {
  ASSERT_THAT(share_->write_cell(CellKind::heartbeat, epoch_.cell(), "beat"), IsOk());
  ASSERT_THAT(share_->write_cell(CellKind::stage, epoch_.cell(), "stage"), IsOk());
  ASSERT_THAT(share_->write_cell(CellKind::heartbeat, "00000099-other", "beat"), IsOk());

  end_.tidy();

  EXPECT_THAT(cells(CellKind::heartbeat), testing::ElementsAre("00000099-other"));
  EXPECT_THAT(cells(CellKind::stage), testing::IsEmpty());
}

TEST_F(ClaimEndTest, AlsoInAHurry) {
  ASSERT_THAT(share_->write_cell(CellKind::heartbeat, epoch_.cell(), "beat"), IsOk());
  order_.give(StopReason::asked, "a signal");

  end_.tidy();

  EXPECT_THAT(cells(CellKind::heartbeat), testing::IsEmpty());
}

}  // namespace swarmout::test
