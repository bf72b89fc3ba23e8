#include "peer/delta/tree_contents.hpp"

namespace swarmout {

Result<std::vector<std::byte>> TreeFiles::file(std::uint32_t node) {
  const Node& file = manifest_.nodes.at(node);
  INVARIANT(file.size <= kMaxWhole);
  std::vector<std::byte> content;
  if (!read(file, 0, file.ref_count, content)) {
    return packs_.file(node);
  }
  return content;
}

Result<std::vector<std::byte>> TreeFiles::chunk(std::uint32_t node, std::uint32_t index) {
  std::vector<std::byte> content;
  if (!read(manifest_.nodes.at(node), index, 1, content)) {
    return packs_.chunk(node, index);
  }
  return content;
}

/// `count` chunks of it, from the `first` on. False: they are not as they were made.
bool TreeFiles::read(const Node& node, std::uint32_t first, std::uint32_t count, std::vector<std::byte>& to) {
  const auto file = tree_.open_for_reading(node.path);
  if (!file) {
    return false;
  }
  const auto refs = manifest_.refs_of(node);
  Bytes offset = 0;
  for (const std::uint32_t ref : refs.first(first)) {
    offset += manifest_.chunks[ref].size;
  }
  for (const std::uint32_t ref : refs.subspan(first, count)) {
    const Chunk& chunk = manifest_.chunks[ref];
    const std::size_t begin = to.size();
    to.resize(begin + chunk.size);
    const std::span<std::byte> content = std::span(to).subspan(begin);
    if (!pread_all(file->get(), content, offset, node.path) || sha256(content) != chunk.digest) {
      return false;
    }
    offset += chunk.size;
  }
  return true;
}

}  // namespace swarmout
