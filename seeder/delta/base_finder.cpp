#include "seeder/delta/base_finder.hpp"

#include "common/release/manifest_diff.hpp"
#include "common/release/tree_path.hpp"

#include <algorithm>

namespace swarmout {

namespace {

/// Digests and sizes of the chunks: equal for equal contents that one packer has cut.
std::string content_of(const Manifest& manifest, const Node& node) {
  std::string key;
  for (const std::uint32_t ref : manifest.refs_of(node)) {
    key.append(as_text(manifest.chunks[ref].digest.view()));
  }
  return key;
}

std::optional<std::uint32_t> file_at(const Manifest& manifest, const std::string& path) {
  const auto found = std::lower_bound(manifest.nodes.begin(), manifest.nodes.end(), path,
                                      [](const Node& node, const std::string& wanted) { return node.path < wanted; });
  return found != manifest.nodes.end() && found->path == path && found->is_file()
             ? std::optional(static_cast<std::uint32_t>(found - manifest.nodes.begin()))
             : std::nullopt;
}

/// Bytes that two paths have in common at both ends.
std::size_t nearness(std::string_view a, std::string_view b) {
  const auto head = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  const auto tail =
      static_cast<std::size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin());
  return head + tail;
}

}  // namespace

BaseFinder::BaseFinder(const Manifest& before, const Manifest& after) : before_(before), after_(after) {
  for (std::uint32_t i = 0; i < before.nodes.size(); ++i) {
    const Node& node = before.nodes[i];
    if (node.is_file()) {
      by_content_.emplace(content_of(before, node), i);
      if (!file_at(after, node.path)) {
        gone_.push_back(i);
        gone_by_name_[name_part(node.path)].push_back(i);
      }
    }
  }
}

std::optional<FoundBase> BaseFinder::find(std::uint32_t index) const {
  const Node& node = after_.nodes[index];
  const auto there = at_path(node);
  if (there && same_content(before_, before_.nodes[*there], after_, node)) {
    return FoundBase{*there, true};
  }
  if (const auto same = by_content_.find(content_of(after_, node)); same != by_content_.end()) {
    return FoundBase{same->second, true};
  }
  const auto base = there ? there : renamed(node);
  return base ? std::optional(FoundBase{*base, false}) : std::nullopt;
}

std::optional<std::uint32_t> BaseFinder::at_path(const Node& node) const {
  return file_at(before_, node.path);
}

std::optional<std::uint32_t> BaseFinder::renamed(const Node& node) const {
  const auto named = gone_by_name_.find(name_part(node.path));
  if (named == gone_by_name_.end()) {
    return std::nullopt;
  }
  return *std::max_element(named->second.begin(), named->second.end(), [&](std::uint32_t a, std::uint32_t b) {
    return nearness(before_.nodes[a].path, node.path) < nearness(before_.nodes[b].path, node.path);
  });
}

}  // namespace swarmout
