#include "common/release/manifest.hpp"

#include "common/release/pack.hpp"
#include "common/release/tree_path.hpp"
#include "tests/common/release/manifest_wire.hpp"
#include "tests/support/name_of.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

/// Two packs; a file of two chunks, the same content again, and one node of each other kind.
Manifest sample_manifest() {
  Manifest manifest;
  manifest.revision = "1a2b3c";
  for (const std::uint32_t size : {100U, 200U, 300U, 400U}) {
    manifest.chunks.push_back({sha256("chunk " + std::to_string(size)), size});
  }
  manifest.frames = {{50, 300, 0, 2}, {60, 300, 2, 1}, {70, 400, 3, 1}};
  manifest.packs = {{sha256("pack 1"), kPackHeader + 110, 0, 2}, {sha256("pack 2"), kPackHeader + 70, 2, 1}};
  const auto add = [&](std::string path, Node::Kind kind, const std::vector<std::uint32_t>& refs,
                       std::string target = {}) {
    Node node{std::move(path),
              kind,
              std::move(target),
              0,
              static_cast<std::uint32_t>(manifest.refs.size()),
              static_cast<std::uint32_t>(refs.size())};
    for (const std::uint32_t ref : refs) {
      node.size += manifest.chunks[ref].size;
      manifest.refs.push_back(ref);
    }
    manifest.nodes.push_back(std::move(node));
  };
  add("a", Node::Kind::file, {0, 1});
  add("a-b", Node::Kind::file, {3});
  add("bin", Node::Kind::directory, {});
  add("bin/run", Node::Kind::executable, {2});
  add("copy", Node::Kind::file, {0, 1});
  add("empty", Node::Kind::file, {});
  add("link", Node::Kind::symlink, {}, "../else\nwhere");
  add("\xff not utf-8", Node::Kind::file, {3, 3, 0});
  return manifest;
}

/// All that a reader can see, a line a thing.
std::vector<std::string> describe(const Manifest& manifest) {
  std::vector<std::string> lines = {manifest.revision};
  for (const PackInfo& each : manifest.packs) {
    lines.push_back(fmt::format("pack {} {} {}+{}", each.root.hex(), each.size, each.first_frame, each.frame_count));
  }
  for (const Frame& each : manifest.frames) {
    lines.push_back(
        fmt::format("frame {} {} {}+{}", each.packed_size, each.raw_size, each.first_chunk, each.chunk_count));
  }
  for (const Chunk& each : manifest.chunks) {
    lines.push_back(fmt::format("chunk {} {}", each.digest.hex(), each.size));
  }
  for (const Node& each : manifest.nodes) {
    lines.push_back(fmt::format("node {} {} {} {}:", each.path, static_cast<int>(each.kind), each.target, each.size));
    for (const std::uint32_t ref : manifest.refs_of(each)) {
      lines.back() += fmt::format(" {}", ref);
    }
  }
  return lines;
}

}  // namespace

TEST(ManifestTest, WhatWasWrittenIsRead) {
  ASSERT_OK_AND_ASSIGN(const Manifest read, decode_manifest(encode_manifest(sample_manifest())));

  EXPECT_EQ(describe(read), describe(sample_manifest()));
}

TEST(ManifestTest, AnEmptyTreeIsAManifestToo) {
  ASSERT_OK_AND_ASSIGN(const Manifest read, decode_manifest(encode_manifest(Manifest{})));

  EXPECT_THAT(describe(read), testing::ElementsAre(""));
}

TEST(ManifestTest, TheSameManifestGivesTheSameBytes) {
  EXPECT_EQ(encode_manifest(sample_manifest()), encode_manifest(sample_manifest()));
}

TEST(ManifestTest, WhatWasReadGivesTheSameBytesAgain) {
  const std::string bytes = encode_manifest(sample_manifest());

  ASSERT_OK_AND_ASSIGN(const Manifest read, decode_manifest(bytes));

  EXPECT_EQ(encode_manifest(read), bytes);
}

TEST(ManifestTest, ChunksInTheirOrderCostNothing) {
  format::Manifest wire;
  const auto raw = ZstdDecompressor().decompress(as_bytes(encode_manifest(sample_manifest())), kMaxManifest);
  ASSERT_THAT(raw, IsOk());
  ASSERT_TRUE(wire.ParseFromArray(raw->data(), static_cast<int>(raw->size())));

  EXPECT_THAT(wire.nodes(0).chunk_steps(), testing::ElementsAre(0, 0));
  EXPECT_THAT(wire.nodes(4).chunk_steps(), testing::ElementsAre(-3, 0)) << "back to the first chunk";
}

TEST(ManifestTest, TheTreeSizeCountsEveryFile) {
  EXPECT_EQ(sample_manifest().tree_size(), 300U + 400 + 300 + 300 + 900);
}

TEST(ManifestTest, TheTreeDigestDoesNotDependOnThePacking) {
  Manifest other = sample_manifest();
  other.revision = "another name";
  other.packs = {{sha256("one pack"), kPackHeader + 180, 0, 3}};
  std::swap(other.chunks[0], other.chunks[3]);
  for (std::uint32_t& ref : other.refs) {
    ref = ref == 0 ? 3 : ref == 3 ? 0 : ref;
  }

  EXPECT_EQ(other.tree_digest(), sample_manifest().tree_digest());
}

namespace {

struct Change {
  const char* name;
  std::function<void(Manifest&)> apply;
};
void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}
class TreeDigest : public testing::TestWithParam<Change> {};

}  // namespace

TEST_P(TreeDigest, ChangesWithTheTree) {
  Manifest other = sample_manifest();
  GetParam().apply(other);

  EXPECT_NE(other.tree_digest(), sample_manifest().tree_digest());
}

INSTANTIATE_TEST_SUITE_P(Changes, TreeDigest,
                         testing::Values(Change{"Path", [](Manifest& m) { m.nodes[0].path = "A"; }},
                                         Change{"Kind", [](Manifest& m) { m.nodes[0].kind = Node::Kind::executable; }},
                                         Change{"Target", [](Manifest& m) { m.nodes[6].target = "elsewhere"; }},
                                         Change{"Content", [](Manifest& m) { m.chunks[0].digest = sha256("other"); }},
                                         Change{"OrderOfChunks", [](Manifest& m) { std::swap(m.refs[0], m.refs[1]); }},
                                         Change{"FileLess", [](Manifest& m) { m.nodes.pop_back(); }},
                                         Change{"BorderBetweenPathAndTarget",
                                                [](Manifest& m) {
                                                  m.nodes[6].path = "lin";
                                                  m.nodes[6].target = "k../else\nwhere";
                                                }}),
                         kNameOf);

// What is allowed although it looks odd.

TEST(ManifestTest, TheLongestPathAndNamesAreRead) {
  format::Manifest wire = good_wire();
  std::string path;
  while (path.size() + 1 + kMaxName <= kMaxPath) {
    path += (path.empty() ? "" : "/") + std::string(kMaxName, 'n');
    add_node(wire, path, format::Node::DIRECTORY);
  }

  EXPECT_EQ(path.size(), kMaxPath);
  EXPECT_THAT(decode_manifest(to_frame(wire)), IsOk());
}

TEST(ManifestTest, AFrameMayExpandToTheLimit) {
  format::Manifest wire = good_wire();
  add_frame(*wire.mutable_packs(0), {static_cast<std::uint32_t>(kMaxFrame)});

  EXPECT_THAT(decode_manifest(to_frame(wire)), IsOk());
}

TEST(ManifestTest, ALinkMayPointAnywhere) {
  format::Manifest wire = good_wire();
  add_node(wire, "link", format::Node::SYMLINK).set_target("/../../etc/passwd");

  EXPECT_THAT(decode_manifest(to_frame(wire)), IsOk());
}

TEST(ManifestTest, ADirectoryComesBeforeWhatIsInItAlsoWhereOtherNamesAreBetween) {
  format::Manifest wire = good_wire();
  wire.clear_nodes();
  add_node(wire, "a", format::Node::DIRECTORY);
  add_node(wire, "a-b");
  add_node(wire, "a.b");
  add_node(wire, "a/b");

  EXPECT_THAT(decode_manifest(to_frame(wire)), IsOk());
}

}  // namespace swarmout::test
