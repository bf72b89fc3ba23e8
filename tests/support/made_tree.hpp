// A tree in memory, with its manifest: what deltas are made of and applied to.

#pragma once

#include "common/delta/delta_file.hpp"
#include "common/pack/chunker.hpp"
#include "common/release/manifest.hpp"

#include <map>
#include <string>

namespace swarmout::test {

struct MadeEntry {
  Node::Kind kind = Node::Kind::file;
  std::string content;  ///< or target
  bool operator==(const MadeEntry&) const = default;
};
/// Parents of everything are in it.
using MadeTree = std::map<std::string, MadeEntry>;

/// Cut as a packer cuts: a file of at most 4 MiB is one chunk.
inline std::vector<std::string_view> chunks_of(std::string_view content) {
  std::vector<std::string_view> chunks;
  if (content.size() <= kMaxChunk) {
    return content.empty() ? chunks : std::vector<std::string_view>{content};
  }
  while (!content.empty()) {
    bool cut = false;
    const std::size_t size = Chunker().take(as_bytes(content), cut);
    chunks.push_back(content.substr(0, size));
    content.remove_prefix(size);
  }
  return chunks;
}

inline Manifest manifest_of(const MadeTree& tree) {
  Manifest manifest;
  std::map<Digest, std::uint32_t> known;
  for (const auto& [path, entry] : tree) {
    Node node;
    node.path = path;
    node.kind = entry.kind;
    node.first_ref = static_cast<std::uint32_t>(manifest.refs.size());
    if (node.kind == Node::Kind::symlink) {
      node.target = entry.content;
    } else if (node.is_file()) {
      node.size = entry.content.size();
      for (const std::string_view chunk : chunks_of(entry.content)) {
        const Digest digest = sha256(as_bytes(chunk));
        const auto [place, fresh] = known.try_emplace(digest, static_cast<std::uint32_t>(manifest.chunks.size()));
        if (fresh) {
          manifest.chunks.push_back({digest, static_cast<std::uint32_t>(chunk.size())});
        }
        manifest.refs.push_back(place->second);
        ++node.ref_count;
      }
    }
    manifest.nodes.push_back(std::move(node));
  }
  return manifest;
}

class MadeContents final : public TreeContents {
public:
  MadeContents(const MadeTree& tree, const Manifest& manifest) : tree_(tree), manifest_(manifest) {}
  Result<std::vector<std::byte>> file(std::uint32_t node) override { return bytes(content(node)); }
  Result<std::vector<std::byte>> chunk(std::uint32_t node, std::uint32_t index) override {
    return bytes(chunks_of(content(node)).at(index));
  }

private:
  const std::string& content(std::uint32_t node) const { return tree_.at(manifest_.nodes.at(node).path).content; }
  static std::vector<std::byte> bytes(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }
  const MadeTree& tree_;
  const Manifest& manifest_;
};

/// Makes the new tree of the old one.
class MadeSink final : public DeltaSink {
public:
  MadeSink(const MadeTree& old, const Manifest& manifest, const std::vector<Node>& nodes)
      : old_(old), manifest_(manifest), nodes_(nodes) {
    for (const Node& node : nodes) {
      tree[node.path] = {node.kind, node.target};
    }
  }
  Result<void> kept(std::uint32_t node, std::uint32_t base) override { return set(node, content(base)); }
  Result<void> whole(std::uint32_t node, std::vector<std::byte> content) override {
    return set(node, std::string(as_text(content)));
  }
  Result<void> chunk_kept(std::uint32_t, std::uint32_t base, std::uint32_t chunk) override {
    large_ += chunks_of(content(base)).at(chunk);
    return {};
  }
  Result<void> chunk(std::uint32_t, std::vector<std::byte> content) override {
    large_ += as_text(content);
    return {};
  }
  Result<void> end_of_chunks(std::uint32_t node) override { return set(node, std::exchange(large_, {})); }

  MadeTree tree;

private:
  const std::string& content(std::uint32_t base) const { return old_.at(manifest_.nodes.at(base).path).content; }
  Result<void> set(std::uint32_t node, std::string content) {
    REFUSE_UNLESS(tree.at(nodes_.at(node).path).content.empty(), "told twice");
    tree.at(nodes_.at(node).path).content = std::move(content);
    return {};
  }
  const MadeTree& old_;
  const Manifest& manifest_;
  const std::vector<Node>& nodes_;
  std::string large_;
};

}  // namespace swarmout::test
