#include "common/delta/tree_listing.hpp"

#include "common/release/tree_path.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

namespace swarmout {

namespace {

constexpr char kUp = 'u';
/// In the order of Node::Kind.
constexpr std::string_view kKinds = "fxld";

/// A directory, what is in it, its siblings: as if '/' came before everything else. By lists of what is in each
/// directory, which have the order of the nodes; sorting all of them took four times as long.
std::vector<std::uint32_t> walk_of(const std::vector<Node>& nodes) {
  constexpr auto kEnd = std::numeric_limits<std::uint32_t>::max();
  const auto count = static_cast<std::uint32_t>(nodes.size());
  std::vector<std::uint32_t> first(nodes.size() + 1, kEnd);  // in each, that of the root last
  std::vector<std::uint32_t> next(nodes.size(), kEnd);
  std::unordered_map<std::string_view, std::uint32_t> directories{{"", count}};
  for (std::uint32_t i = 0; i < count; ++i) {
    if (nodes[i].kind == Node::Kind::directory) {
      directories.emplace(nodes[i].path, i);
    }
  }
  for (std::uint32_t i = count; i-- > 0;) {
    const auto parent = directories.find(folder_part(nodes[i].path));
    INVARIANT(parent != directories.end());  // decode_manifest()
    next[i] = std::exchange(first[parent->second], i);
  }
  std::vector<std::uint32_t> walk;
  walk.reserve(nodes.size());
  std::vector<std::uint32_t> open{first[count]};  // of each level, what comes next
  while (!open.empty()) {
    const std::uint32_t node = open.back();
    if (node == kEnd) {
      open.pop_back();
      continue;
    }
    walk.push_back(node);
    open.back() = next[node];
    if (nodes[node].kind == Node::Kind::directory) {
      open.push_back(first[node]);
    }
  }
  return walk;
}

std::size_t depth_of(std::string_view path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

/// Up to the next NUL.
Result<std::string_view> take_name(std::string_view& left) {
  const std::size_t end = left.find('\0');
  REFUSE_UNLESS(end != std::string_view::npos, "the listing of a delta ends within a name");
  const std::string_view name = left.substr(0, end);
  left.remove_prefix(end + 1);
  return name;
}

}  // namespace

std::string encode_listing(const std::vector<Node>& nodes) {
  std::string listing;
  std::size_t depth = 0;
  for (const std::uint32_t index : walk_of(nodes)) {
    const Node& node = nodes[index];
    const std::size_t own = depth_of(node.path);
    INVARIANT(own <= depth);
    listing.append(depth - own, kUp);
    listing += kKinds[static_cast<std::size_t>(node.kind)];
    listing.append(name_part(node.path));
    listing += '\0';
    if (node.kind == Node::Kind::symlink) {
      listing.append(node.target);
      listing += '\0';
    }
    depth = own + (node.kind == Node::Kind::directory ? 1 : 0);
  }
  return listing;
}

Result<std::vector<Node>> decode_listing(std::string_view listing) {
  std::vector<Node> nodes;
  Bytes paths = 0;
  std::string above;  // "" or "a/b/"
  while (!listing.empty()) {
    const char what = listing.front();
    listing.remove_prefix(1);
    if (what == kUp) {
      REFUSE_UNLESS(!above.empty(), "the listing of a delta leaves its tree");
      above.pop_back();
      above.resize(above.rfind('/') + 1);
      continue;
    }
    const std::size_t kind = kKinds.find(what);
    REFUSE_UNLESS(kind != std::string_view::npos, "the listing of a delta has a node of an unknown kind");
    TRY_ASSIGN(const std::string_view name, take_name(listing));
    Node node;
    node.kind = static_cast<Node::Kind>(kind);
    node.path = above + std::string(name);
    paths += node.path.size();
    REFUSE_UNLESS(paths <= kMaxListedPaths, "the listing of a delta has too many long paths");
    REFUSE_UNLESS(name.find('/') == std::string_view::npos && is_safe_path(node.path),
                  "the listing of a delta has a path that is not inside the tree");
    if (node.kind == Node::Kind::symlink) {
      TRY_ASSIGN(const std::string_view target, take_name(listing));
      REFUSE_UNLESS(is_safe_target(target), "the listing of a delta has an impossible link target");
      node.target = target;
    } else if (node.kind == Node::Kind::directory) {
      above = node.path + '/';
    }
    nodes.push_back(std::move(node));
  }
  std::sort(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) { return a.path < b.path; });
  const auto twice =
      std::adjacent_find(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) { return a.path == b.path; });
  REFUSE_UNLESS(twice == nodes.end(), "the listing of a delta has a path twice");
  return nodes;
}

}  // namespace swarmout
