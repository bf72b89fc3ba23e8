// One run of a job at a time on a host: STATE/jobs/.lock-NAME, which the job's command inherits, so that one that
// outlives its killed run is still at it. What the command leaves running inherits it, too, and is not: the file says
// who is at work. Text form: docs/formats/state.md.

#pragma once

#include "common/base/files.hpp"

#include <sys/types.h>

#include <string>

namespace swarmout {

/// Notes that this process is at work, in place of who was before; or, too, what it has started.
void note_at_work(int lock);
void note_command(int lock, pid_t command);

/// Whether one of those who were noted lives.
[[nodiscard]] bool is_at_work(const Path& file);
/// "process 4711 (sleep)": one that has the file open, as far as this user may see it; empty: none.
[[nodiscard]] std::string who_has(const Path& file);

class JobLock {
public:
  explicit JobLock(Fd file) : file_(std::move(file)) {}
  JobLock(JobLock&&) = default;
  /// The job is over: what its command has left running does not count.
  ~JobLock();
  JobLock& operator=(JobLock&&) = delete;
  [[nodiscard]] int descriptor() const { return file_.get(); }

private:
  Fd file_;
};

}  // namespace swarmout
