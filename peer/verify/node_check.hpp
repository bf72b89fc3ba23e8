// One node of a manifest, held against what has its name in a tree.

#pragma once

#include "common/base/digest.hpp"
#include "common/release/manifest.hpp"
#include "peer/tree/tree_folders.hpp"
#include "peer/verify/tree_check.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Some of the chunks of a file; of all other nodes nothing but the node.
struct FilePart {
  std::uint32_t node = 0;
  std::uint32_t first_ref = 0;  ///< among those of the node
  std::uint32_t end_ref = 0;
  Bytes offset = 0;  ///< of the first
  Bytes size = 0;
};

/// What is wrong with the thing that has this node's name, as far as can be told without opening it. Nullopt: nothing.
[[nodiscard]] std::optional<Difference> check_place(TreeFolders& folders, const Node& node);

/// Has a buffer; one a thread.
class NodeChecker {
public:
  [[nodiscard]] static Result<NodeChecker> open(const Manifest& manifest, const Path& root);

  /// Nullopt: it is well.
  [[nodiscard]] std::optional<Difference> check(const FilePart& part);
  /// The same of all of a node.
  [[nodiscard]] std::optional<Difference> check_whole(std::uint32_t node);

private:
  NodeChecker(const Manifest& manifest, TreeFolders folders);
  [[nodiscard]] Result<bool> hashes_fit(const FilePart& part, int file);

  const Manifest* manifest_;
  TreeFolders folders_;
  std::vector<std::byte> buffer_;
  Sha256 hasher_;
};

}  // namespace swarmout
