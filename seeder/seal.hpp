// Packed content in, a release that can be staged out: manifest, torrent, signed descriptor; all of it in the store.

#pragma once

#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "seeder/pack/packer.hpp"

namespace swarmout {

/// Of a source's name in a descriptor: a staged one must fit into a cell.
inline constexpr std::size_t kMaxSource = 200;

struct SealInput {
  PackedRelease packed;
  Position position;     ///< of the COMMIT to come
  Position basis;        ///< 0: none
  std::string revision;  ///< empty: to be named by content, "t-" and 16 hexadecimal digits
  std::string source;
  std::string created;
  RateLimits clone_limits{};
  std::string certificate{};  ///< of the swarm, in PEM; empty: in the clear
  std::string asked{};        ///< what `revision` was asked for as; empty: what the source's own #ref says
};

struct SealedRelease {
  SignedDescriptor release;
  std::string torrent;
};

[[nodiscard]] SignedDescriptor sign(Descriptor descriptor, const SigningKey& key);

/// Errors: cannot_write; refused.
[[nodiscard]] Result<SealedRelease> seal(SealInput input, Store& store, const SigningKey& key);

}  // namespace swarmout
