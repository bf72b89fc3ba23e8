#include "common/release/tree_path.hpp"
#include "tests/common/release/manifest_wire.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/name_of.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <zstd.h>

#include <limits>

namespace swarmout::test {

namespace {

std::string long_path(std::size_t size) {
  std::string path;
  while (path.size() < size) {
    path += "d/";
  }
  path.resize(size - 1);
  return path + "f";
}

}  // namespace

TEST(ManifestHostileTest, TheManifestThatTheOthersSpoilIsFine) {
  EXPECT_THAT(decode_manifest(to_frame(good_wire())), IsOk());
}

// Messages with one thing wrong.

namespace {

struct Hostile {
  const char* name;
  std::function<void(format::Manifest&)> spoil;
  const char* says;
};
void PrintTo(const Hostile& hostile, std::ostream* out) {
  *out << hostile.name;
}
class HostileManifest : public testing::TestWithParam<Hostile> {};

}  // namespace

TEST_P(HostileManifest, IsRefused) {
  format::Manifest wire = good_wire();
  GetParam().spoil(wire);

  EXPECT_THAT(decode_manifest(to_frame(wire)), FailsWith(ErrorCode::refused, GetParam().says));
}

namespace {

Hostile at_path(const char* name, std::string path) {
  return {name, [path = std::move(path)](format::Manifest& wire) { wire.mutable_nodes(0)->set_path(path); },
          "is not a path inside the tree"};
}
Hostile with_steps(const char* name, std::initializer_list<std::int64_t> steps) {
  return {name,
          [steps = std::vector(steps)](format::Manifest& wire) {
            wire.mutable_nodes(1)->clear_chunk_steps();
            wire.mutable_nodes(1)->mutable_chunk_steps()->Add(steps.begin(), steps.end());
          },
          "refers to a chunk that is not there"};
}
Hostile with_frame(const char* name, std::function<void(format::Frame&)> spoil, const char* says) {
  return {name,
          [spoil = std::move(spoil)](format::Manifest& wire) { spoil(*wire.mutable_packs(0)->mutable_frames(0)); },
          says};
}
constexpr auto kMin64 = std::numeric_limits<std::int64_t>::min();
constexpr auto kMax64 = std::numeric_limits<std::int64_t>::max();

}  // namespace

INSTANTIATE_TEST_SUITE_P(Paths, HostileManifest,
                         testing::Values(at_path("Empty", ""), at_path("Absolute", "/etc/passwd"), at_path("Root", "/"),
                                         at_path("DotDot", ".."), at_path("DotDotFirst", "../x"),
                                         at_path("DotDotWithin", "dir/../../x"), at_path("DotDotLast", "dir/.."),
                                         at_path("Dot", "."), at_path("DotFirst", "./x"),
                                         at_path("DotWithin", "dir/./x"), at_path("EmptyComponent", "dir//x"),
                                         at_path("SlashAtTheEnd", "dir/"), at_path("Nul", std::string("a\0b", 3)),
                                         at_path("NulAfterDots", std::string("..\0", 3)),
                                         at_path("TooLong", long_path(kMaxPath + 1)),
                                         at_path("NameTooLong", std::string(kMaxName + 1, 'n')),
                                         at_path("DirectoryNameTooLong", std::string(kMaxName + 1, 'n') + "/x")),
                         kNameOf);

INSTANTIATE_TEST_SUITE_P(Order, HostileManifest,
                         testing::Values(Hostile{"TheSamePathTwice",
                                                 [](format::Manifest& wire) { add_node(wire, "dir/file"); },
                                                 "twice or out of order"},
                                         Hostile{"OutOfOrder", [](format::Manifest& wire) { add_node(wire, "dir/a"); },
                                                 "twice or out of order"},
                                         // 0xff is above 'd', although a signed char would be below it.
                                         Hostile{"OutOfOrderBySignedBytes",
                                                 [](format::Manifest& wire) {
                                                   wire.mutable_nodes(0)->set_path("\xff");
                                                   wire.mutable_nodes(1)->set_path("dir");
                                                 },
                                                 "twice or out of order"}),
                         kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Parents, HostileManifest,
    testing::Values(Hostile{"NoParent", [](format::Manifest& wire) { add_node(wire, "nowhere/file"); },
                            "below something that is not a directory"},
                    Hostile{"NoGrandparent",
                            [](format::Manifest& wire) { add_node(wire, "no/where", format::Node::DIRECTORY); },
                            "below something that is not a directory"},
                    Hostile{"BelowAFile", [](format::Manifest& wire) { add_node(wire, "dir/file/x"); },
                            "below something that is not a directory"},
                    Hostile{"ThroughALink",
                            [](format::Manifest& wire) {
                              add_node(wire, "link", format::Node::SYMLINK).set_target("/etc");
                              add_node(wire, "link/passwd");
                            },
                            "below something that is not a directory"},
                    Hostile{"ThroughALinkToADirectoryOfTheTree",
                            [](format::Manifest& wire) {
                              add_node(wire, "link", format::Node::SYMLINK).set_target("dir");
                              add_node(wire, "link/file");
                            },
                            "below something that is not a directory"}),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(Chunks, HostileManifest,
                         testing::Values(with_steps("OneBehindTheLast", {3}), with_steps("BeforeTheFirst", {-1}),
                                         with_steps("BeforeTheFirstFromTheSecond", {0, -2}),
                                         with_steps("LastAndOneMore", {2, 0}), with_steps("SmallestStep", {kMin64}),
                                         with_steps("LargestStep", {kMax64}),
                                         with_steps("LargestStepFromTheSecond", {0, kMax64}),
                                         with_steps("SmallestFromTheSecond", {0, kMin64}),
                                         // Would come back to 0 if sums wrapped.
                                         with_steps("AroundTheRange", {kMax64, kMax64, 1})),
                         kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Nodes, HostileManifest,
    testing::Values(
        Hostile{"UnknownKind",
                [](format::Manifest& wire) { wire.mutable_nodes(1)->set_kind(static_cast<format::Node::Kind>(4)); },
                "unknown kind"},
        Hostile{"NegativeKind",
                [](format::Manifest& wire) { wire.mutable_nodes(1)->set_kind(static_cast<format::Node::Kind>(-1)); },
                "unknown kind"},
        Hostile{"DirectoryWithContent", [](format::Manifest& wire) { wire.mutable_nodes(0)->add_chunk_steps(0); },
                "has content but is not a file"},
        Hostile{"LinkWithContent",
                [](format::Manifest& wire) {
                  format::Node& link = add_node(wire, "link", format::Node::SYMLINK);
                  link.set_target("x");
                  link.add_chunk_steps(0);
                },
                "has content but is not a file"},
        Hostile{"FileWithTarget", [](format::Manifest& wire) { wire.mutable_nodes(1)->set_target("x"); },
                "impossible link target"},
        Hostile{"DirectoryWithTarget", [](format::Manifest& wire) { wire.mutable_nodes(0)->set_target("x"); },
                "impossible link target"},
        Hostile{"LinkWithoutTarget", [](format::Manifest& wire) { add_node(wire, "link", format::Node::SYMLINK); },
                "impossible link target"},
        Hostile{"LinkWithNul",
                [](format::Manifest& wire) {
                  add_node(wire, "link", format::Node::SYMLINK).set_target(std::string("a\0b", 3));
                },
                "impossible link target"},
        Hostile{"LinkTooLong",
                [](format::Manifest& wire) {
                  add_node(wire, "link", format::Node::SYMLINK).set_target(std::string(kMaxPath + 1, 'x'));
                },
                "impossible link target"}),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Frames, HostileManifest,
    testing::Values(
        with_frame(
            "NoPackedSize", [](format::Frame& frame) { frame.set_packed_size(0); }, "frame of an impossible size"),
        with_frame(
            "PackedSizeTooLarge",
            [](format::Frame& frame) { frame.set_packed_size(static_cast<std::uint32_t>(kMaxPackedFrame + 1)); },
            "frame of an impossible size"),
        with_frame(
            "EmptyChunk", [](format::Frame& frame) { frame.set_chunk_sizes(1, 0); }, "chunk of an impossible size"),
        with_frame(
            "ChunkTooLarge",
            [](format::Frame& frame) { frame.set_chunk_sizes(1, static_cast<std::uint32_t>(kMaxChunk + 1)); },
            "chunk of an impossible size"),
        with_frame(
            "ExpandsTooFar",
            [](format::Frame& frame) { frame.set_chunk_sizes(1, static_cast<std::uint32_t>(kMaxFrame - 39)); },
            "expand beyond the limit"),
        with_frame(
            "NoChunks",
            [](format::Frame& frame) {
              frame.clear_chunk_sizes();
              frame.clear_chunk_digests();
            },
            "chunks have no digests"),
        with_frame(
            "DigestLess", [](format::Frame& frame) { frame.set_chunk_digests(std::string(2 * Digest::kSize, 'd')); },
            "chunks have no digests"),
        with_frame(
            "DigestMore", [](format::Frame& frame) { frame.set_chunk_digests(std::string(4 * Digest::kSize, 'd')); },
            "chunks have no digests"),
        with_frame(
            "DigestCutShort",
            [](format::Frame& frame) { frame.set_chunk_digests(std::string(3 * Digest::kSize - 1, 'd')); },
            "chunks have no digests")),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Packs, HostileManifest,
    testing::Values(Hostile{"EmptyPack",
                            [](format::Manifest& wire) { wire.add_packs()->set_root(std::string(Digest::kSize, 'r')); },
                            "empty pack"},
                    Hostile{"ShortRoot",
                            [](format::Manifest& wire) { wire.mutable_packs(0)->set_root(std::string(31, 'r')); },
                            "32 bytes"},
                    Hostile{"LongRoot",
                            [](format::Manifest& wire) { wire.mutable_packs(0)->set_root(std::string(33, 'r')); },
                            "32 bytes"},
                    Hostile{"NoRoot", [](format::Manifest& wire) { wire.mutable_packs(0)->clear_root(); }, "32 bytes"}),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Heads, HostileManifest,
    testing::Values(Hostile{"NoVersion", [](format::Manifest& wire) { wire.clear_version(); }, "version 0"},
                    Hostile{"LaterVersion", [](format::Manifest& wire) { wire.set_version(2); }, "version 2"},
                    Hostile{"RevisionTooLong",
                            [](format::Manifest& wire) { wire.set_revision(std::string(kMaxRevision + 1, 'r')); },
                            "revision is too long"}),
    kNameOf);

// Bytes that are no message.

TEST(ManifestHostileTest, NothingAtAllIsRefused) {
  EXPECT_THAT(decode_manifest(""), FailsWith(ErrorCode::refused));
}

TEST(ManifestHostileTest, BytesThatAreNotZstdAreRefused) {
  EXPECT_THAT(decode_manifest(prose(1000)), FailsWith(ErrorCode::refused, "not a zstd frame"));
}

TEST(ManifestHostileTest, AFrameAroundSomethingElseIsRefused) {
  const std::string frame(as_text(ZstdCompressor().compress(as_bytes(noise(1000)))));

  EXPECT_THAT(decode_manifest(frame), FailsWith(ErrorCode::refused, "damaged"));
}

TEST(ManifestHostileTest, AFrameThatStatesMoreThanAnyManifestIsRefusedBeforeAnythingIsAllocated) {
  // Magic, descriptor (8 bytes of content size, single segment), and an absurd size.
  std::string frame("\x28\xb5\x2f\xfd\xe0", 5);
  frame += std::string("\xff\xff\xff\xff\xff\xff\xff\x0f", 8) + std::string("\x01\x00\x00", 3);

  EXPECT_THAT(decode_manifest(frame), FailsWith(ErrorCode::refused, "more than the"));
}

TEST(ManifestHostileTest, AFrameThatDoesNotStateItsSizeIsRefused) {
  const std::string message = good_wire().SerializeAsString();
  ZSTD_CCtx* const codec = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(codec, ZSTD_c_contentSizeFlag, 0);
  std::string frame(ZSTD_compressBound(message.size()), '\0');
  frame.resize(ZSTD_compress2(codec, frame.data(), frame.size(), message.data(), message.size()));
  ZSTD_freeCCtx(codec);

  EXPECT_THAT(decode_manifest(frame), FailsWith(ErrorCode::refused, "states its size"));
}

TEST(ManifestHostileTest, EveryTruncationIsRefused) {
  const std::string frame = to_frame(good_wire());

  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_THAT(decode_manifest(std::string_view(frame).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

TEST(ManifestHostileTest, BytesBehindTheFrameAreRefused) {
  EXPECT_THAT(decode_manifest(to_frame(good_wire()) + "x"), FailsWith(ErrorCode::refused));
}

TEST(ManifestHostileTest, ASecondFrameIsRefused) {
  EXPECT_THAT(decode_manifest(to_frame(good_wire()) + to_frame(good_wire())), FailsWith(ErrorCode::refused));
}

TEST(ManifestHostileTest, NoFlippedBitIsWorseThanAnError) {
  const std::string frame = to_frame(good_wire());

  for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto read = decode_manifest(damaged);
    if (read) {
      EXPECT_THAT(decode_manifest(encode_manifest(*read)), IsOk()) << "bit " << bit;
    } else {
      EXPECT_EQ(read.error().code, ErrorCode::refused) << "bit " << bit;
    }
  }
}

TEST(ManifestHostileTest, AMessageCannotTurnTheTerminalUpsideDown) {
  format::Manifest wire = good_wire();
  wire.mutable_nodes(0)->set_path("../\x1b[31m\n");

  const auto read = decode_manifest(to_frame(wire));

  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message.find('\x1b'), std::string::npos);
  EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
}

}  // namespace swarmout::test
