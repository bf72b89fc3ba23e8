// `run --one-host`: the election, and a job that ends with its leadership.

#pragma once

#include "peer/run_job.hpp"
#include "seeder/job/one_host.hpp"

#include <chrono>
#include <string>

namespace swarmout {

struct OneHostWishes {
  std::string name;          ///< of the job; empty: on every host
  unsigned retries = 2;      ///< after the first attempt, all hosts together
  std::string sign_command;  ///< signs instead of the secret key; empty: none
  ElectionSettings election{.slot = {}, .splay = std::chrono::milliseconds(1000)};
};

/// Nothing: nothing was run here, and there is nothing to do. Errors: failed: it failed for good, here or elsewhere;
/// temporary: this host was passed, or stopped; as OneHost.
[[nodiscard]] Result<std::optional<JobEnd>> run_on_one_host(const RunOptions& options, const OneHostWishes& wishes,
                                                            const ReadyJob& job);

}  // namespace swarmout
