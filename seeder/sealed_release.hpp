// A release that is ready to be staged: signed, with its torrent.

#pragma once

#include "common/release/signing.hpp"
#include "seeder/delta/release_delta.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// Of a source's name in a descriptor: a staged one must fit into a cell.
inline constexpr std::size_t kMaxSource = 200;

/// What a leader serves is laid out under this name in its store.
inline constexpr std::string_view kSeedPurpose = "seed";

/// A release that is whole in the store, and not signed yet.
struct Draft {
  Descriptor descriptor;
  Manifest manifest;
  std::string torrent;
};

struct SealedRelease {
  SignedDescriptor release;
  std::string torrent;
  std::optional<ReleaseDelta> delta{};  ///< that the descriptor names
};

/// Errors: the signer's.
[[nodiscard]] Result<SignedDescriptor> sign(Descriptor descriptor, const Signer& signer);

}  // namespace swarmout
