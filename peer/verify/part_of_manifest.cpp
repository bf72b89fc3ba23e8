#include "peer/verify/part_of_manifest.hpp"

#include "common/release/pack.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace swarmout {

Manifest part_of(const Manifest& manifest, const std::vector<std::uint32_t>& nodes) {
  std::set<std::string_view> wanted;
  for (const std::uint32_t index : nodes) {
    std::string_view path = manifest.nodes[index].path;
    while (wanted.insert(path).second && path.find('/') != std::string_view::npos) {
      path = path.substr(0, path.rfind('/'));
    }
  }
  Manifest part;
  part.revision = manifest.revision;
  part.packs = manifest.packs;
  part.frames = manifest.frames;
  part.chunks = manifest.chunks;
  part.refs = manifest.refs;
  for (const Node& node : manifest.nodes) {
    if (wanted.contains(node.path)) {
      part.nodes.push_back(node);
    }
  }
  return part;
}

FileRanges ranges_for(const Manifest& part) {
  std::vector<char> needed(part.chunks.size(), 0);
  for (const Node& node : part.nodes) {
    for (const std::uint32_t ref : part.refs_of(node)) {
      needed[ref] = 1;
    }
  }
  FileRanges ranges;
  for (const PackInfo& pack : part.packs) {
    std::vector<ByteRange> found;
    Bytes offset = kPackHeader;
    for (const Frame& frame : std::span(part.frames).subspan(pack.first_frame, pack.frame_count)) {
      const auto chunks = std::span(needed).subspan(frame.first_chunk, frame.chunk_count);
      const Bytes end = offset + frame.packed_size;
      if (std::find(chunks.begin(), chunks.end(), 1) != chunks.end()) {
        if (found.empty()) {
          found.emplace_back(0, kPackHeader);
        }
        if (found.back().second != offset) {
          found.emplace_back(offset, offset);
        }
        found.back().second = end;
      }
      offset = end;
    }
    if (!found.empty()) {
      ranges.emplace(pack_name(pack.root), std::move(found));
    }
  }
  return ranges;
}

}  // namespace swarmout
