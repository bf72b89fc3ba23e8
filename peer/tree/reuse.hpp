// Takes one unchanged file over from the previous release.

#pragma once

#include "common/release/manifest.hpp"
#include "peer/tree/tree_writer.hpp"

#include <atomic>

namespace swarmout {

/// For both directories, and for buffers; one a thread.
struct ReuseContext {
  TreeWriter from;
  TreeWriter to;
  std::vector<std::byte> buffer;
};

/// Makes `node` in the new tree from the file of the same path in the previous one, with its modification time. False,
/// and nothing left behind, if that file is not there or its content is not what the manifest says: somebody changed
/// it. `reflink` is cleared when the file system turns out not to share blocks.
[[nodiscard]] Result<bool> reuse_file(const Manifest& manifest, const Node& node, ReuseContext& context,
                                      std::atomic<bool>& reflink);

}  // namespace swarmout
