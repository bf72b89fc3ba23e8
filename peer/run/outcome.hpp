// What became of a job on this host: STATE/jobs/NAME, for the next run of it, for the service, and through its record
// for `status`. Text form: docs/formats/state.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/base/units.hpp"
#include "common/fleet/peer_record.hpp"
#include "peer/run/job_lock.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace swarmout {

struct JobOutcome {
  std::string name;
  Position release;      ///< 0: not known
  std::string revision;  ///< at least its beginning
  std::string tree;      ///< the name of the directory
  std::string slot;
  int status = 0;  ///< as a shell has it
  std::chrono::milliseconds took{0};
  std::string ended;   ///< UTC
  std::string output;  ///< its end, if it was asked for
  std::string done;    ///< the release for which it has ended well last, as release_key() names it; empty: none
};

/// What names a release on this host, whatever share it came from: its digest, else the tree's name.
[[nodiscard]] std::string release_key(const std::optional<SignedDescriptor>& release, const std::string& tree);

/// Of a command, by default: its last part, with what a name cannot have replaced.
[[nodiscard]] std::string job_name_of(const std::string& command);

/// The jobs of one host. As the owner of the state directory, or root; what is made belongs to the owner.
class JobOutcomes {
public:
  explicit JobOutcomes(const Path& state) : directory_(state / "jobs") {}

  /// Nothing: none yet. Errors: refused: damaged, or empty; as read_file().
  [[nodiscard]] Result<std::optional<JobOutcome>> find(const std::string& name) const;
  /// Errors: cannot_write; not_found: there is no state directory.
  [[nodiscard]] Result<void> write(const JobOutcome& outcome) const;
  /// Nullopt: another run of this name has it, or what one has left. It stays as long as any process has the
  /// descriptor, but for those that its job leaves.
  [[nodiscard]] Result<std::optional<JobLock>> lock(const std::string& name) const;
  [[nodiscard]] Path lock_file(const std::string& name) const { return directory_ / (".lock-" + name); }
  /// Makes the directory, where there is a state directory. Errors: as write().
  [[nodiscard]] Result<void> make_directory() const;
  /// The last that failed, of the jobs that have not ended well since; else the last that ended. What cannot be read is
  /// left out.
  [[nodiscard]] std::optional<JobOutcome> newest() const;
  [[nodiscard]] const Path& directory() const { return directory_; }

private:
  Path directory_;
};

/// The outcome that counts most, for a record on the share; looked for only when the directory has changed. One thread.
class JobNews {
public:
  explicit JobNews(const Path& state) : outcomes_(state) {}
  [[nodiscard]] const std::optional<JobRecord>& newest();

private:
  JobOutcomes outcomes_;
  std::optional<std::filesystem::file_time_type> read_at_;
  std::optional<JobRecord> newest_;
};

}  // namespace swarmout
