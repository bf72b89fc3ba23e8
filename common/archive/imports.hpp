// The releases that were imported into a store: with all packs, and the descriptor that their origin has signed.
//
// They are no releases of this fleet, which has published none of them yet. What one names stays as what is on its way
// stays: each has a directory <state>/swarm/import-… with its manifest from the moment on that its first pack comes.
// One process changes them at a time (import.lock). Layout: docs/formats/state.md.

#pragma once

#include "common/release/store.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

/// As many as a leader keeps releases.
inline constexpr std::size_t kKeptImports = 3;

/// From here on nothing prunes what `manifest` names. It must be the one of this release. Errors: cannot_write;
/// temporary, if stopped.
[[nodiscard]] Result<void> begin_import(Store& store, const Descriptor& release, std::string_view manifest,
                                        const std::stop_token& stop);
/// All of it is here. Errors: cannot_write.
[[nodiscard]] Result<void> end_import(Store& store, const SignedDescriptor& release);

/// Those that are whole, newest first, by the time that they were made at their origin. Damaged ones are left out.
[[nodiscard]] Result<std::vector<SignedDescriptor>> imports(const Store& store);
/// The one that is called so; empty or "latest": the newest. Errors: not_found, naming what there is.
[[nodiscard]] Result<SignedDescriptor> find_import(const Store& store, const std::string& wanted);

/// Forgets all but `just` and the newest others, and what was begun and not ended. Their packs go when the store is
/// pruned next.
[[nodiscard]] Result<void> forget_old_imports(Store& store, const SignedDescriptor& just);

}  // namespace swarmout
