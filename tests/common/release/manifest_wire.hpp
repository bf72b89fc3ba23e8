// Manifests as somebody who means harm would write them.

#pragma once

#include "common/release/manifest.hpp"
#include "common/release/manifest.pb.h"
#include "common/release/zstd_codec.hpp"

#include <string>

namespace swarmout::test {

inline std::string to_frame(const format::Manifest& wire) {
  return std::string(as_text(ZstdCompressor().compress(as_bytes(wire.SerializeAsString()))));
}

inline format::Node& add_node(format::Manifest& wire, const std::string& path,
                              format::Node::Kind kind = format::Node::FILE) {
  format::Node& node = *wire.add_nodes();
  node.set_path(path);
  node.set_kind(kind);
  return node;
}

inline format::Frame& add_frame(format::Pack& pack, std::initializer_list<std::uint32_t> chunk_sizes) {
  format::Frame& frame = *pack.add_frames();
  frame.set_packed_size(100);
  for (const std::uint32_t size : chunk_sizes) {
    frame.add_chunk_sizes(size);
    frame.mutable_chunk_digests()->append(Digest::kSize, 'd');
  }
  return frame;
}

/// One pack with one frame of three chunks, and the nodes "dir" and "dir/file"; nothing is wrong with it.
inline format::Manifest good_wire() {
  format::Manifest wire;
  wire.set_version(1);
  wire.set_revision("r1");
  format::Pack& pack = *wire.add_packs();
  pack.set_root(std::string(Digest::kSize, 'r'));
  add_frame(pack, {10, 20, 30});
  add_node(wire, "dir", format::Node::DIRECTORY);
  format::Node& file = add_node(wire, "dir/file");
  file.add_chunk_steps(0);
  file.add_chunk_steps(0);
  return wire;
}

}  // namespace swarmout::test
