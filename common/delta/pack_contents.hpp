// The contents of a release's files, out of its packs in the store.

#pragma once

#include "common/delta/delta_file.hpp"
#include "common/release/manifest.hpp"
#include "common/release/pack.hpp"
#include "common/release/store.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace swarmout {

/// Every chunk is compared with its digest. Keeps the frames that were read last: files that stand together in a tree
/// mostly do so in its packs. Both references outlive it. One thread.
class PackContents final : public TreeContents {
public:
  PackContents(const Store& store, const Manifest& manifest);

  /// Errors of both: not_found: a pack is not in the store; refused: it is damaged.
  [[nodiscard]] Result<std::vector<std::byte>> file(std::uint32_t node) override;
  [[nodiscard]] Result<std::vector<std::byte>> chunk(std::uint32_t node, std::uint32_t index) override;

private:
  [[nodiscard]] Result<void> add_chunk(std::uint32_t ref, std::vector<std::byte>& to);
  [[nodiscard]] Result<const std::vector<std::byte>*> frame(std::uint32_t index);

  const Store& store_;
  const Manifest& manifest_;
  std::vector<std::uint32_t> pack_of_;  ///< by frame
  std::vector<Bytes> offset_of_;        ///< likewise, in its pack
  std::map<std::uint32_t, PackReader> readers_;
  std::map<std::uint32_t, std::vector<std::byte>> frames_;
  std::deque<std::uint32_t> read_;  ///< which frames are kept, the oldest first
  ZstdDecompressor codec_;
  std::vector<std::byte> packed_;
};

}  // namespace swarmout
