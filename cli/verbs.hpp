// The verbs of the command. Each file: the settings of one verb, where they go, and what is run with them.

#pragma once

#include "cli/settings/setting.hpp"

#include <vector>

namespace swarmout {

[[nodiscard]] Verb init_verb();
[[nodiscard]] Verb seed_verb();
[[nodiscard]] Verb peer_verb();
[[nodiscard]] Verb fetch_verb();
[[nodiscard]] Verb run_verb();
[[nodiscard]] Verb wait_verb();
[[nodiscard]] Verb status_verb();
[[nodiscard]] Verb rollback_verb();
[[nodiscard]] Verb hold_verb();
[[nodiscard]] Verb resume_verb();
[[nodiscard]] Verb history_verb();
[[nodiscard]] Verb activate_verb();
[[nodiscard]] Verb abandon_verb();
[[nodiscard]] Verb keys_verb();
[[nodiscard]] Verb verify_verb();
[[nodiscard]] Verb gc_verb();
[[nodiscard]] Verb pin_verb();
[[nodiscard]] Verb unpin_verb();
[[nodiscard]] Verb diff_verb();
[[nodiscard]] Verb doctor_verb();
[[nodiscard]] Verb config_verb();
[[nodiscard]] Verb pages_verb();
[[nodiscard]] Verb export_verb();
[[nodiscard]] Verb import_verb();

/// Settings of each.
struct CommonOptions {
  bool verbose = false;
  bool log_json = false;
};

/// All of them. `common` outlives them.
[[nodiscard]] std::vector<Verb> all_verbs(CommonOptions& common);

}  // namespace swarmout
