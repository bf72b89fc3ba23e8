// Takes one unchanged file over from the previous release.

#pragma once

#include "common/release/manifest.hpp"
#include "peer/tree/tree_writer.hpp"

#include <atomic>
#include <optional>

namespace swarmout {

/// For both directories, and for buffers; one a thread.
struct ReuseContext {
  TreeWriter from;
  TreeWriter to;
  std::vector<std::byte> buffer;
};

/// Makes `node` in the new tree from the file of the same path in the previous one, with its modification time. Its
/// stamp (tree_stamps.hpp). Nullopt, and nothing left behind, if that file is not there or its content is not what the
/// manifest says: somebody changed it. `reflink` is cleared when the file system turns out not to share blocks.
[[nodiscard]] Result<std::optional<std::uint64_t>> reuse_file(const Manifest& manifest, const Node& node,
                                                              ReuseContext& context, std::atomic<bool>& reflink);

/// Whether an open file has the content of `node`. False also if it cannot be read. `buffer` is for a chunk at a time.
[[nodiscard]] bool content_fits(const Manifest& manifest, const Node& node, int file, std::vector<std::byte>& buffer);

}  // namespace swarmout
