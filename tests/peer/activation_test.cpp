// May this host activate this release now? By table.

#include "peer/activation.hpp"

#include "tests/support/name_of.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using Answer = Activation::Verdict::Kind;
using When = Activation::When;
using Hook = Activation::Hook;

const Digest kOne = sha256("one");
const Digest kTwo = sha256("two");
const When kHold{When::Kind::hold, {}, {}};
const When kNight{When::Kind::window, 22h, 4h + 30min};

Activation::HeldHere held_on(std::optional<Digest> release) {
  return {release, "held here"};
}

struct Case {
  std::string name;
  Activation::Facts facts;
  Answer kind;
  std::string why;
};
void PrintTo(const Case& each, std::ostream* out) {
  *out << each.name;
}

std::vector<Case> cases() {
  return {
      {"ItIsPublished", {.release = kOne, .published = kOne}, Answer::yes, ""},
      {"NothingIsPublished", {.release = kOne, .published = {}}, Answer::wait, "not published"},
      {"AnotherOneIsPublished", {.release = kOne, .published = kTwo}, Answer::wait, "not published"},

      {"ATreeThatIsMadeAnewNeedsNobodysWord",
       {.release = kOne,
        .published = kOne,
        .active_before = true,
        .held_here = held_on({}),
        .when = kHold,
        .hook = Hook::refuses},
       Answer::yes,
       ""},

      {"AnotherOneIsHeldHere",
       {.release = kOne, .published = kOne, .held_here = held_on(kTwo)},
       Answer::no,
       "held here"},
      {"TheHostIsHeldWhereItIs",
       {.release = kOne, .published = kOne, .held_here = held_on({})},
       Answer::no,
       "held here"},
      {"ThisOneIsHeldHere", {.release = kOne, .published = kTwo, .held_here = held_on(kOne)}, Answer::yes, ""},
      {"ThisOneIsHeldHereAndHoursDoNotMatter",
       {.release = kOne, .published = kTwo, .held_here = held_on(kOne), .when = kHold},
       Answer::yes,
       ""},
      {"WordsOfAPersonDoNotEndAHoldHere",
       {.release = kOne, .published = kOne, .held_here = held_on(kTwo), .let_go = true},
       Answer::no,
       "held here"},

      {"ItWaitsForAPerson", {.release = kOne, .published = kOne, .when = kHold}, Answer::no, "swarmout activate"},
      {"APersonSaidGo", {.release = kOne, .published = kOne, .when = kHold, .let_go = true}, Answer::yes, ""},
      {"APersonSaidGoToWhatIsOnlyStaged",
       {.release = kOne, .published = kTwo, .when = kHold, .let_go = true},
       Answer::wait,
       "not published"},

      {"BeforeItsHours",
       {.release = kOne, .published = kOne, .when = kNight, .time = 21h + 59min},
       Answer::no,
       "22:00-04:30"},
      {"InTheirFirstMinute", {.release = kOne, .published = kOne, .when = kNight, .time = 22h}, Answer::yes, ""},
      {"AfterMidnight", {.release = kOne, .published = kOne, .when = kNight, .time = 0h}, Answer::yes, ""},
      {"InTheirLastMinute", {.release = kOne, .published = kOne, .when = kNight, .time = 4h + 29min}, Answer::yes, ""},
      {"AfterThem",
       {.release = kOne, .published = kOne, .when = kNight, .time = 4h + 30min},
       Answer::no,
       "22:00-04:30"},
      {"OutsideOfThemByAPersonsWord",
       {.release = kOne, .published = kOne, .when = kNight, .time = 12h, .let_go = true},
       Answer::yes,
       ""},

      {"ItsHookWasNotAsked", {.release = kOne, .published = kOne, .hook = Hook::not_yet}, Answer::ask, ""},
      {"ItsHookIsNotAskedOutsideOfItsHours",
       {.release = kOne, .published = kOne, .when = kHold, .hook = Hook::not_yet},
       Answer::no,
       "swarmout activate"},
      {"AHookIsAtWork", {.release = kOne, .published = kOne, .hook = Hook::at_work}, Answer::wait, "at work"},
      {"ItsHookRefuses",
       {.release = kOne, .published = kOne, .hook = Hook::refuses, .hook_says = "status 3"},
       Answer::no,
       "status 3"},
      {"ItsHookRefusesWhateverAPersonSays",
       {.release = kOne, .published = kOne, .let_go = true, .hook = Hook::refuses, .hook_says = "status 3"},
       Answer::no,
       "status 3"},
      {"ItsHookRefusesWhatIsHeldHere",
       {.release = kOne, .published = kTwo, .held_here = held_on(kOne), .hook = Hook::refuses, .hook_says = "status 3"},
       Answer::no,
       "status 3"},
  };
}

class ActivationTable : public testing::TestWithParam<Case> {};

}  // namespace

TEST_P(ActivationTable, Verdict) {
  const Activation::Verdict verdict = may_activate(GetParam().facts);

  EXPECT_EQ(verdict.kind, GetParam().kind);
  EXPECT_THAT(verdict.why, testing::HasSubstr(GetParam().why));
  EXPECT_EQ(verdict.why.empty(), verdict.kind == Answer::yes || verdict.kind == Answer::ask);
}

INSTANTIATE_TEST_SUITE_P(Each, ActivationTable, testing::ValuesIn(cases()), kNameOf);

TEST(ActivationWhenTest, IsReadAsItIsWritten) {
  for (const char* const text : {"now", "hold", "00:00-24:00", "22:00-04:30", "09:05-09:06"}) {
    const auto when = parse_when(text);
    ASSERT_TRUE(when) << text;
    EXPECT_EQ(to_text(*when), text);
  }
  EXPECT_EQ(parse_when("22:00-04:30"), kNight);
}

TEST(ActivationWhenTest, AnythingElseIsNone) {
  for (const char* const text : {"", "never", "Now", "22:00", "22:00-", "-04:30", "22:00-22:00", "24:00-01:00",
                                 "25:00-01:00", "22:60-01:00", "2:00-04:00", "22:00-04:301", "22.00-04.30", "now "}) {
    EXPECT_FALSE(parse_when(text)) << text;
  }
}

TEST(ActivationWhenTest, AWholeDayHasEveryMinute) {
  for (std::chrono::minutes each{0}; each < 24h; ++each) {
    EXPECT_TRUE(is_within(*parse_when("00:00-24:00"), each));
  }
}

}  // namespace swarmout::test
