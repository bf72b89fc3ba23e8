// Packs that are not what the manifest says, and links where there should be directories: refused, and nothing is
// written outside (UnpackingTest looks at that at the end of each test).

#include "common/release/zstd_codec.hpp"
#include "tests/peer/tree/unpacking.hpp"
#include "tests/support/name_of.hpp"

#include <unistd.h>

namespace swarmout::test {

namespace {

using UnpackHostileTest = UnpackingTest;

std::string zstd(const std::string& content) {
  return std::string(as_text(ZstdCompressor().compress(as_bytes(content))));
}

/// One pack with one frame, which should hold one chunk of `stated`, the content of "dir/file".
struct HandMade {
  HandMade(const Path& path, const std::string& frame, const std::string& stated) : file(path) {
    auto writer = PackWriter::create(path);
    EXPECT_THAT(writer, IsOk());
    EXPECT_THAT(writer->append(as_bytes(frame)), IsOk());
    const auto pack = writer->finish();
    EXPECT_THAT(pack, IsOk());
    manifest.packs.push_back({pack->root, pack->size, 0, 1});
    manifest.frames.push_back(
        {static_cast<std::uint32_t>(frame.size()), static_cast<std::uint32_t>(stated.size()), 0, 1});
    manifest.chunks.push_back({sha256(stated), static_cast<std::uint32_t>(stated.size())});
    manifest.nodes.push_back({"dir", Node::Kind::directory, "", 0, 0, 0});
    manifest.nodes.push_back({"dir/file", Node::Kind::file, "", stated.size(), 0, 1});
    manifest.refs.push_back(0);
  }
  Manifest manifest;
  Path file;
};

struct BadFrame {
  std::string name;
  std::string frame;
  std::string stated;
};

std::vector<BadFrame> bad_frames() {
  const std::string content = prose(100 * kKiB);
  std::string flipped = zstd(noise(100 * kKiB));
  flipped[50 * kKiB] ^= 1;
  const std::string whole = zstd(content);
  return {
      {"NoZstdAtAll", noise(1000), content},
      {"ADamagedOne", whole.substr(0, 500) + std::string(500, '\xff') + whole.substr(1000), content},
      {"ACutOne", whole.substr(0, whole.size() - 1), content},
      {"OneThatExpandsBeyondWhatIsStated", zstd(std::string(64 * kMiB, '\0')), std::string(1000, '\0')},
      {"OneThatExpandsToOneByteMore", zstd(content + "x"), content},
      {"OneThatHoldsLess", whole, content + "x"},
      {"TwoInPlaceOfOne", zstd(content.substr(0, 1000)) + zstd(content.substr(1000)), content},
      {"OneWithSomethingBehindIt", whole + "x", content},
      {"OneWithOtherContentOfTheSameSize", zstd(prose(100 * kKiB, 2)), content},
      {"OneWhoseStoredBytesHaveABitFlipped", flipped, noise(100 * kKiB)},
      {"AnEmptyOne", zstd(""), content},
  };
}

class UnpackBadFrameTest : public UnpackingTest, public testing::WithParamInterface<BadFrame> {};

struct BadPack {
  std::string name;
  std::function<std::string(std::string)> damage;
};

std::vector<BadPack> bad_packs() {
  return {
      {"OneThatIsCut", [](std::string pack) { return pack.substr(0, pack.size() / 2); }},
      {"OneThatIsShorterByAByte", [](std::string pack) { return pack.substr(0, pack.size() - 1); }},
      {"OneThatIsLonger", [](std::string pack) { return pack + "x"; }},
      {"AnEmptyFile", [](std::string) { return std::string(); }},
      {"OneOfAnotherVersion", [](std::string pack) { return pack.replace(15, 1, "\x02"); }},
      {"OneWithoutAHeader", [](std::string pack) { return pack.replace(0, 16, std::string(16, '\0')); }},
      {"ZerosOfTheRightSize",
       [](std::string pack) { return pack.substr(0, 16) + std::string(pack.size() - 16, '\0'); }},
  };
}

class UnpackBadPackTest : public UnpackingTest, public testing::WithParamInterface<BadPack> {};

}  // namespace

TEST_P(UnpackBadFrameTest, IsRefusedAndNothingOfItIsInTheTree) {
  const HandMade release(temp_ / "target.pack", GetParam().frame, GetParam().stated);
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(release.manifest, target_, nullptr));

  EXPECT_THAT(unpacker->unpack(0, release.file), FailsWith(ErrorCode::refused));

  EXPECT_EQ(unpacker->written(), 0U);
  EXPECT_FALSE(path_exists(target_ / "dir/file"));
}
INSTANTIATE_TEST_SUITE_P(AFrame, UnpackBadFrameTest, testing::ValuesIn(bad_frames()), kNameOf);

TEST_P(UnpackBadPackTest, IsRefusedAndNothingOfItIsInTheTree) {
  const Manifest manifest = packed({{directory("dir"), ""}, file_of("dir/file", prose(900 * kKiB))});
  const Path bad = temp_ / "target.pack";
  write_file(bad, GetParam().damage(read_file(pack_file(manifest, 0), kGiB).value()));
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));

  EXPECT_THAT(unpacker->unpack(0, bad), FailsWith(ErrorCode::refused));

  EXPECT_EQ(unpacker->written(), 0U);
  EXPECT_FALSE(path_exists(target_ / "dir/file"));
}
INSTANTIATE_TEST_SUITE_P(APack, UnpackBadPackTest, testing::ValuesIn(bad_packs()), kNameOf);

TEST_F(UnpackHostileTest, ABadChunkNamesItsFile) {
  const HandMade release(temp_ / "target.pack", zstd("other"), "these");
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(release.manifest, target_, nullptr));

  EXPECT_THAT(unpacker->unpack(0, release.file), FailsWith(ErrorCode::refused, "\"dir/file\""));
}

TEST_F(UnpackHostileTest, ALinkInPlaceOfADirectoryIsNotFollowedAtTheStart) {
  write_symlink(target_ / "dir", "../outside");
  const Manifest manifest = packed({{directory("dir"), ""}, file_of("dir/file", "x"), file_of("dir/empty", "")});

  EXPECT_FALSE(Unpacker::start(manifest, target_, nullptr));
}

TEST_F(UnpackHostileTest, ALinkThatTakesADirectorysPlaceIsNotFollowed) {
  const Manifest manifest = packed({{directory("dir"), ""}, file_of("dir/file", "x")});
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));
  ASSERT_EQ(::rmdir((target_ / "dir").c_str()), 0);
  write_symlink(target_ / "dir", "../outside");

  EXPECT_FALSE(unpacker->unpack(0, pack_file(manifest, 0)));
}

TEST_F(UnpackHostileTest, ALinkHigherUpIsNotFollowed) {
  const Manifest manifest = packed({{directory("a"), ""}, {directory("a/b"), ""}, file_of("a/b/file", "x")});
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));
  ASSERT_OK(remove_tree(target_ / "a"));
  std::filesystem::create_directories(temp_ / "target-other/b");
  write_symlink(target_ / "a", "../target-other");

  EXPECT_FALSE(unpacker->unpack(0, pack_file(manifest, 0)));

  EXPECT_FALSE(path_exists(temp_ / "target-other/b/file"));
}

TEST_F(UnpackHostileTest, ALinkInPlaceOfAFileIsNotFollowed) {
  const Manifest manifest = packed({file_of("file", "x")});
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));
  write_symlink(target_ / "file", "../outside/precious");

  EXPECT_FALSE(unpacker->unpack(0, pack_file(manifest, 0)));
}

TEST_F(UnpackHostileTest, ALinkInPlaceOfAnEmptyFileIsNotFollowed) {
  write_symlink(target_ / "empty", "../outside/new");
  const Manifest manifest = packed({file_of("empty", "")});

  EXPECT_FALSE(Unpacker::start(manifest, target_, nullptr));
}

TEST_F(UnpackHostileTest, ALinkIsNotMadeThroughALink) {
  const Manifest manifest = packed({{directory("dir"), ""}, {symlink("dir/link", "x"), ""}});
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));
  ASSERT_EQ(::rmdir((target_ / "dir").c_str()), 0);
  write_symlink(target_ / "dir", "../outside");

  EXPECT_FALSE(unpacker->finish());
}

TEST_F(UnpackHostileTest, ALinkOfTheTreeMayPointAnywhereAndIsNotFollowed) {
  const Tree tree = {{symlink("abs", outside_.native()), ""}, {symlink("up", "../outside/precious"), ""}};
  const Manifest manifest = packed(tree);

  ASSERT_OK(unpack_all(manifest, target_));

  EXPECT_EQ(listing(target_), listing_of(tree));
}

}  // namespace swarmout::test
