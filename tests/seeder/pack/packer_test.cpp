#include "seeder/pack/packer.hpp"

#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace swarmout::test {

namespace {

/// Files "NAME-0", "NAME-1", … that do not compress, from number `from` up to `to`.
Tree numbered(const std::string& name, std::uint32_t from, std::uint32_t to, std::size_t size = 100 * kKiB) {
  Tree tree;
  for (std::uint32_t i = from; i < to; ++i) {
    const auto seed = static_cast<std::uint32_t>(std::hash<std::string>()(name)) + i;
    tree.push_back(file_of(fmt::format("{}-{:03}", name, i), noise(size, seed)));
  }
  return tree;
}
Tree operator+(Tree a, const Tree& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Tree mixed_tree() {
  return {{directory("d"), ""},
          file_of("d/run", "#!/bin/sh\n", true),
          file_of("d/text", prose(300 * kKiB)),
          {symlink("d/link", "../nowhere"), ""},
          file_of("empty", ""),
          file_of("large", noise(9 * kMiB + 17)),
          file_of("same", prose(300 * kKiB)),
          {hardlink("hard", "d/run"), ""},
          {directory("void"), ""}};
}

/// What part of the bytes that a new clone fetches no file uses.
double dead_part(const Manifest& manifest) {
  std::vector<bool> live(manifest.chunks.size(), false);
  for (const std::uint32_t ref : manifest.refs) {
    live[ref] = true;
  }
  double dead = 0;
  double total = 0;
  for (const PackInfo& info : manifest.packs) {
    double raw = 0;
    double used = 0;
    for (std::uint32_t i = info.first_frame; i < info.first_frame + info.frame_count; ++i) {
      const Frame& frame = manifest.frames[i];
      for (std::uint32_t chunk = frame.first_chunk; chunk < frame.first_chunk + frame.chunk_count; ++chunk) {
        raw += manifest.chunks[chunk].size;
        used += live[chunk] ? manifest.chunks[chunk].size : 0;
      }
    }
    dead += static_cast<double>(info.size) * (1 - used / raw);
    total += static_cast<double>(info.size);
  }
  return total == 0 ? 0 : dead / total;
}

std::vector<std::string> pack_names(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const PackInfo& each : manifest.packs) {
    names.push_back(each.root.hex());
  }
  return names;
}

/// Content in packs that the basis does not have.
Bytes new_content(const Manifest& manifest, const Manifest& basis) {
  const auto old = pack_names(basis);
  Bytes total = 0;
  for (const PackInfo& each : manifest.packs) {
    if (std::find(old.begin(), old.end(), each.root.hex()) == old.end()) {
      for (std::uint32_t i = each.first_frame; i < each.first_frame + each.frame_count; ++i) {
        total += manifest.frames[i].raw_size;
      }
    }
  }
  return total;
}

const Node& node(const Manifest& manifest, const std::string& path) {
  const auto found =
      std::find_if(manifest.nodes.begin(), manifest.nodes.end(), [&](const Node& each) { return each.path == path; });
  EXPECT_NE(found, manifest.nodes.end()) << path;
  return *found;
}

std::vector<std::uint32_t> refs(const Manifest& manifest, const std::string& path) {
  const auto span = manifest.refs_of(node(manifest, path));
  return {span.begin(), span.end()};
}

class PackerTest : public testing::Test {
protected:
  Manifest keep(const Tree& tree, std::optional<Manifest> basis = {}) {
    auto manifest = pack_and_keep(store_, tree, std::move(basis));
    EXPECT_THAT(manifest, IsOk());
    return manifest.value_or(Manifest{});
  }

  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
};

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

// Against a basis.

TEST_F(PackerTest, AnUnchangedTreeAddsNoBytes) {
  const Manifest basis = keep(mixed_tree());

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, mixed_tree(), basis));

  EXPECT_TRUE(packed.packs.empty());
  EXPECT_EQ(pack_names(packed.manifest), pack_names(basis));
  EXPECT_EQ(unpacked(store_, packed.manifest), listing_of(mixed_tree()));
}

TEST_F(PackerTest, AChangedFileAddsOnlyItsOwnContent) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Tree tree = numbered("a", 0, 19) + Tree{file_of("a-019", noise(50 * kKiB, 12345))};

  const Manifest manifest = keep(tree, basis);

  EXPECT_EQ(new_content(manifest, basis), 50 * kKiB);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerTest, ARenamedFileAddsNothing) {
  const Manifest basis = keep({file_of("a", noise(9 * kMiB))});

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, {file_of("b", noise(9 * kMiB), true)}, basis));

  EXPECT_TRUE(packed.packs.empty());
}

TEST_F(PackerTest, AChangeInALargeFileAddsWhatIsNear) {
  std::string content = noise(24 * kMiB);
  const Manifest basis = keep({file_of("a", content)});
  content.insert(content.size() / 2, "a few new bytes");

  const Manifest manifest = keep({file_of("a", content)}, basis);

  EXPECT_GT(new_content(manifest, basis), 0U);
  EXPECT_LE(new_content(manifest, basis), 4 * kMaxChunk);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(Tree{file_of("a", content)}));
}

TEST_F(PackerTest, TheRevisionOfTheBasisIsNotTakenOver) {
  Manifest basis = keep(mixed_tree());
  basis.revision = "old";

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, mixed_tree(), basis));

  EXPECT_EQ(packed.manifest.revision, "");
}

TEST_F(PackerTest, PacksThatNobodyRefersToAreLeftOut) {
  const Manifest first = keep(numbered("a", 0, 10));
  const Manifest second = keep(numbered("a", 0, 10) + numbered("b", 0, 10), first);
  ASSERT_EQ(second.packs.size(), 2U);

  const Manifest third = keep(numbered("b", 0, 10), second);

  ASSERT_EQ(third.packs.size(), 1U);
  EXPECT_EQ(third.packs[0].root, second.packs[1].root);
  EXPECT_EQ(unpacked(store_, third), listing_of(numbered("b", 0, 10)));
}

TEST_F(PackerTest, ATreeThatBecomesEmptyKeepsNoOldPack) {
  const Manifest basis = keep(numbered("a", 0, 10));

  const Manifest empty = keep({}, basis);
  ASSERT_EQ(empty.packs.size(), 1U);
  EXPECT_NE(empty.packs[0].root, basis.packs[0].root);
  EXPECT_EQ(keep({}, empty).packs.size(), 1U) << "and stays releasable";
}

TEST_F(PackerTest, ALittleDeadContentIsCarriedOn) {
  const Manifest basis = keep(numbered("a", 0, 20));

  ASSERT_OK_AND_ASSIGN(const PackedRelease packed, pack(store_, numbered("a", 5, 20), basis));

  EXPECT_TRUE(packed.packs.empty());
  EXPECT_EQ(pack_names(packed.manifest), pack_names(basis));
}

TEST_F(PackerTest, MuchDeadContentIsRepacked) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Tree tree = numbered("a", 7, 20);

  const Manifest manifest = keep(tree, basis);

  EXPECT_THAT(pack_names(manifest), testing::Not(testing::Contains(pack_names(basis)[0])));
  EXPECT_LE(dead_part(manifest), kMaxDead);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerTest, RepackingTogetherWithNewContentIsCorrect) {
  const Manifest basis = keep(numbered("a", 0, 20) + Tree{file_of("large", noise(9 * kMiB))});
  const Tree tree = numbered("a", 0, 3) +
                    Tree{file_of("copy", noise(100 * kKiB, 99)), {hardlink("link", "a-001"), ""}} +
                    numbered("new", 0, 3);

  const Manifest manifest = keep(tree, basis);

  EXPECT_LE(dead_part(manifest), kMaxDead);
  EXPECT_EQ(unpacked(store_, manifest), listing_of(tree));
}

TEST_F(PackerTest, OnlyThePacksWithTheMostDeadContentAreRepacked) {
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

TEST_F(PackerTest, RepackingGivesTheSameTwice) {
  const Manifest basis = keep(numbered("a", 0, 20));

  ASSERT_OK_AND_ASSIGN(const PackedRelease one, pack(store_, numbered("a", 10, 20), basis));
  ASSERT_OK_AND_ASSIGN(const PackedRelease two, pack(store_, numbered("a", 10, 20), basis));

  EXPECT_TRUE(encode_manifest(one.manifest) == encode_manifest(two.manifest));
}

TEST_F(PackerTest, ManyReleasesInARowStayBelowTheLimit) {
  std::optional<Manifest> basis;
  for (std::uint32_t i = 0; i < 25; ++i) {
    const Tree tree = numbered("a", i, i + 10);
    basis = keep(tree, std::move(basis));
    EXPECT_LE(dead_part(*basis), kMaxDead) << "release " << i;
    ASSERT_EQ(unpacked(store_, *basis), listing_of(tree)) << "release " << i;
  }
}

TEST_F(PackerTest, ADamagedPackOfTheBasisIsRefusedWhenItIsRepacked) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Path path = store_.pack_path(basis.packs.at(0).root);
  ASSERT_OK_AND_ASSIGN(std::string bytes, read_file(path, kGiB));
  bytes[bytes.size() / 2 + bytes.size() / 4] ^= 1;
  write_file(path, bytes);

  EXPECT_THAT(pack(store_, numbered("a", 10, 20), basis), FailsWith(ErrorCode::refused, path.native()));
}

TEST_F(PackerTest, AShortPackOfTheBasisIsRefusedWhenItIsRepacked) {
  const Manifest basis = keep(numbered("a", 0, 20));
  const Path path = store_.pack_path(basis.packs.at(0).root);
  std::filesystem::resize_file(path, basis.packs[0].size - 1);

  EXPECT_THAT(pack(store_, numbered("a", 10, 20), basis), FailsWith(ErrorCode::refused, path.native()));
}

/// 9 of 20 old MiB are dead and there are 16 new ones: a quarter of what a clone fetches, below the limit.
TEST_F(PackerTest, NewContentThatIsNotCompressedYetCountsForTheLimit) {
  const Manifest basis = keep(numbered("a", 0, 20, kMiB));
  const Tree tree = numbered("a", 9, 20, kMiB) + numbered("new", 0, 4, 4 * kMiB);

  const Manifest manifest = keep(tree, basis);

  EXPECT_THAT(pack_names(manifest), testing::Contains(pack_names(basis)[0]));
}

TEST_F(PackerTest, TheResultDoesNotDependOnTheNumberOfProcessors) {
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

}  // namespace swarmout::test
