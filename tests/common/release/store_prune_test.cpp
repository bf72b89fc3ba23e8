// What is removed of a store, and what stays.

#include "tests/common/release/storing.hpp"

namespace swarmout::test {

TEST_F(StoreTest, WhatIsLaidOutWithoutARecordIsOnItsWayAndStays) {
  recorded(7, {added("seven")});
  recorded(8, {added("eight")});
  const PackFile waits = added("nine");
  const Digest manifest = recorded(9, {waits});
  const std::string bytes = store_.manifest_bytes(manifest).value();
  ASSERT_OK(remove_tree(store_.state() / "releases/00000009"));  // it is written with the activation
  write_file(store_.state() / "swarm" / ("peer-" + std::string(40, 'a')) / kTorrentRoot / kManifestName, bytes);

  ASSERT_THAT(store_.prune(1), IsOk());

  EXPECT_THAT(positions(), testing::ElementsAre(8));
  EXPECT_TRUE(store_.has_pack(waits.root, waits.size));
  EXPECT_THAT(store_.manifest_bytes(manifest), IsOk());
  ASSERT_OK(store_.remove_layouts("peer"));
  recorded(10, {added("ten")});
  ASSERT_THAT(store_.prune(1), IsOk());
  EXPECT_FALSE(store_.has_pack(waits.root, waits.size)) << "it came to nothing";
}

TEST_F(StoreTest, PruningKeepsWhatTheNewestReleasesName) {
  const PackFile old = added("old");
  const PackFile shared = added("shared");
  const PackFile recent = added("recent");
  const Digest old_manifest = recorded(2, {old, shared});
  const Digest recent_manifest = recorded(4, {shared, recent});

  ASSERT_OK(store_.prune(1));

  EXPECT_THAT(positions(), testing::ElementsAre(4));
  EXPECT_FALSE(store_.has_pack(old.root, old.size));
  EXPECT_FALSE(path_exists(leaves_file(old.root)));
  EXPECT_TRUE(store_.has_pack(shared.root, shared.size));
  EXPECT_TRUE(path_exists(leaves_file(shared.root)));
  EXPECT_TRUE(store_.has_pack(recent.root, recent.size));
  EXPECT_THAT(store_.manifest_bytes(old_manifest), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(store_.manifest_bytes(recent_manifest), IsOk());
}

TEST_F(StoreTest, PruningRemovesPacksThatNobodyNames) {
  const PackFile stray = added("stray");
  recorded(2, {added("named")});

  ASSERT_OK(store_.prune(3));

  EXPECT_FALSE(store_.has_pack(stray.root, stray.size));
  EXPECT_THAT(names_in(store_.state() / "packs"), testing::SizeIs(2));
}

TEST_F(StoreTest, PruningWaitsForWhoIsStillAddingPacks) {
  const PackFile stray = added("stray");
  {
    ASSERT_OK_AND_ASSIGN(const Fd writer, store_.lock_for_writing());
    ASSERT_OK(store_.prune(3));
    EXPECT_TRUE(store_.has_pack(stray.root, stray.size));
  }

  ASSERT_OK(store_.prune(3));

  EXPECT_FALSE(store_.has_pack(stray.root, stray.size));
}

TEST_F(StoreTest, TwoMayAddPacksAtOnce) {
  ASSERT_OK_AND_ASSIGN(const Fd first, store_.lock_for_writing());

  EXPECT_THAT(store_.lock_for_writing(), IsOk());
}

TEST_F(StoreTest, PruningRemovesNothingIfAKeptManifestIsMissing) {
  const PackFile pack = added("content");
  const Digest manifest = recorded(2, {pack});
  ASSERT_OK(remove_tree(store_.state() / "manifests" / manifest.hex()));

  EXPECT_FALSE(store_.prune(3).has_value());

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size)) << "it may be the one that is active";
}

TEST_F(StoreTest, PruningAnEmptyStoreIsFine) {
  EXPECT_THAT(store_.prune(3), IsOk());
}

TEST_F(StoreTest, NothingIsForgottenWhilePinsCannotBeRead) {
  const PackFile pack = added("old");
  recorded(2, {pack});
  recorded(4, {added("recent")});
  write_file(store_.state() / "pins", "not a directory");

  EXPECT_THAT(store_.prune(1), FailsWith(ErrorCode::temporary, "pins"));

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
  EXPECT_THAT(positions(), testing::ElementsAre(4, 2));
}

TEST_F(StoreTest, NothingIsForgottenWhileNobodyCanSayWhatIsOnItsWay) {
  const PackFile stray = added("stray");
  recorded(2, {added("recent")});
  const Path layouts = store_.state() / "swarm";
  std::filesystem::rename(layouts, temp_ / "away");
  write_file(layouts, "not a directory");

  EXPECT_THAT(store_.forget({}), FailsWith(ErrorCode::temporary, "swarm"));
  EXPECT_TRUE(store_.has_pack(stray.root, stray.size));

  std::filesystem::remove(layouts);
  EXPECT_THAT(store_.forget({}), IsOk()) << "where nothing was ever laid out, nothing is on its way";
  EXPECT_FALSE(store_.has_pack(stray.root, stray.size));
}

TEST_F(StoreTest, NothingIsForgottenWhileAManifestOnItsWayCannotBeRead) {
  const PackFile stray = added("stray");
  recorded(2, {added("recent")});
  const Path files = store_.state() / "swarm" / ("peer-" + std::string(40, 'a')) / kTorrentRoot;
  ASSERT_OK(make_directories(files / kManifestName));  // read(2) of a directory fails, for root too

  EXPECT_THAT(store_.forget({}), FailsWith(ErrorCode::temporary, std::string(kManifestName)));
  EXPECT_TRUE(store_.has_pack(stray.root, stray.size));

  std::filesystem::remove(files / kManifestName);
  EXPECT_THAT(store_.forget({}), IsOk()) << "it has not begun to come";
  EXPECT_FALSE(store_.has_pack(stray.root, stray.size));
}

TEST_F(StoreTest, NothingIsForgottenWhileARecordCannotBeRead) {
  const PackFile stray = added("stray");
  recorded(2, {added("recent")});
  ASSERT_OK(make_directories(store_.state() / "releases/00000004"));

  EXPECT_THAT(store_.forget({}), FailsWith(ErrorCode::temporary, "00000004"));
  EXPECT_TRUE(store_.has_pack(stray.root, stray.size)) << "it may be what that release needs";
  EXPECT_THAT(positions(), testing::ElementsAre(2)) << "to whoever only looks it is left out";
}

TEST_F(StoreTest, NothingIsForgottenWhileANeededManifestCannotBeRead) {
  const PackFile stray = added("stray");
  const Digest needed = sha256("on its way");
  ASSERT_OK(make_directories(store_.state() / "manifests" / needed.hex()));

  EXPECT_THAT(store_.forget({}, {needed}), FailsWith(ErrorCode::temporary, needed.hex()));
  EXPECT_TRUE(store_.has_pack(stray.root, stray.size));
}

TEST_F(StoreTest, WhatIsPinnedByNowIsNotForgotten) {
  const PackFile pack = added("old");
  const Digest manifest = recorded(2, {pack});
  ASSERT_OK_AND_ASSIGN(const auto releases, store_.releases());
  write_file(store_.state() / "pins" / manifest.hex(), "");

  ASSERT_OK_AND_ASSIGN(const auto gone, store_.forget({digest_of(releases.at(0))}));

  ASSERT_TRUE(gone);
  EXPECT_THAT(*gone, testing::IsEmpty());
  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, NothingIsForgottenWhileSomebodyPins) {
  const PackFile stray = added("stray");
  ASSERT_OK_AND_ASSIGN(const auto pinning, store_.lock_pins());
  ASSERT_TRUE(pinning);
  ASSERT_OK_AND_ASSIGN(const auto another, store_.lock_pins(std::chrono::milliseconds(1)));

  EXPECT_FALSE(another);
  ASSERT_OK_AND_ASSIGN(const auto gone, store_.forget({}));
  EXPECT_FALSE(gone);
  EXPECT_TRUE(store_.has_pack(stray.root, stray.size));
}

TEST_F(StoreTest, WhatIsOnItsWayIsNotForgotten) {
  const PackFile pack = added("fetched");
  const Digest manifest = recorded(2, {pack});
  ASSERT_OK(remove_tree(store_.state() / "releases" / "00000002"));

  ASSERT_OK(store_.forget({}, {manifest, sha256("whose manifest is not here yet")}));
  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));

  ASSERT_OK(store_.forget({}));
  EXPECT_FALSE(store_.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, ARecordThatDidNotGetItsNameIsNoneAndHoldsUpNoPruning) {
  recorded(7, {added("seven")});
  recorded(8, {added("eight")});
  const Path left = store_.state() / "releases/.tmp-0123456789abcdef";  // the process was killed before it had its name
  std::filesystem::copy_file(store_.state() / "releases/00000007", left);
  EXPECT_THAT(positions(), testing::ElementsAre(8, 7));

  ASSERT_THAT(store_.prune(1), IsOk());
  recorded(9, {added("nine")});
  ASSERT_THAT(store_.prune(1), IsOk());

  EXPECT_THAT(positions(), testing::ElementsAre(9));
  ASSERT_THAT(store_.clear_scratch(), IsOk());
  EXPECT_FALSE(path_exists(left));
}

}  // namespace swarmout::test
