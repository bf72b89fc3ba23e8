#include "common/release/manifest_diff.hpp"

#include <optional>
#include <unordered_set>

namespace swarmout {

namespace {

std::optional<PathChange> change_of(const Manifest& before, const Node& x, const Manifest& after, const Node& y) {
  if (x.is_file() != y.is_file() || (!x.is_file() && x.kind != y.kind)) {
    return PathChange::type;
  }
  if (x.is_file() && !same_content(before, x, after, y)) {
    return PathChange::content;
  }
  if (x.kind != y.kind) {
    return PathChange::executable;
  }
  return x.target != y.target ? std::optional(PathChange::target) : std::nullopt;
}

}  // namespace

std::string_view name_of(PathChange change) {
  switch (change) {
    case PathChange::added:
      return "added";
    case PathChange::removed:
      return "removed";
    case PathChange::type:
      return "type";
    case PathChange::content:
      return "content";
    case PathChange::executable:
      return "executable";
    case PathChange::target:
      return "target";
  }
  std::abort();
}

bool same_content(const Manifest& a, const Node& x, const Manifest& b, const Node& y) {
  if (!x.is_file() || !y.is_file() || x.size != y.size || x.ref_count != y.ref_count) {
    return false;
  }
  for (std::uint32_t i = 0; i < x.ref_count; ++i) {
    if (a.chunks[a.refs[x.first_ref + i]].digest != b.chunks[b.refs[y.first_ref + i]].digest) {
      return false;
    }
  }
  return true;
}

std::vector<ChangedPath> changed_between(const Manifest& before, const Manifest& after) {
  std::vector<ChangedPath> changed;
  auto x = before.nodes.begin();
  auto y = after.nodes.begin();
  while (x != before.nodes.end() || y != after.nodes.end()) {
    if (y == after.nodes.end() || (x != before.nodes.end() && x->path < y->path)) {
      changed.push_back({PathChange::removed, &*x++, nullptr});
    } else if (x == before.nodes.end() || y->path < x->path) {
      changed.push_back({PathChange::added, nullptr, &*y++});
    } else {
      if (const auto change = change_of(before, *x, after, *y)) {
        changed.push_back({*change, &*x, &*y});
      }
      ++x;
      ++y;
    }
  }
  return changed;
}

Bytes new_pack_bytes(const Manifest& before, const Manifest& after) {
  std::unordered_set<Digest> known;
  for (const PackInfo& each : before.packs) {
    known.insert(each.root);
  }
  Bytes total = 0;
  for (const PackInfo& each : after.packs) {
    total += known.contains(each.root) ? 0 : each.size;
  }
  return total;
}

}  // namespace swarmout
