#include "common/delta/tree_listing.hpp"

#include "common/release/tree_path.hpp"

#include <algorithm>

namespace swarmout {

namespace {

constexpr char kUp = 'u';
/// In the order of Node::Kind.
constexpr std::string_view kKinds = "fxld";

/// A directory, what is in it, its siblings: as if '/' came before everything else.
bool in_walk(const Node* a, const Node* b) {
  const auto rank = [](char c) { return c == '/' ? 0U : static_cast<unsigned>(static_cast<unsigned char>(c)); };
  return std::lexicographical_compare(a->path.begin(), a->path.end(), b->path.begin(), b->path.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
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
  std::vector<const Node*> walk;
  for (const Node& node : nodes) {
    walk.push_back(&node);
  }
  std::sort(walk.begin(), walk.end(), in_walk);
  std::string listing;
  std::size_t depth = 0;
  for (const Node* const node : walk) {
    const std::size_t own = depth_of(node->path);
    INVARIANT(own <= depth);
    listing.append(depth - own, kUp);
    listing += kKinds[static_cast<std::size_t>(node->kind)];
    listing.append(std::string_view(node->path).substr(node->path.rfind('/') + 1));
    listing += '\0';
    if (node->kind == Node::Kind::symlink) {
      listing.append(node->target);
      listing += '\0';
    }
    depth = own + (node->kind == Node::Kind::directory ? 1 : 0);
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
