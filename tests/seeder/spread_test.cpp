#include "seeder/spread.hpp"

#include "tests/support/name_of.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

InfoHash some_hash(std::string_view name) {
  return {sha256(name)};
}
Descriptor release() {
  Descriptor descriptor;
  descriptor.position = Position{42};
  descriptor.info_hash = some_hash("this");
  return descriptor;
}
SeenPeer peer(std::uint64_t active, std::optional<InfoHash> fetched, bool complete) {
  SeenPeer seen;
  seen.record.active = Position{active};
  seen.record.active_hash = active == 0 ? std::nullopt : std::optional(some_hash(active == 42 ? "this" : "old"));
  seen.record.info_hash = fetched;
  seen.record.complete = complete;
  return seen;
}

}  // namespace

// Who counts as what.

TEST(RegistryIntervalTest, GrowsWithTheFleetSoThatTheShareDoesNotFeelIt) {
  EXPECT_EQ(registry_interval(0), std::chrono::milliseconds(250));
  EXPECT_EQ(registry_interval(200), std::chrono::milliseconds(1000));
  EXPECT_EQ(registry_interval(100'000), std::chrono::milliseconds(5000));
}

TEST(SpreadOf, NobodyIsNobody) {
  const Spread spread = spread_of({}, release());

  EXPECT_EQ(spread.live, 0U);
  EXPECT_EQ(spread.complete, 0U);
  EXPECT_EQ(spread.active, 0U);
}

TEST(SpreadOf, APeerOnAnOldReleaseIsOnlyLive) {
  const Spread spread = spread_of({peer(40, some_hash("old"), true)}, release());

  EXPECT_EQ(spread.live, 1U);
  EXPECT_EQ(spread.complete, 0U);
  EXPECT_EQ(spread.active, 0U);
}

TEST(SpreadOf, APeerThatIsFetchingIsNotComplete) {
  EXPECT_EQ(spread_of({peer(40, some_hash("this"), false)}, release()).complete, 0U);
}

TEST(SpreadOf, APeerThatFetchedItIsCompleteButNotActive) {
  const Spread spread = spread_of({peer(40, some_hash("this"), true)}, release());

  EXPECT_EQ(spread.complete, 1U);
  EXPECT_EQ(spread.active, 0U);
}

TEST(SpreadOf, APeerThatSwitchedIsActiveAndComplete) {
  const Spread spread = spread_of({peer(42, some_hash("this"), true)}, release());

  EXPECT_EQ(spread.complete, 1U);
  EXPECT_EQ(spread.active, 1U);
}

TEST(SpreadOf, APeerThatSwitchedAndFetchesTheNextOneIsStillComplete) {
  const Spread spread = spread_of({peer(42, some_hash("next"), false)}, release());

  EXPECT_EQ(spread.complete, 1U);
  EXPECT_EQ(spread.active, 1U);
}

TEST(SpreadOf, APeerOnAnotherReleaseWithTheSameNumberIsOnlyLive) {
  SeenPeer stranger = peer(42, some_hash("another"), true);
  stranger.record.active_hash = some_hash("another");

  const Spread spread = spread_of({stranger}, release());

  EXPECT_EQ(spread.live, 1U);
  EXPECT_EQ(spread.complete, 0U);
  EXPECT_EQ(spread.active, 0U);
}

TEST(SpreadOf, APeerThatDoesNotSayWhatItIsActiveOnIsOnlyLive) {
  SeenPeer silent = peer(42, std::nullopt, false);
  silent.record.active_hash.reset();

  EXPECT_EQ(spread_of({silent}, release()).active, 0U);
  EXPECT_EQ(spread_of({silent}, release()).complete, 0U);
}

TEST(SpreadOf, APeerThatHasTheSameContentUnderAnOlderNumberIsCompleteButNotActive) {
  SeenPeer earlier = peer(40, std::nullopt, false);
  earlier.record.active_hash = some_hash("this");

  EXPECT_EQ(spread_of({earlier}, release()).complete, 1U);
  EXPECT_EQ(spread_of({earlier}, release()).active, 0U);
}

TEST(SpreadOf, APeerThatFetchesNothingIsOnlyLive) {
  EXPECT_EQ(spread_of({peer(0, std::nullopt, true)}, release()).complete, 0U);
}

TEST(SpreadOf, PeersAreCountedOneByOne) {
  const Spread spread = spread_of({peer(42, some_hash("this"), true), peer(40, some_hash("this"), true),
                                   peer(40, some_hash("this"), false), peer(0, std::nullopt, false)},
                                  release());

  EXPECT_EQ(spread.live, 4U);
  EXPECT_EQ(spread.complete, 2U);
  EXPECT_EQ(spread.active, 1U);
}

// When to publish.

struct PublishCase {
  const char* name;
  std::size_t live;
  std::size_t complete;
  double quorum;
  unsigned min_copies;
  std::chrono::milliseconds waited;
  bool expected;
};
void PrintTo(const PublishCase& each, std::ostream* out) {
  *out << each.name;
}

class MayPublish : public testing::TestWithParam<PublishCase> {};

TEST_P(MayPublish, AsTheTableSays) {
  const PublishCase& given = GetParam();

  EXPECT_EQ(may_publish({given.live, given.complete, 0}, {given.quorum, given.min_copies, 10min}, given.waited),
            given.expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MayPublish,
                         testing::Values(PublishCase{"NobodyIsThere", 0, 0, 0.5, 1, 0ms, true},
                                         PublishCase{"BelowTheQuorum", 10, 4, 0.5, 1, 0ms, false},
                                         PublishCase{"AtTheQuorum", 10, 5, 0.5, 1, 0ms, true},
                                         PublishCase{"HalfOfThreeIsNotOne", 3, 1, 0.5, 1, 0ms, false},
                                         PublishCase{"HalfOfThreeIsTwo", 3, 2, 0.5, 1, 0ms, true},
                                         PublishCase{"OnePeerWithoutIt", 1, 0, 0.5, 1, 0ms, false},
                                         PublishCase{"OnePeerWithIt", 1, 1, 0.5, 1, 0ms, true},
                                         PublishCase{"AllButOne", 10, 9, 1.0, 1, 0ms, false},
                                         PublishCase{"All", 10, 10, 1.0, 1, 0ms, true},
                                         PublishCase{"NoQuorumStillWantsOneCopy", 10, 0, 0.0, 0, 0ms, false},
                                         PublishCase{"NoQuorumWithOneCopy", 10, 1, 0.0, 1, 0ms, true},
                                         PublishCase{"JustBeforeTheTimeout", 10, 4, 0.5, 1, 10min - 1ms, false},
                                         PublishCase{"AtTheTimeoutWithEnoughCopies", 10, 1, 0.5, 1, 10min, true},
                                         PublishCase{"AtTheTimeoutWithTooFewCopies", 10, 2, 0.5, 3, 10min, false},
                                         PublishCase{"LongAfterTheTimeoutWithoutACopy", 10, 0, 0.5, 1, 10h, false},
                                         PublishCase{"AtTheTimeoutIfNoCopyIsAskedFor", 10, 0, 0.5, 0, 10min, true}),
                         kNameOf);

INSTANTIATE_TEST_SUITE_P(Rounding, MayPublish,
                         testing::Values(PublishCase{"FiftyFivePercentOfAHundred", 100, 55, 0.55, 1, 0ms, true}),
                         kNameOf);

// When the leader may leave.

TEST(MayLeave, NotWhileNobodyIsThere) {
  EXPECT_FALSE(may_leave({0, 0, 0}, 0, 0.5));
}

TEST(MayLeave, WhenAllAreOnItAndEnoughWereMet) {
  EXPECT_TRUE(may_leave({10, 10, 10}, 5, 0.5));
}

TEST(MayLeave, NotOnWhatRecordsAloneClaim) {
  EXPECT_FALSE(may_leave({10, 10, 10}, 0, 0.5));
  EXPECT_FALSE(may_leave({10, 10, 10}, 4, 0.5));
}

TEST(MayLeave, NotBeforeAllHaveSwitched) {
  EXPECT_FALSE(may_leave({10, 10, 9}, 10, 0.5));
}

TEST(MayLeave, WithoutAQuorumOneMustBeMetAllTheSame) {
  EXPECT_FALSE(may_leave({3, 3, 3}, 0, 0.0));
  EXPECT_TRUE(may_leave({3, 3, 3}, 1, 0.0));
}

TEST(MayLeave, AFewAreEnoughForAFleetOfAnySize) {
  EXPECT_FALSE(may_leave({1000, 1000, 1000}, kManyCopies - 1, 1.0));
  EXPECT_TRUE(may_leave({1000, 1000, 1000}, kManyCopies, 1.0));
}

}  // namespace swarmout::test
