// What is published, held against what is about to be. Nothing here says anything to anybody.

#pragma once

#include "common/fleet/log_view.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"
#include "common/release/signing.hpp"
#include "common/share/share.hpp"

#include <optional>
#include <string>

namespace swarmout {

/// The release that is current, the newest one as a rule, if it was signed with a key that is trusted: after a change
/// of keys it is published anew. Nothing: there is none. Errors: refused: it is not one of ours.
[[nodiscard]] Result<std::optional<SignedDescriptor>> current_release(const LogView& log, const TrustedKeys& keys);

enum class Standing {
  other,          ///< another revision
  same,           ///< what is published is what would be
  another_key,    ///< the same, signed with a key that is to be replaced
  another_swarm,  ///< the same revision, made for another swarm certificate, or for none
};
/// `certificate`: of our swarm, in PEM; empty: in the clear. A torrent that cannot be read says nothing about its
/// swarm. `key`: id of the one that signs here.
[[nodiscard]] Standing standing_of(Share& share, const SignedDescriptor& newest, const std::string& revision,
                                   const std::string& certificate, const std::string& key);

/// What a leader may publish without being told to.
struct SizeRule {
  bool allow_empty = false;
  bool allow_shrink = false;
};
/// A mount that is missing is an empty source. Errors: refused: `files` (with links and directories) is nothing, or
/// less than half of what the release before has.
[[nodiscard]] Result<void> check_size(std::uint64_t files, const std::optional<SignedDescriptor>& newest,
                                      const SizeRule& rule);

}  // namespace swarmout
