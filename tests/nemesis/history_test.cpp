// Would the checker notice? Each rule, broken once.

#include "tests/nemesis/history.hpp"

#include "tests/seeder/election/log_text.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using End = HostRun::End;

class HistoryTest : public testing::Test {
protected:
  HistoryTest() {
    history_.author_of = [](const LogEntry& entry) { return entry.owner; };
    history_.complete = [this](const LogEntry&) { return whole_; };
  }
  /// A slot that was claimed and published, by a host that says so.
  Leadership published(const std::string& slot) {
    const Leadership leadership = host_.claim(slot);
    host_.commit(leadership);
    history_.runs.push_back({leadership.owner, End::published, slot, 0, ""});
    return leadership;
  }
  std::vector<std::string> violations() {
    history_.entries = entries_of(host_.share());
    return check(history_).violations;
  }

  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  OtherHost host_{state_};
  History history_;
  bool whole_ = true;
};

}  // namespace

TEST_F(HistoryTest, AGoodOnePasses) {
  host_.claim("one");
  published("one");
  published("two");
  history_.runs.push_back({"loser", End::left, "two", 0, ""});
  history_.last_slot = "two";
  EXPECT_THAT(violations(), IsEmpty());
  EXPECT_EQ(check(history_).commits, 2U);
}

TEST_F(HistoryTest, ASlotThatWasPublishedTwiceIsFound) {
  published("one");
  published("one");
  EXPECT_THAT(violations(), ElementsAre(StartsWith("C1")));
}

TEST_F(HistoryTest, ABrokenChainIsFound) {
  published("one");
  std::string& claim = state_->log.at(Position{1});
  LogEntry other = *decode_entry(claim);
  other.nonce = "another";
  claim = encode(other);
  EXPECT_THAT(violations(), testing::Contains(StartsWith("C2")));
}

TEST_F(HistoryTest, ACommitUnderTheClaimOfASuccessorIsFound) {
  Leadership old = host_.claim("one");
  const Leadership successor = host_.claim("one");
  old.claim = successor.claim;
  old.claim_digest = successor.claim_digest;
  host_.commit(old);
  EXPECT_THAT(violations(), ElementsAre(StartsWith("C2")));
}

TEST_F(HistoryTest, AHostThatSaysPublishedWithoutACommitIsFound) {
  history_.runs.push_back({"liar", End::published, "one", 0, ""});
  EXPECT_THAT(violations(), ElementsAre(StartsWith("C3")));
}

TEST_F(HistoryTest, AHostThatThinksItWasFencedAndWasNotIsFound) {
  published("one");
  history_.runs.back().end = End::fenced;
  EXPECT_THAT(violations(), ElementsAre(StartsWith("C3")));
}

TEST_F(HistoryTest, AHostThatDoesNotKnowOrDiedMayOwnACommit) {
  published("one");
  history_.runs.back().end = End::unknown;
  published("two");
  history_.runs.back().end = End::died;
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(HistoryTest, ACommitOfWhatIsNotThereIsFound) {
  published("one");
  whole_ = false;
  EXPECT_THAT(violations(), ElementsAre(StartsWith("C4")));
}

TEST_F(HistoryTest, ASlotThatNobodyDidIsFound) {
  history_.last_slot = "one";
  EXPECT_THAT(violations(), ElementsAre(StartsWith("C5")));
}

TEST_F(HistoryTest, ALoserThatTalksOrFailsIsFound) {
  history_.runs.push_back({"talker", End::left, "one", 0, "somebody else is at it\n"});
  history_.runs.push_back({"failure", End::left, "one", 75, ""});
  EXPECT_THAT(violations(), ElementsAre(StartsWith("C6"), StartsWith("C6")));
}

}  // namespace swarmout::test
