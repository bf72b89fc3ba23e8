// The contents of a release's files, out of its tree on this host: to be read there costs less than to be unpacked.

#pragma once

#include "common/delta/delta_file.hpp"
#include "common/delta/pack_contents.hpp"
#include "common/release/manifest.hpp"
#include "peer/tree/tree_writer.hpp"

#include <vector>

namespace swarmout {

/// Every chunk is compared with its digest; what somebody has changed, or taken away, is read from the packs. All
/// references outlive it. One thread.
class TreeFiles final : public TreeContents {
public:
  TreeFiles(TreeWriter tree, const Manifest& manifest, TreeContents& packs)
      : tree_(std::move(tree)), manifest_(manifest), packs_(packs) {}

  /// Errors of both: those of the packs.
  [[nodiscard]] Result<std::vector<std::byte>> file(std::uint32_t node) override;
  [[nodiscard]] Result<std::vector<std::byte>> chunk(std::uint32_t node, std::uint32_t index) override;

private:
  [[nodiscard]] bool read(const Node& node, std::uint32_t first, std::uint32_t count, std::vector<std::byte>& to);

  TreeWriter tree_;
  const Manifest& manifest_;
  TreeContents& packs_;
};

}  // namespace swarmout
