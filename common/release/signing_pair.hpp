// Pairs of keys in a keys directory: the first one, and the change to another without a gap, in three steps.
//
//     begin    swarmout-next.key and swarmout-next.pub are made: two keys are trusted, the old one signs
//     switch   swarmout-next.key becomes swarmout.key: two keys are trusted, the new one signs
//     end      swarmout-next.pub becomes swarmout.pub: the new one alone is trusted
//
// Each step that changes what is used is one rename(2). Each may be run again, and by two at once, to the same end; one
// that is not due is refused. docs/operations.md says what happens between them.

#pragma once

#include "common/release/signing.hpp"

#include <string>

namespace swarmout {

inline constexpr std::string_view kNextPublicKeyFile = "swarmout-next.pub";
inline constexpr std::string_view kNextSecretKeyFile = "swarmout-next.key";

/// A whole pair in `directory`, which is made if need be: what is missing is made. A public key without its secret one
/// is left alone. Errors: usage: only the public one is there; refused: they do not belong together; cannot_write.
enum class PairWas { there, half, missing };
[[nodiscard]] Result<PairWas> ensure_key_pair(const Path& directory);

/// What a step did.
struct RotationStep {
  bool done = false;  ///< false: it was done before
  std::string key;    ///< id of the new one
};

/// Errors of all three: usage: it is not its turn; refused: the directory is not what it should be; cannot_write.
[[nodiscard]] Result<RotationStep> begin_rotation(const Path& directory);
[[nodiscard]] Result<RotationStep> switch_rotation(const Path& directory);
/// The key that is trusted alone after the end; nullopt: no change is under way.
[[nodiscard]] Result<std::optional<VerifyKey>> key_after_rotation(const Path& directory);
[[nodiscard]] Result<RotationStep> end_rotation(const Path& directory);

}  // namespace swarmout
