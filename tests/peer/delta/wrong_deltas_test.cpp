// What goes wrong with deltas: packs are taken, then.

#include "tests/peer/delta/by_deltas.hpp"

namespace swarmout::test {

// What a leader with a mistake in it has signed. None of it ever makes a wrong tree.

namespace {

struct Mistake {
  const char* name;
  bool large;
  std::function<void(ReleaseDelta&)> make;
};
void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.name;
}
class WrongDeltas : public ByDeltas, public testing::WithParamInterface<Mistake> {};

Mistake mistake(const char* name, bool large, std::function<std::string(std::string)> edit) {
  return {name, large, [edit = std::move(edit)](ReleaseDelta& offer) { put_in(offer, edit(offer.delta)); }};
}
std::string halved(std::string delta) {
  delta.resize(delta.size() - delta.size() / 4);
  return delta;
}
std::string bit_flipped(std::string delta) {
  delta[delta.size() - 40] = static_cast<char>(delta[delta.size() - 40] ^ 4);
  return delta;
}
std::string with_more(std::string delta) {
  return delta + "more";
}
std::string from_elsewhere(std::string delta) {
  delta[8] = static_cast<char>(delta[8] ^ 1);  // the digest of the old tree
  return delta;
}
Mistake another_level(const char* name, bool large) {
  return {name, large, [](ReleaseDelta& offer) { offer.ref.level = 19; }};
}

}  // namespace

TEST_P(WrongDeltas, AreSaidAndPacksAreTaken) {
  const Tree tree = version(2, GetParam().large);
  const SealedRelease second = offered(tree, 4, GetParam().make);
  leader_.serve(second);

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_packs(second, tree);
  EXPECT_GT(packs_fetched(second), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Any, WrongDeltas,
    testing::Values(mistake("CutShort", false, halved), mistake("CutShortLarge", true, halved),
                    mistake("ABitIsAnother", false, bit_flipped), mistake("ABitIsAnotherLarge", true, bit_flipped),
                    mistake("MoreThanItsEnd", false, with_more), mistake("MoreThanItsEndLarge", true, with_more),
                    mistake("BeginsElsewhere", false, from_elsewhere),
                    mistake("BeginsElsewhereLarge", true, from_elsewhere),
                    mistake("LeadsElsewhere", false, [](const auto&) { return delta_elsewhere(false); }),
                    mistake("LeadsElsewhereLarge", true, [](const auto&) { return delta_elsewhere(true); }),
                    mistake("Empty", false, [](const auto&) { return std::string(); }),
                    mistake("NoDelta", false, [](const auto&) { return noise(900); }),
                    mistake("NoDeltaLarge", true, [](const auto&) { return noise(50 * kKiB); }),
                    another_level("AnotherLevel", false), another_level("AnotherLevelLarge", true)),
    kNameOf);

TEST_F(ByDeltas, AFileThatIsNoTorrentIsRefusedAndPacksAreTaken) {
  const SealedRelease second = served(leader_, version(2, true), 4, [](ReleaseDelta& offer) {
    offer.file = noise(500);
    offer.ref.file = sha256(offer.file);
    offer.ref.file_size = offer.file.size();
  });

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_packs(second, version(2, true));
}

TEST_F(ByDeltas, OneInTheMiddleThatIsWrongIsEnoughForPacks) {
  const SealedRelease second = offered(version(2), 4);
  const SealedRelease third = offered(version(3), 6, [](ReleaseDelta& offer) { put_in(offer, noise(500)); });
  const SealedRelease fourth = offered(version(4, true), 8);
  leader_.serve(fourth);

  ASSERT_OK(clone_.fetch(goal({second, third, fourth})));

  expect_by_packs(fourth, version(4, true));
}

// What is damaged on this disk.

TEST_F(ByDeltas, APackOfTheReleaseBeforeThatIsMissingIsFetched) {
  const SealedRelease second = offered(version(2), 4);
  leader_.serve(second);
  ASSERT_OK(remove_tree(clone_.store().pack_path(leader_.manifest(first_).packs.at(0).root)));

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_packs(second, version(2));
}

TEST_F(ByDeltas, ADamagedPackOfTheReleaseBeforeIsFoundAndFetchedAgain) {
  const SealedRelease second = offered(version(2), 4);
  leader_.serve(second);
  const Path pack = clone_.store().pack_path(leader_.manifest(first_).packs.at(0).root);
  std::string bytes = read_file(pack, kMiB).value();
  bytes[bytes.size() - 100] ^= 1;  // within the text
  ASSERT_OK(remove_tree(pack));
  write_file(pack, bytes);

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_packs(second, version(2));
  EXPECT_TRUE(clone_.store().check_pack(leader_.manifest(first_).packs[0].root, bytes.size()).value()) << "it is well";
}

TEST_F(ByDeltas, DamageThatADeltaDoesNotSeeIsFoundWhenItIsUnpacked) {
  const SealedRelease second = offered(version(2), 4);
  leader_.serve(second);
  const Path pack = clone_.store().pack_path(leader_.manifest(first_).packs.at(0).root);
  std::string bytes = read_file(pack, kMiB).value();
  bytes[bytes.size() / 2] ^= 1;  // within what is kept
  ASSERT_OK(remove_tree(pack));
  write_file(pack, bytes);

  EXPECT_THAT(clone_.fetch(goal({second})), FailsWith(ErrorCode::refused));
  ASSERT_OK(clone_.fetch(goal({second})));

  EXPECT_EQ(listing(clone_.tree({4})), listing_of(version(2)));
  expect_whole(second);
}

TEST_F(ByDeltas, AManifestOfTheReleaseBeforeThatIsLostIsNotNeededForPacks) {
  const SealedRelease second = offered(version(2), 4);
  leader_.serve(second);
  ASSERT_OK(remove_tree(clone_.path("state/manifests") / first_.release.descriptor.manifest.hex()));

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_packs(second, version(2));
}

// Nobody sends, and what cannot be written.

TEST_F(ByDeltas, OneThatNobodySendsIsWaitedForAndThenPacksAreTaken) {
  const SealedRelease second = served(leader_, version(2, true), 4);
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(goal({second})));
  retrieval->tick(clone_.clock().now());
  clone_.clock().advance(Shortcut::kPatience);
  retrieval->tick(clone_.clock().now());
  EXPECT_EQ(retrieval->swarm(), *second.delta->info_hash) << "so long it may last";

  clone_.clock().advance(std::chrono::milliseconds(1));
  retrieval->tick(clone_.clock().now());

  EXPECT_EQ(retrieval->swarm(), second.release.descriptor.info_hash);
  ASSERT_TRUE(ended(*retrieval));
  ASSERT_EQ(retrieval->state(), Retrieval::State::ready) << to_string(retrieval->error());
  EXPECT_FALSE(retrieval->by_deltas());
  expect_by_packs(second, version(2, true));
}

TEST_F(ByDeltas, OneThatComesSlowlyIsNotGivenUp) {
  Leader slow(64 * kKiB);
  slow.update(version(1), 2);
  Tree tree = version(2);
  tree[0] = file_of("data", noise(200 * kKiB, 7));
  const SealedRelease second = slow.update(tree, 4);
  slow.serve_delta(second);
  RetrievalGoal goal = this->goal({second});
  goal.peers = {slow.endpoint()};
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(std::move(goal)));

  Bytes seen = 0;
  unsigned moved = 0;
  ASSERT_TRUE(clone_.drive(*retrieval, [&] {
    const Bytes now = clone_.session().status(*second.delta->info_hash).downloaded;
    if (now > std::exchange(seen, now)) {
      clone_.clock().advance(Shortcut::kPatience / 2);
      ++moved;
    }
    return retrieval->state() != Retrieval::State::working;
  }));

  EXPECT_GE(moved, 3U) << "longer than its patience in all";
  expect_by_deltas(second, tree);
}

TEST_F(ByDeltas, AFailureOfItsSwarmIsNoneOfTheRelease) {
  const SealedRelease second = served(leader_, version(2, true), 4);
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(goal({second})));

  retrieval->on_event(SwarmFailed{*second.delta->info_hash, {ErrorCode::cannot_write, "disk full", {}}});

  EXPECT_EQ(retrieval->state(), Retrieval::State::working);
  ASSERT_TRUE(ended(*retrieval));
  ASSERT_EQ(retrieval->state(), Retrieval::State::ready) << to_string(retrieval->error());
  expect_by_packs(second, version(2, true));
}

TEST_F(ByDeltas, WhatOthersAreToldIsNotAboutIt) {
  const SealedRelease second = offered(version(2, true), 4);
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(goal({second})));

  retrieval->on_event(SwarmFailed{{sha256("another")}, {ErrorCode::cannot_write, "disk full", {}}});
  retrieval->on_event(AllArrived{{sha256("another")}});

  ASSERT_TRUE(ended(*retrieval));
  expect_by_deltas(second, version(2, true));
}

TEST_F(ByDeltas, WhereItCannotBeMadePacksAreTaken) {
  const SealedRelease second = offered(version(2), 4);
  leader_.serve(second);
  write_file(clone_.store().scratch() / "new-content/in-the-way", "");

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_packs(second, version(2));
}

TEST_F(ByDeltas, WhereItCannotBeFetchedToPacksAreTaken) {
  const SealedRelease second = served(leader_, version(2, true), 4);
  write_file(clone_.path("state/deltas"), "in the way");

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_packs(second, version(2, true));
}

TEST_F(ByDeltas, WithoutATorrentForThePacksItFails) {
  const SealedRelease second = offered(version(2), 4, [](ReleaseDelta& offer) { put_in(offer, noise(500)); });
  RetrievalGoal goal = this->goal({second});
  goal.ask_torrent = []() -> Result<std::string> { return fail(ErrorCode::temporary, "the share is away"); };

  EXPECT_THAT(clone_.fetch(std::move(goal)), FailsWith(ErrorCode::temporary, "the share is away"));
}

TEST_F(ByDeltas, ARetrievalThatFailsLeavesNothingOfItAndIsRepeated) {
  const SealedRelease second = offered(version(2, true), 4);
  ASSERT_OK_AND_ASSIGN(auto retrieval, clone_.start(goal({second})));
  ASSERT_OK(remove_tree(clone_.tree({4})));  // by somebody else
  ASSERT_TRUE(ended(*retrieval));
  ASSERT_EQ(retrieval->state(), Retrieval::State::failed);
  retrieval.reset();
  EXPECT_TRUE(rooms().empty());
  EXPECT_EQ(clone_.session().status(*second.delta->info_hash).wanted, 0U);

  ASSERT_OK(clone_.fetch(goal({second})));

  expect_by_deltas(second, version(2, true));
}

// What is stopped. A destructor that waited for anything would hang this test.

TEST_F(ByDeltas, StoppedWhileItWaitsItEndsAndLeavesNothing) {
  const SealedRelease second = leader_.update(version(2, true), 4);
  {
    ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(goal({second})));
    EXPECT_EQ(retrieval->state(), Retrieval::State::working);
    EXPECT_EQ(rooms().size(), 1U);
  }
  EXPECT_TRUE(rooms().empty());
  EXPECT_EQ(clone_.session().status(*second.delta->info_hash).wanted, 0U);
}

}  // namespace swarmout::test
