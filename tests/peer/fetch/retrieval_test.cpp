#include "peer/fetch/retrieval.hpp"

#include "tests/peer/fetch/swarming.hpp"

namespace swarmout::test {

namespace {

Tree some_tree() {
  return {{directory("dir"), ""}, file_of("dir/large", noise(5 * kMiB)), file_of("dir/run", "#!/bin/sh\n", true),
          file_of("empty", ""),   {symlink("link", "dir"), ""},          file_of("text", prose(300 * kKiB))};
}
Tree next_tree() {
  Tree tree = some_tree();
  tree[5] = file_of("text", prose(300 * kKiB, 2));
  return tree;
}

class RetrievalTest : public testing::Test {
protected:
  /// A whole fetch that must go well.
  void fetched(const SealedRelease& sealed) {
    ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));
    ASSERT_OK(clone_.store().record(sealed.release));
  }
  /// A pack of the right size in the store that is not what it should be.
  void damage_in_store(const PackInfo& pack) {
    const Path path = clone_.store().pack_path(pack.root);
    std::string bytes = path_exists(path) ? read_file(path, kGiB).value() : std::string(pack.size, 'x');
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_OK(remove_tree(path));
    write_file(path, bytes);
  }
  Path tree_of(const SealedRelease& sealed) { return clone_.tree(sealed.release.descriptor.position); }

  Leader leader_;
  Clone clone_;
};

}  // namespace

TEST_F(RetrievalTest, AReleaseComesOutAsItWasPacked) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);

  ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_EQ(listing(tree_of(sealed)), listing_of(some_tree()));
}

TEST_F(RetrievalTest, AReleaseOfNothingComesOutEmpty) {
  const SealedRelease sealed = leader_.release({}, 2);

  ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_TRUE(listing(tree_of(sealed)).empty());
}

TEST_F(RetrievalTest, AtTheEndTheStoreHasEverything) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);

  ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_THAT(clone_.store().manifest_bytes(sealed.release.descriptor.manifest), IsOk());
  for (const PackInfo& pack : leader_.manifest(sealed).packs) {
    EXPECT_TRUE(clone_.store().has_pack(pack.root, pack.size));
    EXPECT_THAT(clone_.store().leaves_of(pack.root), IsOk());
  }
}

TEST_F(RetrievalTest, WhatIsReadyIsServedOn) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  fetched(sealed);
  Clone second;
  RetrievalGoal goal = second.goal(sealed, leader_);
  goal.peers = {clone_.session().endpoint()};  // not the leader

  ASSERT_OK(second.fetch(std::move(goal)));

  EXPECT_EQ(listing(second.tree({2})), listing_of(some_tree()));
}

TEST_F(RetrievalTest, AnUpdateTakesThePreviousReleasesFilesAndPacks) {
  const SealedRelease first = leader_.release(some_tree(), 2);
  const SealedRelease second = leader_.release(next_tree(), 4);
  fetched(first);
  RetrievalGoal goal = clone_.goal(second, leader_);
  goal.previous = first.release;
  goal.previous_tree = tree_of(first);
  const auto before = std::filesystem::last_write_time(tree_of(first) / "dir/large");

  ASSERT_OK(clone_.fetch(std::move(goal)));

  EXPECT_EQ(listing(tree_of(second)), listing_of(next_tree()));
  EXPECT_EQ(std::filesystem::last_write_time(tree_of(second) / "dir/large"), before);
  EXPECT_LT(clone_.session().status(second.release.descriptor.info_hash).downloaded, kMiB);
}

TEST_F(RetrievalTest, AnUpdateWhosePreviousManifestIsLostTakesThePacks) {
  const SealedRelease first = leader_.release(some_tree(), 2);
  const SealedRelease second = leader_.release(next_tree(), 4);
  fetched(first);
  ASSERT_OK(remove_tree(clone_.path("state/manifests") / first.release.descriptor.manifest.hex()));
  RetrievalGoal goal = clone_.goal(second, leader_);
  goal.previous = first.release;
  goal.previous_tree = tree_of(first);

  ASSERT_OK(clone_.fetch(std::move(goal)));

  EXPECT_EQ(listing(tree_of(second)), listing_of(next_tree()));
}

TEST_F(RetrievalTest, WithTheTreeThereItOnlyFetchesAndServes) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  write_file(tree_of(sealed) / "mine", "not to be touched");
  RetrievalGoal goal = clone_.goal(sealed, leader_);
  goal.tree_exists = true;

  ASSERT_OK(clone_.fetch(std::move(goal)));

  EXPECT_EQ(list_directory(tree_of(sealed)).value(), std::vector<std::string>{"mine"});
  EXPECT_TRUE(clone_.session().status(sealed.release.descriptor.info_hash).complete);
}

TEST_F(RetrievalTest, WhatAnInterruptedRunLeftInTheTreeIsGone) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  write_file(tree_of(sealed) / "dir/large", "half");
  write_file(tree_of(sealed) / "leftover", "x");

  ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_EQ(listing(tree_of(sealed)), listing_of(some_tree()));
}

TEST_F(RetrievalTest, WithEverythingInTheStoreNobodyElseIsNeeded) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  fetched(sealed);
  clone_.session().remove(sealed.release.descriptor.info_hash);
  RetrievalGoal goal = clone_.goal(sealed, leader_);
  goal.peers.clear();

  ASSERT_OK(clone_.fetch(std::move(goal)));

  EXPECT_EQ(listing(tree_of(sealed)), listing_of(some_tree()));
}

TEST_F(RetrievalTest, AFetchThatWasCutShortGoesOnWithWhatIsThere) {
  const Tree tree = {file_of("noise", noise(8 * kMiB))};
  Leader slow(4 * kMiB);
  const SealedRelease sealed = slow.release(tree, 2);
  const InfoHash& info_hash = sealed.release.descriptor.info_hash;
  {
    ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(clone_.goal(sealed, slow)));
    ASSERT_TRUE(clone_.drive(*retrieval, [&] { return clone_.session().status(info_hash).have > 4 * kMiB; }));
  }

  ASSERT_OK(clone_.fetch(clone_.goal(sealed, slow)));

  EXPECT_EQ(listing(tree_of(sealed)), listing_of(tree));
  EXPECT_LT(clone_.session().status(info_hash).downloaded, 6 * kMiB) << "it fetched again what it had";
}

// What is refused.

TEST_F(RetrievalTest, ATorrentThatIsNotTheSignedOneIsRefusedAtOnce) {
  const SealedRelease signed_one = leader_.release(some_tree(), 2);
  const SealedRelease other = leader_.release(next_tree(), 4);
  RetrievalGoal goal = clone_.goal(signed_one, leader_);
  goal.torrent = other.torrent;

  EXPECT_THAT(clone_.start(std::move(goal)), FailsWith(ErrorCode::refused, "not the one that was signed"));
}

TEST_F(RetrievalTest, ATorrentThatIsNoneIsRefusedAtOnce) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  RetrievalGoal goal = clone_.goal(sealed, leader_);
  goal.torrent.resize(goal.torrent.size() / 2);

  EXPECT_THAT(clone_.start(std::move(goal)), FailsWith(ErrorCode::refused));
}

TEST_F(RetrievalTest, AManifestThatIsNotTheSignedOneIsRefused) {
  SealedRelease sealed = leader_.release(some_tree(), 2);
  sealed.release.descriptor.manifest = sha256("another");

  EXPECT_THAT(clone_.fetch(clone_.goal(sealed, leader_)), FailsWith(ErrorCode::refused, "not the one that was signed"));
}

TEST_F(RetrievalTest, AManifestOfAnotherRevisionIsRefused) {
  SealedRelease sealed = leader_.release(some_tree(), 2);
  sealed.release.descriptor.revision = "r3";

  EXPECT_THAT(clone_.fetch(clone_.goal(sealed, leader_)), FailsWith(ErrorCode::refused, "do not fit"));
}

TEST_F(RetrievalTest, AManifestOfALargerTreeThanTheSignedOneIsRefused) {
  SealedRelease sealed = leader_.release(some_tree(), 2);
  sealed.release.descriptor.tree_size -= 1;  // the space was checked for this much

  EXPECT_THAT(clone_.fetch(clone_.goal(sealed, leader_)), FailsWith(ErrorCode::refused, "do not fit"));
}

TEST_F(RetrievalTest, WhatIsRefusedIsNotServed) {
  SealedRelease sealed = leader_.release(some_tree(), 2);
  sealed.release.descriptor.revision = "r3";

  EXPECT_FALSE(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_EQ(clone_.session().status(sealed.release.descriptor.info_hash).wanted, 0U);
}

// What is damaged on this disk.

TEST_F(RetrievalTest, ADamagedPackInTheStoreIsThrownAwayAndFetchedAgainAtTheNextAttempt) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  damage_in_store(leader_.manifest(sealed).packs.front());

  EXPECT_THAT(clone_.fetch(clone_.goal(sealed, leader_)), FailsWith(ErrorCode::refused));
  ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_EQ(listing(tree_of(sealed)), listing_of(some_tree()));
}

TEST_F(RetrievalTest, OfSeveralPacksOnlyTheDamagedOneIsFetchedAgain) {
  const SealedRelease first = leader_.release(some_tree(), 2);
  const SealedRelease second = leader_.release(next_tree(), 4);
  fetched(first);
  const Manifest manifest = leader_.manifest(second);
  ASSERT_EQ(manifest.packs.size(), 2U);
  damage_in_store(manifest.packs.back());

  EXPECT_THAT(clone_.fetch(clone_.goal(second, leader_)), FailsWith(ErrorCode::refused));
  EXPECT_TRUE(clone_.store().has_pack(manifest.packs.front().root, manifest.packs.front().size));
  EXPECT_FALSE(path_exists(clone_.store().pack_path(manifest.packs.back().root)));
  ASSERT_OK(clone_.fetch(clone_.goal(second, leader_)));

  EXPECT_EQ(listing(tree_of(second)), listing_of(next_tree()));
  EXPECT_LT(clone_.session().status(second.release.descriptor.info_hash).downloaded, kMiB);
}

TEST_F(RetrievalTest, ADamagedManifestInTheStoreIsFetchedAgain) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  write_file(clone_.path("state/manifests") / sealed.release.descriptor.manifest.hex(), "garbage");

  ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_THAT(clone_.store().manifest_bytes(sealed.release.descriptor.manifest), IsOk());
}

TEST_F(RetrievalTest, GarbageWhereAPackWasToBeFetchedToIsReplaced) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(sealed.torrent));
  std::set<std::string> complete;
  ASSERT_OK_AND_ASSIGN(const Path layout,
                       clone_.store().lay_out("peer", contents, sealed.release.descriptor.manifest, complete));
  for (const TorrentFile& file : contents.files) {
    write_file(layout / kTorrentRoot / file.name, std::string(file.size, 'x'));
  }

  ASSERT_OK(clone_.fetch(clone_.goal(sealed, leader_)));

  EXPECT_EQ(listing(tree_of(sealed)), listing_of(some_tree()));
}

// What cannot be written.

TEST_F(RetrievalTest, ATreeThatDoesNotFitIsNotBegun) {
  SealedRelease sealed = leader_.release(some_tree(), 2);
  sealed.release.descriptor.tree_size = kGiB * kGiB;

  EXPECT_THAT(clone_.start(clone_.goal(sealed, leader_)), FailsWith(ErrorCode::cannot_write, "unpacking the release"));
}

TEST_F(RetrievalTest, AFailureToUnpackIsTold) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(clone_.goal(sealed, leader_)));
  ASSERT_OK(remove_tree(tree_of(sealed)));  // by somebody else

  ASSERT_TRUE(clone_.drive(*retrieval, [&] { return !retrieval->at_work(); }));

  EXPECT_EQ(retrieval->state(), Retrieval::State::failed);
  EXPECT_FALSE(retrieval->error().message.empty());
}

TEST_F(RetrievalTest, AFailureOfTheSwarmEndsIt) {
  const SealedRelease sealed = leader_.release(some_tree(), 2, false);
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(clone_.goal(sealed, leader_)));

  retrieval->on_event(SwarmFailed{sealed.release.descriptor.info_hash, {ErrorCode::cannot_write, "disk full", {}}});

  EXPECT_EQ(retrieval->state(), Retrieval::State::failed);
  EXPECT_EQ(retrieval->error().code, ErrorCode::cannot_write);
}

TEST_F(RetrievalTest, AFailureOfAnotherTorrentIsNotOurs) {
  const SealedRelease sealed = leader_.release(some_tree(), 2);
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(clone_.goal(sealed, leader_)));

  retrieval->on_event(SwarmFailed{{sha256("another")}, {ErrorCode::cannot_write, "disk full", {}}});
  retrieval->on_event(AllArrived{{sha256("another")}});

  ASSERT_TRUE(clone_.drive(*retrieval, [&] { return !retrieval->at_work(); }));
  EXPECT_EQ(retrieval->state(), Retrieval::State::ready);
}

// What is stopped. A destructor that waited for anything would hang these tests.

TEST_F(RetrievalTest, StoppedBeforeTheManifestItEnds) {
  const SealedRelease sealed = leader_.release(some_tree(), 2, false);
  {
    ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(clone_.goal(sealed, leader_)));
    EXPECT_EQ(retrieval->state(), Retrieval::State::working);
  }
  EXPECT_EQ(clone_.session().status(sealed.release.descriptor.info_hash).wanted, 0U) << "it left the session";
}

TEST_F(RetrievalTest, StoppedInTheMiddleItEnds) {
  const SealedRelease first = leader_.release({file_of("a", noise(2 * kMiB))}, 2);
  fetched(first);
  // The manifest and the first pack are here, the second comes at a trickle.
  Leader trickling(64 * kKiB);
  trickling.release({file_of("a", noise(2 * kMiB))}, 2, false);
  const SealedRelease second = trickling.release({file_of("a", noise(2 * kMiB)), file_of("b", noise(8 * kMiB, 2))}, 4);
  ASSERT_OK(clone_.store().put_manifest(trickling.manifest_bytes(second)));
  {
    ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(clone_.goal(second, trickling)));
    ASSERT_TRUE(clone_.drive(*retrieval, [&] { return retrieval->unpacked() > 0; }));
    EXPECT_EQ(retrieval->state(), Retrieval::State::working);
  }
  EXPECT_EQ(clone_.session().status(second.release.descriptor.info_hash).wanted, 0U);
}

TEST_F(RetrievalTest, StoppedWhileItWaitsForThePacksOfATreeThatIsThereItEnds) {
  const SealedRelease sealed = leader_.release(some_tree(), 2, false);
  RetrievalGoal goal = clone_.goal(sealed, leader_);
  goal.tree_exists = true;
  const auto retrieval = clone_.start(std::move(goal));

  EXPECT_THAT(retrieval, IsOk());
}

}  // namespace swarmout::test
