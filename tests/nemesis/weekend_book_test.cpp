// Would it be noticed? Each promise of the weekend, broken once.

#include "tests/nemesis/weekend_book.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// Two hosts, and two slots of which the second one was held.
class WeekendBookTest : public testing::Test {
protected:
  WeekendBookTest() {
    for (const int host : {1, 2}) {
      book_.slots[0].status[host] = 0;
      for (const char* slot : {"one", "two"}) {
        book_.jobs.push_back({slot, host, "good", "good"});
      }
    }
  }
  WeekendSlot& first() { return book_.slots[0]; }
  /// Of the first slot, on the first host.
  JobNote& job() { return book_.jobs[0]; }
  std::vector<std::string> broken() const { return broken_promises(book_); }

  WeekendBook book_{.hosts = 2,
                    .slots = {{.name = "one", .expected = "good"}, {.name = "two", .expected = "good", .held = true}},
                    .exports = {{"one", 1}},
                    .publications = {{"one", 1}}};
};

}  // namespace

TEST_F(WeekendBookTest, AGoodOnePasses) {
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(WeekendBookTest, ASecondExportIsFoundUnlessTheFirstOneCameToNothing) {
  book_.exports["one"] = 2;
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W1 one: 2 exports")));
  first().redone = true;
  EXPECT_THAT(broken(), IsEmpty());
  book_.exports["one"] = 3;
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W1 one: 3 exports")));
}

TEST_F(WeekendBookTest, AnExportWhileHeldIsFound) {
  book_.exports["two"] = 1;
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W1 two: 1 exports")));
}

TEST_F(WeekendBookTest, ASlotThatIsPublishedTwiceOrNotOrWhileHeldIsFound) {
  first().redone = true;  // that excuses exports only
  book_.publications = {{"one", 2}, {"two", 1}};
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W2 one: 2"), StartsWith("W2 two: 1")));
  book_.publications.clear();
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W2 one: 0")));
}

TEST_F(WeekendBookTest, AHostWithoutItsJobIsFoundUnlessItsRunWasKilled) {
  book_.jobs.erase(book_.jobs.begin());
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W3 one: 0 jobs on host 1")));
  first().killed = {1};
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(WeekendBookTest, AJobThatRanTwiceIsFoundAlsoIfItsRunWasKilled) {
  book_.jobs.push_back(JobNote(job()));
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W3 one: 2 jobs on host 1")));
  first().killed = {1};
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W3 one: 2 jobs on host 1")));
}

TEST_F(WeekendBookTest, AJobInAnotherReleaseIsFound) {
  job().before = job().after = "of another slot";
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W4 one: the job of host 1")));
}

TEST_F(WeekendBookTest, ATreeThatChangedUnderItsJobIsFoundAlsoIfItsRunWasKilled) {
  first().killed = {1};
  job().after = "something else";
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W5 one: the tree of host 1")));
  job().after = "";
  EXPECT_THAT(broken(), ElementsAre(StartsWith("W5 one: the tree of host 1"))) << "it has not ended";
}

TEST_F(WeekendBookTest, ARunThatFailsIsFoundUnlessItWasKilled) {
  first().status[2] = 75;
  EXPECT_THAT(broken(), ElementsAre("W6 one: run of host 2 says 75"));
  first().killed = {2};
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(WeekendBookTest, NotesAreTakenAsTheyWereWritten) {
  const auto notes = read_notes(7, "begin one a\nbegin two b\nend one a\nbegin one c\nend two b\n");
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_EQ(notes[0].after, "a");
  EXPECT_EQ(notes[1].after, "b") << "they overlap";
  EXPECT_EQ(notes[2].slot, "one") << "a second run of a slot";
  EXPECT_EQ(notes[2].before, "c");
  EXPECT_EQ(notes[2].after, "");
  EXPECT_EQ(notes[2].host, 7);
  EXPECT_EQ(read_notes(7, "end one a\n").front().before, "end") << "an end without a beginning is a job, too";
}

}  // namespace swarmout::test
