// The coordinator of the verb `run`: a gate, a pin, a program in the tree, and what is left of it.

#pragma once

#include "common/base/clock.hpp"
#include "peer/run/changed_paths.hpp"
#include "peer/run/gate_watch.hpp"
#include "peer/run/job.hpp"
#include "peer/run/job_lock.hpp"
#include "peer/tree/pins.hpp"
#include "peer/tree/private_copy.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace swarmout {

struct RunOptions {
  GateOptions gate;
  std::vector<std::string> command;
  std::string name;  ///< of the job; empty: after the command
  bool once_per_release = false;
  bool copy = false;           ///< it works in a copy that it may write to
  bool report_output = false;  ///< the end of its output is left behind, too
  std::optional<std::chrono::milliseconds> timeout{};
  std::chrono::milliseconds grace{std::chrono::seconds(10)};  ///< between SIGTERM and SIGKILL, once the time is over
  mode_t mask = 022;                                          ///< umask(2) of the command
};

/// The tree that a job works in. It stays as it is while this lives, or what was started with it.
struct PinnedRelease {
  ActiveTree tree;
  Pin pin;
  std::string revision;                       ///< as far as it is known: at least its beginning
  std::optional<SignedDescriptor> release{};  ///< what was signed for it, as far as it is known
  std::optional<ActiveTree> previous{};       ///< what was active before it; kept as long as this
  std::optional<Pin> previous_pin{};
  std::string slot{};
  std::string late{};  ///< not what was wanted, but what is there: why; else empty
};

/// Waits at the gate, and pins what it let pass. Errors: temporary: the time is over, with what is missing;
/// unavailable: with IfLate::old, nothing is active; as pin_tree() and wait_at_gate().
[[nodiscard]] Result<PinnedRelease> pin_release(const GateOptions& options, Clock& clock, std::stop_token stop,
                                                const GateNews& news);

/// What a program is told about its release: SWARMOUT_RELEASE, _REVISION, _DIR, _PREVIOUS_DIR, _SLOT and _JOB; not yet
/// SWARMOUT_CHANGED. An empty value: the variable is not to be there.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> job_variables(const PinnedRelease& pinned,
                                                                             const Path& directory);

/// All that is ready for a job to begin.
struct ReadyJob {
  PinnedRelease pinned;
  std::optional<JobLock> lock{};  ///< of its name
  std::optional<PrivateCopy> copy{};
  std::optional<ChangesFile> changes{};

  [[nodiscard]] const Path& directory() const { return copy ? copy->path() : pinned.tree.path; }
};

/// There is nothing to do.
struct NoJob {
  std::string why;
  bool worth_saying = false;
};

/// The name under which its outcomes are kept.
[[nodiscard]] std::string job_name(const RunOptions& options);

/// Waits at the gate and makes everything ready. Errors: as pin_release(); cannot_write: what `once_per_release` or
/// `copy` need cannot be made.
[[nodiscard]] Result<std::variant<ReadyJob, NoJob>> prepare_job(const RunOptions& options, Clock& clock,
                                                                std::stop_token stop, const GateNews& news);

/// What run_program() and BoundJob are told.
[[nodiscard]] JobStart start_of(const RunOptions& options, const ReadyJob& job);

/// Leaves its outcome for the next run and for the service. A sentence, if that cannot be done.
[[nodiscard]] std::optional<std::string> leave_outcome(const RunOptions& options, const ReadyJob& job,
                                                       const JobEnd& end, Clock& clock);

}  // namespace swarmout
