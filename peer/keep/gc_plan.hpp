// What a host may remove of what it holds, and why: what is here and how much room there is goes in, a list comes out.
// No files: the whole policy is in one pure function.

#pragma once

#include "common/base/digest.hpp"
#include "peer/tree/space.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmout {

/// How much shall stay free: a part of the file system, or bytes.
struct MinFree {
  unsigned percent = 0;
  Bytes bytes = 0;
  bool operator==(const MinFree&) const = default;
  [[nodiscard]] bool any() const { return percent > 0 || bytes > 0; }
};

/// `needed` of the tree that `current` leads to.
inline constexpr std::string_view kCurrent = "current";

struct HeldTree {
  std::string name;
  Digest manifest;
  Bytes bytes = 0;
  std::uint64_t inodes = 0;
  std::string needed{};  ///< why it must stay, whatever else: "current", "pinned by a job", …; empty: nothing says so
};

/// A release whose packs are whole in the store.
struct HeldRelease {
  Digest digest;  ///< of its descriptor
  Position position;
  std::string revision;
  Digest manifest;
  std::vector<std::pair<Digest, Bytes>> packs{};
  std::string needed{};
  std::string name{};  ///< as Descriptor has it
};

struct GcInput {
  std::vector<HeldTree> trees;        ///< newest first
  std::vector<HeldRelease> releases;  ///< newest first
  std::size_t keep = 3;               ///< of each
  MinFree min_free;
  Room of_trees;
  Room of_packs;
  bool one_disk = true;   ///< the two are the same file system
  std::string unclear{};  ///< why `releases` is empty though there are some
};

struct Removal {
  enum class Kind { tree, packs };
  Kind kind = Kind::tree;
  std::string name;  ///< of the tree; "release 42 (v1.2.3)"
  Digest id;         ///< of the tree's manifest; of the release
  std::string why;
  Bytes bytes = 0;  ///< about what it frees; less where trees share blocks
};

struct GcPlan {
  std::vector<Removal> removals;  ///< in this order
  std::string short_of{};         ///< what is still short when all of it is done, in words; empty: nothing is
};

/// Removes what is beyond the newest `keep`, then, the oldest first, as much as it takes to have `min_free`, space and
/// inodes. Never what is needed, and never the last tree: where none is current, the newest one.
[[nodiscard]] GcPlan plan_gc(const GcInput& input);

}  // namespace swarmout
