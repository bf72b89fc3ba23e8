// Packs trees that are values, and takes them apart again.

#pragma once

#include "common/pack/packer.hpp"
#include "common/release/pack.hpp"
#include "common/release/store.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace swarmout::test {

using Tree = std::vector<Given>;

/// Gives a tree to a sink, content in pieces of at most `step` bytes.
inline Result<void> feed_in_steps(TreeSink& sink, const Tree& tree, std::size_t step) {
  for (const Given& each : tree) {
    TRY(sink.entry(each.entry));
    for (std::string_view rest = each.content; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) {
      TRY(sink.data(as_bytes(rest.substr(0, step))));
    }
  }
  return {};
}

inline Result<PackedRelease> pack(const Store& store, const Tree& tree, std::optional<Manifest> basis = {},
                                  std::size_t step = kMiB) {
  PackProgress progress;
  Packer packer(store, std::move(basis), progress);
  TRY(feed_in_steps(packer, tree, step));
  return packer.finish();
}

/// Packs, and keeps the packs in the store: a basis for the next one.
inline Result<Manifest> pack_and_keep(Store& store, const Tree& tree, std::optional<Manifest> basis = {}) {
  TRY_ASSIGN(const PackedRelease packed, pack(store, tree, std::move(basis)));
  for (const PackFile& each : packed.packs) {
    TRY(store.add_pack(each));
  }
  return packed.manifest;
}

inline std::map<std::string, std::string> listing_of(const Tree& tree) {
  CollectingSink sink;
  sink.given = tree;
  return listing_of(sink);
}

/// The content of every chunk, each checked against its digest.
inline std::vector<std::string> chunks_in(const Store& store, const Manifest& manifest) {
  std::vector<std::string> chunks;
  ZstdDecompressor codec;
  std::vector<std::byte> packed;
  std::vector<std::byte> content;
  for (const PackInfo& info : manifest.packs) {
    const auto reader = PackReader::open(store.pack_path(info.root), info);
    EXPECT_THAT(reader, IsOk());
    if (!reader) {
      return {};
    }
    Bytes offset = kPackHeader;
    for (std::uint32_t i = info.first_frame; i < info.first_frame + info.frame_count; ++i) {
      const Frame& frame = manifest.frames[i];
      EXPECT_THAT(reader->read(frame, offset, codec, packed, content), IsOk());
      offset += frame.packed_size;
      std::string_view rest = as_text(content);
      EXPECT_EQ(frame.first_chunk, chunks.size());
      for (std::uint32_t chunk = frame.first_chunk; chunk < frame.first_chunk + frame.chunk_count; ++chunk) {
        chunks.emplace_back(rest.substr(0, manifest.chunks[chunk].size));
        rest.remove_prefix(chunks.back().size());
        EXPECT_EQ(sha256(chunks.back()), manifest.chunks[chunk].digest) << "chunk " << chunk;
      }
      EXPECT_TRUE(rest.empty());
    }
    EXPECT_EQ(offset, info.size);
  }
  EXPECT_EQ(chunks.size(), manifest.chunks.size());
  return chunks;
}

/// What a peer would unpack from a manifest, once it has been written and read.
inline std::map<std::string, std::string> unpacked(const Store& store, const Manifest& packed) {
  const auto manifest = decode_manifest(encode_manifest(packed));
  EXPECT_THAT(manifest, IsOk());
  if (!manifest) {
    return {};
  }
  const std::vector<std::string> chunks = chunks_in(store, *manifest);
  std::map<std::string, std::string> found;
  for (const Node& node : manifest->nodes) {
    if (node.kind == Node::Kind::directory) {
      found[node.path] = "dir";
    } else if (node.kind == Node::Kind::symlink) {
      found[node.path] = "link " + node.target;
    } else {
      std::string content;
      for (const std::uint32_t ref : manifest->refs_of(node)) {
        content += chunks.at(ref);
      }
      EXPECT_EQ(content.size(), node.size) << node.path;
      found[node.path] = fmt::format("{} {} {}", node.kind == Node::Kind::executable ? "exec" : "file", content.size(),
                                     sha256(content).hex());
    }
  }
  return found;
}

}  // namespace swarmout::test
