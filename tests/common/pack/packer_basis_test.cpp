#include "common/pack/packer.hpp"
#include "tests/seeder/pack/numbered_trees.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace swarmout::test {

namespace {

class PackerBasis : public PackingStore {};

}  // namespace

TEST_F(PackerBasis, AnUnchangedTreeAddsNoBytes) {
  const Manifest basis = keep(mixed_tree());

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, mixed_tree(), basis));

  EXPECT_TRUE(packed.packs.empty());
  EXPECT_EQ(pack_names(packed.manifest), pack_names(basis));
  EXPECT_EQ(unpacked(store_, packed.manifest), listing_of(mixed_tree()));
}

TEST_F(PackerBasis, AChangedFileAddsOnlyItsOwnContent) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Tree tree = numbered("a", 0, 19) + Tree{file_of("a-019", noise(50 * kKiB, 12345))};

  const Manifest manifest = keep(tree, basis);

  EXPECT_EQ(new_content(manifest, basis), 50 * kKiB);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerBasis, ARenamedFileAddsNothing) {
  const Manifest basis = keep({file_of("a", noise(9 * kMiB))});

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, {file_of("b", noise(9 * kMiB), true)}, basis));

  EXPECT_TRUE(packed.packs.empty());
}

TEST_F(PackerBasis, AChangeInALargeFileAddsWhatIsNear) {
  std::string content = noise(24 * kMiB);
  const Manifest basis = keep({file_of("a", content)});
  content.insert(content.size() / 2, "a few new bytes");

  const Manifest manifest = keep({file_of("a", content)}, basis);

  EXPECT_GT(new_content(manifest, basis), 0U);
  EXPECT_LE(new_content(manifest, basis), 4 * kMaxChunk);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(Tree{file_of("a", content)}));
}

TEST_F(PackerBasis, TheRevisionOfTheBasisIsNotTakenOver) {
  Manifest basis = keep(mixed_tree());
  basis.revision = "old";

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, mixed_tree(), basis));

  EXPECT_EQ(packed.manifest.revision, "");
}

TEST_F(PackerBasis, PacksThatNobodyRefersToAreLeftOut) {
  const Manifest first = keep(numbered("a", 0, 10));
  const Manifest second = keep(numbered("a", 0, 10) + numbered("b", 0, 10), first);
  ASSERT_EQ(second.packs.size(), 2U);

  const Manifest third = keep(numbered("b", 0, 10), second);

  ASSERT_EQ(third.packs.size(), 1U);
  EXPECT_EQ(third.packs[0].root, second.packs[1].root);
  EXPECT_EQ(unpacked(store_, third), listing_of(numbered("b", 0, 10)));
}

TEST_F(PackerBasis, ATreeThatBecomesEmptyKeepsNoOldPack) {
  const Manifest basis = keep(numbered("a", 0, 10));

  const Manifest empty = keep({}, basis);
  ASSERT_EQ(empty.packs.size(), 1U);
  EXPECT_NE(empty.packs[0].root, basis.packs[0].root);
  EXPECT_EQ(keep({}, empty).packs.size(), 1U) << "and stays releasable";
}

TEST_F(PackerBasis, ALittleDeadContentIsCarriedOn) {
  const Manifest basis = keep(numbered("a", 0, 20));

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, numbered("a", 5, 20), basis));

  EXPECT_TRUE(packed.packs.empty());
  EXPECT_EQ(pack_names(packed.manifest), pack_names(basis));
}

TEST_F(PackerBasis, MuchDeadContentIsRepacked) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Tree tree = numbered("a", 7, 20);

  const Manifest manifest = keep(tree, basis);

  EXPECT_THAT(pack_names(manifest), testing::Not(testing::Contains(pack_names(basis)[0])));
  EXPECT_LE(dead_part(manifest), kMaxDead);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerBasis, RepackingTogetherWithNewContentIsCorrect) {
  const Manifest basis = keep(numbered("a", 0, 20) + Tree{file_of("large", noise(9 * kMiB))});
  const Tree tree = numbered("a", 0, 3) +
                    Tree{file_of("copy", noise(100 * kKiB, 99)), {hardlink("link", "a-001"), ""}} +
                    numbered("new", 0, 3);

  const Manifest manifest = keep(tree, basis);

  EXPECT_LE(dead_part(manifest), kMaxDead);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerBasis, OnlyThePacksWithTheMostDeadContentAreRepacked) {
  const Manifest first = keep(numbered("a", 0, 20));
  const Manifest second = keep(numbered("a", 0, 20) + numbered("b", 0, 20), first);
  ASSERT_EQ(second.packs.size(), 2U);
  const Tree tree = numbered("a", 17, 20) + numbered("b", 0, 20);

  const Manifest third = keep(tree, second);

  EXPECT_THAT(pack_names(third), testing::Contains(second.packs[1].root.hex()));
  EXPECT_THAT(pack_names(third), testing::Not(testing::Contains(second.packs[0].root.hex())));
  EXPECT_LE(dead_part(third), kMaxDead);
  EXPECT_EQ(unpacked(store_, third), listing_of(tree));
}

TEST_F(PackerBasis, RepackingGivesTheSameTwice) {
  const Manifest basis = keep(numbered("a", 0, 20));

  ASSERT_OK_AND_ASSIGN(const PackedRelease one, pack(store_, numbered("a", 10, 20), basis));
  ASSERT_OK_AND_ASSIGN(const PackedRelease two, pack(store_, numbered("a", 10, 20), basis));

  EXPECT_TRUE(encode_manifest(one.manifest) == encode_manifest(two.manifest));
}

TEST_F(PackerBasis, ManyReleasesInARowStayBelowTheLimit) {
  std::optional<Manifest> basis;
  for (std::uint32_t i = 0; i < 25; ++i) {
    const Tree tree = numbered("a", i, i + 10);
    basis = keep(tree, std::move(basis));
    EXPECT_LE(dead_part(*basis), kMaxDead) << "release " << i;
    ASSERT_EQ(unpacked(store_, *basis), listing_of(tree)) << "release " << i;
  }
}

TEST_F(PackerBasis, ADamagedPackOfTheBasisIsRefusedWhenItIsRepacked) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Path path = store_.pack_path(basis.packs.at(0).root);
  ASSERT_OK_AND_ASSIGN(std::string bytes, read_file(path, kGiB));
  bytes[bytes.size() / 2 + bytes.size() / 4] ^= 1;
  write_file(path, bytes);

  EXPECT_THAT(pack(store_, numbered("a", 10, 20), basis), FailsWith(ErrorCode::refused, path.native()));
}

TEST_F(PackerBasis, AShortPackOfTheBasisIsRefusedWhenItIsRepacked) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Path path = store_.pack_path(basis.packs.at(0).root);
  std::filesystem::resize_file(path, basis.packs[0].size - 1);

  EXPECT_THAT(pack(store_, numbered("a", 10, 20), basis), FailsWith(ErrorCode::refused, path.native()));
}

/// 9 of 20 old MiB are dead and there are 16 new ones: a quarter of what a clone fetches, below the limit.
TEST_F(PackerBasis, NewContentThatIsNotCompressedYetCountsForTheLimit) {
  const Manifest basis = keep(numbered("a", 0, 20, kMiB));
  const Tree tree = numbered("a", 9, 20, kMiB) + numbered("new", 0, 4, 4 * kMiB);

  const Manifest manifest = keep(tree, basis);

  EXPECT_THAT(pack_names(manifest), testing::Contains(pack_names(basis)[0]));
}

TEST_F(PackerBasis, TheResultDoesNotDependOnTheNumberOfProcessors) {
  const Manifest basis = keep(numbered("a", 0, 20, kMiB));
  const Tree tree = numbered("a", 9, 20, kMiB) + numbered("new", 0, 8, 4 * kMiB);
  std::set<std::string> results;
  for (const unsigned workers : {1U, 2U, 8U}) {
    PackProgress progress;
    Packer packer(store_, basis, progress, kDefaultZstdLevel, workers);
    ASSERT_OK(feed(packer, tree));
    ASSERT_OK_AND_ASSIGN(const PackedRelease packed, packer.finish());
    results.insert(encode_manifest(packed.manifest));
  }
  EXPECT_EQ(results.size(), 1U);
}

TEST_F(PackerBasis, WhatIsToldAsUnchangedGivesTheSameReleaseAsItsContent) {
  std::mt19937 random(1);
  std::map<std::string, std::string> files;
  std::optional<Manifest> basis;
  std::map<std::string, std::string> before;
  for (int step = 0; step < 20; ++step) {
    for (int i = 0; i < 12; ++i) {
      // Few contents, so that many are in several files, and in packs of several releases.
      files[fmt::format("f{:02}", random() % 40)] =
          noise(random() % 3 * 100'000, static_cast<std::uint32_t>(random() % 30));
    }
    files.erase(fmt::format("f{:02}", random() % 40));
    Tree tree;
    for (const auto& [path, content] : files) {
      tree.push_back(file_of(path, content, random() % 4 == 0));
    }
    PackProgress progress;
    Packer told(store_, basis, progress);
    for (const Given& each : tree) {
      const auto same = before.find(each.entry.path);
      if (same != before.end() && same->second == each.content && random() % 4 != 0) {
        ASSERT_OK(told.unchanged(each.entry.path, each.entry.executable, each.entry.path));
      } else {
        ASSERT_OK(feed_in_steps(told, {each}, kMiB));
      }
    }
    ASSERT_OK_AND_ASSIGN(const PackedRelease short_way, told.finish());
    ASSERT_OK_AND_ASSIGN(const PackedRelease whole, pack(store_, tree, basis));

    ASSERT_TRUE(encode_manifest(short_way.manifest) == encode_manifest(whole.manifest)) << "step " << step;
    basis = keep(tree, basis);
    before = files;
  }
}

TEST_F(PackerBasis, WhatTheBasisDoesNotHaveCannotBeUnchanged) {
  const Manifest basis = keep({{directory("d"), ""}, file_of("a", "x")});
  PackProgress progress;
  Packer packer(store_, basis, progress);

  EXPECT_THAT(packer.unchanged("new", false, "b"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(packer.unchanged("new", false, "d"), FailsWith(ErrorCode::not_found));
}

}  // namespace swarmout::test
