// Whether a release is offered with a delta, for people, too: the step between drafting it and signing it.

#pragma once

#include "seeder/epoch.hpp"
#include "seeder/sealed_release.hpp"

#include <optional>

namespace swarmout {

/// `without`: bytes that a host needs which gets its new packs. Nothing: there is no release before, it would not be
/// worth it, or something is wrong, which is said: packs always do.
[[nodiscard]] std::optional<ReleaseDelta> offer_delta(const Epoch& epoch, const Draft& draft, Bytes without);

}  // namespace swarmout
