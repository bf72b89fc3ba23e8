#include "common/release/store.hpp"

#include "tests/common/release/storing.hpp"

namespace swarmout::test {

TEST_F(StoreTest, OpeningItAgainFindsWhatWasThere) {
  const PackFile pack = added("content");

  ASSERT_OK_AND_ASSIGN(const Store again, Store::open(temp_ / "state"));

  EXPECT_TRUE(again.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, ItCannotBeWhereAFileIs) {
  write_file(temp_ / "file", "");

  EXPECT_FALSE(Store::open(temp_ / "file").has_value());
}

// Packs.

TEST_F(StoreTest, AnAddedPackIsThere) {
  const PackFile pack = added(noise(100'000));

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
  EXPECT_EQ(hash_leaves(store_.pack_path(pack.root)).value_or(LeafHashes{}), pack.leaves);
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
}

TEST_F(StoreTest, APackOfAnotherSizeIsNotThere) {
  const PackFile pack = added("content");

  EXPECT_FALSE(store_.has_pack(pack.root, pack.size + 1));
  EXPECT_FALSE(store_.has_pack(sha256("other"), pack.size));
}

TEST_F(StoreTest, AddingAPackAgainLeavesOne) {
  const PackFile pack = added("content");
  added("content");

  EXPECT_THAT(names_in(store_.state() / "packs"), testing::SizeIs(2)) << "the pack and its leaves";
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, AnArrivedPackIsAdoptedAndStaysWhereItIs) {
  const PackFile pack = packed(noise(100'000));
  const Path arrived = temp_ / "arrived";
  std::filesystem::rename(pack.path, arrived);

  ASSERT_OK(store_.adopt_pack(arrived, pack.root));

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
  EXPECT_EQ(inode_of(store_.pack_path(pack.root)), inode_of(arrived)) << "a link, not a copy";
  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
}

TEST_F(StoreTest, AnAdoptedPackIsReadOnly) {
  const PackFile pack = packed("content");
  ASSERT_EQ(::chmod(pack.path.c_str(), 0644), 0);

  ASSERT_OK(store_.adopt_pack(pack.path, pack.root));

  struct stat info {};
  ASSERT_EQ(::stat(store_.pack_path(pack.root).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0222, 0U);
}

TEST_F(StoreTest, ADamagedPackIsNotAdopted) {
  const PackFile pack = packed(noise(100'000));
  damage(pack.path);

  EXPECT_THAT(store_.adopt_pack(pack.path, pack.root), FailsWith(ErrorCode::refused, "damaged"));
  EXPECT_FALSE(store_.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, AMissingPackIsNotAdopted) {
  EXPECT_THAT(store_.adopt_pack(temp_ / "none", sha256("x")), FailsWith(ErrorCode::not_found));
}

TEST_F(StoreTest, AdoptingAPackMendsADamagedOne) {
  const PackFile pack = added(noise(100'000));
  std::filesystem::copy_file(store_.pack_path(pack.root), temp_ / "whole");
  damage(store_.pack_path(pack.root));

  ASSERT_OK(store_.adopt_pack(temp_ / "whole", pack.root));

  EXPECT_EQ(hash_leaves(store_.pack_path(pack.root)).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, AdoptingAPackThatCameFromTheStoreLeavesNothingBehind) {
  const PackFile pack = added("content");
  std::filesystem::create_hard_link(store_.pack_path(pack.root), temp_ / "laid out");

  ASSERT_OK(store_.adopt_pack(temp_ / "laid out", pack.root));

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
}

// Leaves.

TEST_F(StoreTest, LeavesAreRemembered) {
  const PackFile pack = added(noise(100'000));
  ASSERT_OK(remove_tree(store_.pack_path(pack.root)));

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves) << "without looking at the pack";
}

TEST_F(StoreTest, MissingLeavesAreComputed) {
  const PackFile pack = added(noise(100'000));
  ASSERT_OK(remove_tree(leaves_file(pack.root)));

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, DamagedLeavesAreComputedAgain) {
  const PackFile pack = added(noise(100'000));
  damage(leaves_file(pack.root));

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, TruncatedLeavesAreComputedAgain) {
  const PackFile pack = added(noise(100'000));
  ASSERT_EQ(::truncate(leaves_file(pack.root).c_str(), 40), 0);

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, LeavesOfADamagedPackAreRefused) {
  const PackFile pack = added(noise(100'000));
  ASSERT_OK(remove_tree(leaves_file(pack.root)));
  damage(store_.pack_path(pack.root));

  EXPECT_THAT(store_.leaves_of(pack.root), FailsWith(ErrorCode::refused, "damaged"));
}

TEST_F(StoreTest, LeavesOfAPackThatIsNotThereAreNotFound) {
  EXPECT_THAT(store_.leaves_of(sha256("x")), FailsWith(ErrorCode::not_found));
}

// Manifests.

TEST_F(StoreTest, AManifestIsFoundByItsDigest) {
  ASSERT_OK(store_.put_manifest("bytes"));

  EXPECT_EQ(store_.manifest_bytes(sha256("bytes")).value_or("error"), "bytes");
}

TEST_F(StoreTest, ThePacksOfAManifestAreReadOnceByAStoreAndItsCopies) {
  Manifest manifest;
  manifest.packs = {{sha256("a pack"), kPackHeader, 0, 1}};
  manifest.frames = {{100, 5, 0, 1}};
  manifest.chunks = {{sha256("chunk"), 5}};
  const std::string bytes = encode_manifest(manifest);
  ASSERT_OK(store_.put_manifest(bytes));
  ASSERT_OK(store_.packs_of(sha256(bytes)));

  std::filesystem::remove(store_.state() / "manifests" / sha256(bytes).hex());

  const Store copy = store_;
  ASSERT_OK_AND_ASSIGN(const auto packs, copy.packs_of(sha256(bytes)));
  ASSERT_EQ(packs.size(), 1U);
  EXPECT_EQ(packs[0].root, sha256("a pack"));
  EXPECT_EQ(packs[0].size, kPackHeader + 100);
  ASSERT_OK_AND_ASSIGN(const Store another, Store::open(store_.state()));
  EXPECT_THAT(another.packs_of(sha256(bytes)), FailsWith(ErrorCode::not_found));
}

TEST_F(StoreTest, PacksThatNobodyAsksForAreNotRemembered) {
  KnownPacks known;
  int read = 0;
  const auto manifest = [&]() -> Result<std::string> {
    ++read;
    return encode_manifest({});
  };
  ASSERT_OK(known.of(sha256("1"), manifest));
  known.begin_round();
  ASSERT_OK(known.of(sha256("1"), manifest));
  EXPECT_EQ(read, 1) << "it was asked for in the last round";

  known.begin_round();
  known.begin_round();

  ASSERT_OK(known.of(sha256("1"), manifest));
  EXPECT_EQ(read, 2);
}

TEST_F(StoreTest, AMissingManifestIsNotFound) {
  EXPECT_THAT(store_.manifest_bytes(sha256("bytes")), FailsWith(ErrorCode::not_found));
}

TEST_F(StoreTest, ADamagedManifestIsRefused) {
  ASSERT_OK(store_.put_manifest("bytes"));
  damage(store_.state() / "manifests" / sha256("bytes").hex());

  EXPECT_THAT(store_.manifest_bytes(sha256("bytes")), FailsWith(ErrorCode::refused, "damaged"));
}

// Records.

TEST_F(StoreTest, ReleasesAreNewestFirst) {
  for (const std::uint64_t position : {9U, 10U, 2U, 100U}) {
    recorded(position, {});
  }

  EXPECT_THAT(positions(), testing::ElementsAre(100, 10, 9, 2));
}

TEST_F(StoreTest, ARecordKeepsTextAndSignature) {
  recorded(7, {});

  ASSERT_OK_AND_ASSIGN(const auto releases, store_.releases());

  ASSERT_EQ(releases.size(), 1U);
  EXPECT_EQ(releases[0].text, encode(releases[0].descriptor));
  EXPECT_EQ(releases[0].signature, "signature");
}

TEST_F(StoreTest, DamagedRecordsAreLeftOut) {
  recorded(7, {});
  write_file(store_.state() / "releases" / "00000008", "damaged");
  write_file(store_.state() / "releases" / "00000009", "");
  write_file(store_.state() / "releases" / "00000010", std::string(kMiB, 'x'));
  ASSERT_OK(make_directories(store_.state() / "releases" / "00000011"));

  EXPECT_THAT(positions(), testing::ElementsAre(7));
}

}  // namespace swarmout::test
