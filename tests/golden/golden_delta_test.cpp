#include "tests/golden/golden_delta.hpp"

#include "common/delta/delta_torrent.hpp"
#include "common/release/signing.hpp"
#include "seeder/delta/delta_maker.hpp"
#include "tests/golden/golden_fleet.hpp"
#include "tests/support/delta_trees.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

std::string golden_delta() {
  return read_file(golden_directory() / "deltas/delta", kMiB).value_or("");
}

}  // namespace

void make_golden_delta(const Path& directory) {
  const MadeTree old = tree_before_delta();
  const MadeTree fresh = tree_after_delta();
  const Manifest before = manifest_of(old);
  const Manifest after = manifest_of(fresh);
  MadeContents old_contents(old, before);
  MadeContents fresh_contents(fresh, after);
  ASSERT_OK_AND_ASSIGN(const auto delta, make_delta(before, after, old_contents, fresh_contents, {.level = 19}));
  ASSERT_OK_AND_ASSIGN(const SealedTorrent torrent, seal_delta(delta.value(), sha256(kGoldenBefore), ""));
  write_file(directory / "delta", *delta);
  write_file(directory / "torrent", torrent.bytes);
}

TEST(GoldenDelta, IsReadAndMakesItsTree) {
  const std::string delta = golden_delta();
  const MadeTree old = tree_before_delta();
  const Manifest before = manifest_of(old);
  ASSERT_OK_AND_ASSIGN(const DeltaReader reader, DeltaReader::open(as_bytes(delta), before));
  EXPECT_EQ(reader.makes(), manifest_of(tree_after_delta()).tree_digest());
  MadeContents contents(old, before);
  MadeSink sink(old, before, reader.nodes());

  ASSERT_OK(reader.apply(contents, sink));

  EXPECT_TRUE(sink.tree == tree_after_delta());
}

TEST(GoldenDelta, HasEachKindOfStepAndOfPiece) {
  const std::string delta = golden_delta();
  const Manifest before = manifest_of(tree_before_delta());
  ASSERT_OK_AND_ASSIGN(const DeltaReader reader, DeltaReader::open(as_bytes(delta), before));
  std::set<RecipeStep::Kind> steps;
  std::set<RecipeStep::Piece::Kind> pieces;
  for (const RecipeStep& step : reader.recipe().steps) {
    steps.insert(step.kind);
    for (const RecipeStep::Piece& piece : step.pieces) {
      pieces.insert(piece.kind);
    }
  }

  EXPECT_EQ(steps.size(), 5U);
  EXPECT_GE(pieces.size(), 2U);
}

TEST(GoldenDelta, HasTheTorrentOfItsBytes) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, read_file(golden_directory() / "deltas/torrent", kMiB));
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(bytes));
  ASSERT_OK_AND_ASSIGN(const SealedTorrent torrent, seal_delta(golden_delta(), sha256(kGoldenBefore), ""));

  EXPECT_EQ(contents.info_hash, torrent.info_hash);
  EXPECT_EQ(contents.info_hash.hex(), "94f9980ff562923893b6ac849f543d9a678f27cf80bb9b5cc6cde76ba3ecb5b1");
  ASSERT_THAT(contents.files, testing::SizeIs(2));
  EXPECT_EQ(contents.files[0].name, "delta");
  EXPECT_EQ(contents.files[0].size, golden_delta().size());
  EXPECT_EQ(contents.files[1].name, "delta.before");
}

TEST(GoldenDelta, IsNamedInADescriptor) {
  const auto files = files_below(golden_directory() / "descriptors");
  ASSERT_OK_AND_ASSIGN(const VerifyKey key, VerifyKey::load(golden_directory() / "keys/swarmout.pub"));
  EXPECT_THAT(key.verify(files.at("delta"), files.at("delta.minisig")), IsOk());
  ASSERT_OK_AND_ASSIGN(const Descriptor read, decode_descriptor(files.at("delta")));

  EXPECT_EQ(read.delta, (DeltaRef{sha256("before"), sha256("delta file"), 1006, 100'007, 3}));
  EXPECT_EQ(delta_blob(read), "00000002-" + sha256("delta file").hex() + ".delta");
}

}  // namespace swarmout::test
