#include "common/pack/packer.hpp"

#include "tests/seeder/pack/numbered_trees.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

#include <set>

namespace swarmout::test {

namespace {

class PackerTest : public PackingStore {};

}  // namespace

// One tree.

TEST_F(PackerTest, AnEmptyTreeHasOnePackThatNobodyRefersTo) {
  const Manifest manifest = keep({});

  EXPECT_EQ(manifest.packs.size(), 1U);
  EXPECT_TRUE(manifest.refs.empty());
  EXPECT_TRUE(unpacked(store_, manifest).empty());
}

TEST_F(PackerTest, EmptyFilesHaveNoContent) {
  const Tree tree = {file_of("a", ""), file_of("b", "", true)};

  const Manifest manifest = keep(tree);

  EXPECT_TRUE(manifest.refs.empty());
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerTest, ATreeComesOutAsItWentIn) {
  EXPECT_EQ(unpacked(store_, keep(mixed_tree())), listing_of(mixed_tree()));
}

TEST_F(PackerTest, ATreeInAnotherOrderComesOutSorted) {
  const Tree tree = {file_of("z", "last"), file_of("a-b", "x"), {directory("a"), ""}, file_of("a/b", "y")};

  EXPECT_EQ(unpacked(store_, keep(tree)), listing_of(tree));
}

TEST_F(PackerTest, TheSameTreeGivesTheSamePacksAndManifest) {
  ASSERT_OK_AND_ASSIGN(const PackedRelease first, pack(store_, mixed_tree()));
  ASSERT_OK_AND_ASSIGN(const PackedRelease second, pack(store_, mixed_tree()));

  ASSERT_EQ(first.packs.size(), second.packs.size());
  EXPECT_EQ(first.packs[0].root, second.packs[0].root);
  EXPECT_TRUE(encode_manifest(first.manifest) == encode_manifest(second.manifest));
}

TEST_F(PackerTest, TheResultDoesNotDependOnHowTheContentArrives) {
  ASSERT_OK_AND_ASSIGN(const PackedRelease whole, pack(store_, mixed_tree(), {}, 100 * kMiB));
  for (const std::size_t step : {4097U, 700'001U}) {
    ASSERT_OK_AND_ASSIGN(const PackedRelease pieces, pack(store_, mixed_tree(), {}, step));
    EXPECT_TRUE(encode_manifest(pieces.manifest) == encode_manifest(whole.manifest)) << step;
  }
}

TEST_F(PackerTest, EqualFilesAreStoredOnce) {
  const Manifest manifest =
      keep({file_of("a", noise(kMiB)), file_of("b", noise(kMiB)), file_of("c", noise(kMiB), true)});

  EXPECT_EQ(manifest.chunks.size(), 1U);
  EXPECT_EQ(refs(manifest, "a"), refs(manifest, "b"));
  EXPECT_EQ(refs(manifest, "a"), refs(manifest, "c"));
}

TEST_F(PackerTest, EqualLargeFilesAreStoredOnce) {
  const Manifest manifest = keep({file_of("a", noise(9 * kMiB)), file_of("b", noise(9 * kMiB))});

  EXPECT_EQ(refs(manifest, "a"), refs(manifest, "b"));
  EXPECT_LT(manifest.packs.at(0).size, 10 * kMiB);
}

TEST_F(PackerTest, HardLinksShareTheirChunks) {
  const Manifest manifest =
      keep({file_of("a", noise(9 * kMiB), true), {hardlink("b", "a"), ""}, {hardlink("c", "b"), ""}});

  EXPECT_EQ(refs(manifest, "b"), refs(manifest, "a"));
  EXPECT_EQ(refs(manifest, "c"), refs(manifest, "a"));
  EXPECT_EQ(node(manifest, "c").kind, Node::Kind::executable);
  EXPECT_EQ(node(manifest, "c").size, 9 * kMiB);
}

TEST_F(PackerTest, AHardLinkToAnEmptyFileIsAnEmptyFile) {
  const Manifest manifest = keep({file_of("a", ""), {hardlink("b", "a"), ""}});

  EXPECT_TRUE(node(manifest, "b").is_file());
  EXPECT_EQ(node(manifest, "b").size, 0U);
}

TEST_F(PackerTest, AFileOfTheLargestChunkIsOneChunk) {
  const Manifest manifest = keep({file_of("a", noise(kMaxChunk))});

  EXPECT_EQ(manifest.chunks.size(), 1U);
}

TEST_F(PackerTest, ALargerFileIsCut) {
  const Manifest manifest = keep({file_of("a", noise(kMaxChunk + 1))});

  EXPECT_GT(manifest.chunks.size(), 1U);
}

TEST_F(PackerTest, ManySmallFilesShareFrames) {
  const Manifest manifest = keep(numbered("small", 0, 400, 1000));

  EXPECT_EQ(manifest.chunks.size(), 400U);
  EXPECT_EQ(manifest.frames.size(), 1U);
}

TEST_F(PackerTest, NoFrameIsLargerThanTheLimit) {
  const Manifest manifest = keep(numbered("middle", 0, 12, kMiB + 17));

  for (const Frame& each : manifest.frames) {
    EXPECT_LE(each.raw_size, kMaxFrame);
  }
  EXPECT_EQ(manifest.frames.size(), 4U);
}

TEST_F(PackerTest, LargeTreesAreSpreadOverPacks) {
  const Tree tree = numbered("large", 0, 18, 4 * kMiB);

  const Manifest manifest = keep(tree);

  EXPECT_EQ(manifest.packs.size(), 2U);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerTest, ProgressCountsEntriesContentAndPackedBytes) {
  PackProgress progress;
  Packer packer(store_, {}, progress);
  ASSERT_OK(feed(packer, mixed_tree()));
  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, packer.finish());

  EXPECT_EQ(progress.files, mixed_tree().size());
  EXPECT_EQ(progress.read, 10 + 300 * kKiB + 9 * kMiB + 17 + 300 * kKiB);
  EXPECT_EQ(progress.packed, packed.packs.at(0).size - kPackHeader);
}

TEST_F(PackerTest, WithoutAScratchDirectoryItFails) {
  ASSERT_OK(remove_tree(store_.scratch()));

  EXPECT_FALSE(pack(store_, {file_of("a", "content")}).has_value());
}

}  // namespace swarmout::test
