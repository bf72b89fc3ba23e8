// The coordinator of the seeding side: an election, and for the host that wins it the work (lead.hpp).

#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "seeder/epoch.hpp"
#include "seeder/seed_options.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

struct SeedReport {
  enum class Outcome { published, unchanged, already_published, somebody_else, held } outcome;
  Position release;
  std::string message;  ///< one sentence for the journal
};

/// Called from another thread when the work was told to stop and hangs: says so and ends the process, whatever holds it
/// up. Does not return.
using LastResort = std::function<void(const Error&)>;
/// Says it on standard error, if that takes it at once.
[[noreturn]] void end_process(const Error& error);

/// Errors: as the exit codes of the command say; temporary also for "fenced", and for an earlier run on this host that
/// has been at work for longer than a period. An ABANDON was written if a claim was held and the work failed.
[[nodiscard]] Result<SeedReport> run_seed(const SeedOptions& options, Clock& clock, std::stop_token stop,
                                          const Narrator& narrate, const Narrator& progress,
                                          const LastResort& last_resort = end_process);

}  // namespace swarmout
