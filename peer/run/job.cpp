#include "peer/run/job.hpp"

#include "common/base/process/descendants.hpp"
#include "common/base/subprocess.hpp"
#include "peer/run/job_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace swarmout {

namespace {

/// Not for what is run: a password.
constexpr std::string_view kSecretVariable = "SWARMOUT_ETCD_PASSWORD=";
/// As in supervise.cpp: what is killed goes soon, or is in an uninterruptible wait.
constexpr std::chrono::milliseconds kOrphanStep{20};
constexpr std::chrono::seconds kLeaveOrphansAfter{5};

std::vector<std::string> environment_for(const JobStart& start) {
  std::vector<std::string> all;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view line = *each;
    const std::string_view name = line.substr(0, line.find('='));
    const bool replaced = std::any_of(start.environment.begin(), start.environment.end(),
                                      [&](const auto& added) { return added.first == name; });
    if (!replaced && !line.starts_with(kSecretVariable)) {
      all.emplace_back(line);
    }
  }
  for (const auto& [name, value] : start.environment) {
    if (!value.empty()) {  // empty: it is not there, whatever ours says
      all.push_back(name + '=' + value);
    }
  }
  return all;
}

/// All that the child needs, made before the fork(2).
struct Prepared {
  explicit Prepared(const JobStart& start)
      : argv(start.argv),
        environment(environment_for(start)),
        argv_at(pointers_to(argv)),
        environment_at(pointers_to(environment)),
        directory(start.directory.native()),
        held(start.held),
        mask(start.mask),
        lock(start.lock) {}

  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::vector<char*> argv_at;
  std::vector<char*> environment_at;
  std::string directory;
  std::vector<int> held;
  mode_t mask;
  int lock;
};

/// A job that must not outlive its keeper, however that ends, and does not stop from the keyboard: whoever waits for a
/// leader that stands still waits in vain. It can still be stopped with SIGSTOP; its time goes on then.
void bind_to(pid_t keeper) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != keeper) {
    ::_exit(kNotExecutable);  // it ended before we asked
  }
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) {
    ::signal(signal, SIG_IGN);
  }
}

[[noreturn]] void become_program(const Prepared& what, const sigset_t& signals, const OutputTap* tap, int report,
                                 pid_t keeper) {
  if (keeper != 0) {
    bind_to(keeper);
  }
  ::umask(what.mask);
  ::signal(SIGPIPE, SIG_DFL);  // ours alone is ignored
  ::pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  if (tap != nullptr) {
    ::dup2(tap->for_output(), STDOUT_FILENO);
    ::dup2(tap->for_errors(), STDERR_FILENO);
  }
  for (const int each : what.held) {
    ::fcntl(each, F_SETFD, 0);
  }
  if (::chdir(what.directory.c_str()) == 0) {
    ::execvpe(what.argv_at[0], what.argv_at.data(), what.environment_at.data());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(report, &error, sizeof error);
  ::_exit(error == ENOENT ? kNotFound : kNotExecutable);
}

struct StartedProgram {
  pid_t pid = -1;
  Fd report;  ///< closed by exec(2); else errno
};

/// `keeper`: this process, if the program must not outlive it; 0: it may.
Result<StartedProgram> start_program(const Prepared& what, const sigset_t& signals, const OutputTap* tap,
                                     pid_t keeper = 0) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno("cannot start", what.argv[0], errno);
  }
  StartedProgram started{-1, Fd(ends[0])};
  const Fd other(ends[1]);
  started.pid = ::fork();
  if (started.pid == 0) {
    become_program(what, signals, tap, ends[1], keeper);
  }
  if (started.pid < 0) {
    return fail_errno("cannot start", what.argv[0], errno);
  }
  if (what.lock >= 0) {
    note_command(what.lock, started.pid);
  }
  return started;
}

/// Why it did not become the program; 0: it did.
int error_from(const Fd& report) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(report.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

tl::unexpected<Error> not_started(const JobStart& start, int error) {
  const std::string& name = start.argv[0];
  const bool bare = name.find('/') == std::string::npos;
  return fail(static_cast<ErrorCode>(error == ENOENT ? kNotFound : kNotExecutable),
              fmt::format("cannot start {} in {}: {}", name, start.directory.native(), std::strerror(error)),
              !bare                                 ? ""
              : path_exists(start.directory / name) ? fmt::format("what is in the release is ./{}", name)
                                                    : "a name without a slash is looked for in PATH");
}

}  // namespace

JobEnd end_of(const Error& not_started) {
  JobEnd end;
  end.status = static_cast<int>(not_started.code);
  end.output = not_started.message + '\n';
  return end;
}

Result<JobEnd> run_program(const JobStart& start, const HeldSignals& signals, Clock& clock) {
  std::optional<OutputTap> tap;
  if (start.keep_output) {
    TRY_ASSIGN(tap, OutputTap::open());
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Supervision watch;
  watch.spared = children();
  const MonotonicTime begun = clock.now();
  TRY_ASSIGN(const StartedProgram started, start_program(Prepared(start), signals.before(), tap ? &*tap : nullptr));
  if (tap) {
    tap->started();
  }
  const int error = error_from(started.report);
  watch.program = started.pid;
  watch.timeout = start.timeout;
  watch.grace = start.grace;
  watch.tap = tap ? &*tap : nullptr;
  JobEnd end{supervise(watch, signals, clock), {}, {}};
  if (error != 0) {
    return not_started(start, error);
  }
  end.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - begun);
  end.output = tap ? tap->end() : "";
  return end;
}

namespace {

/// The life of the process between: a family of its own, which ends with its owner.
[[noreturn]] void keep(const JobStart& start, const Prepared& what, const sigset_t& before, OutputTap* tap, pid_t owner,
                       int go, int report, Clock& clock) {
  ::prctl(PR_SET_NAME, "swarmout-job");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_PDEATHSIG, end_all_signal());
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // it may end by its program's signal
  char begin = 0;
  if (::getppid() != owner || ::read(go, &begin, 1) != 1) {
    ::_exit(0);
  }
  const HeldSignals signals;
  Supervision watch;
  watch.spared = children();
  auto started = start_program(what, before, tap, ::getpid());
  int error = started ? error_from(started->report) : EAGAIN;
  [[maybe_unused]] ssize_t told_end = ::write(report, &error, sizeof error);
  if (!started) {
    ::_exit(kNotExecutable);
  }
  if (tap != nullptr) {
    tap->started();
  }
  watch.program = started->pid;
  watch.timeout = start.timeout;
  watch.grace = start.grace;
  watch.owner = owner;
  if (::getppid() != owner) {
    ::raise(end_all_signal());  // it ended before we asked to be told
  }
  const ProgramEnd end = supervise(watch, signals, clock);
  told_end = ::write(report, &end, sizeof end);
  ::_exit(0);
}

/// What the keeper left; a keeper that was killed has left nothing.
std::optional<ProgramEnd> end_from(const Fd& report) {
  ProgramEnd end;
  return ::read(report.get(), &end, sizeof end) == sizeof end ? std::optional(end) : std::nullopt;
}

/// What a killed keeper has left is this process's now, and ends at once: the job may be begun again, here or
/// elsewhere. Other threads start children meanwhile, a share's helper, say; those are none of the family. Errors:
/// temporary.
Result<void> end_orphans(const std::set<pid_t>& before, Clock& clock) {
  const MonotonicTime give_up = clock.now() + kLeaveOrphansAfter;
  while (true) {
    std::set<pid_t> spared = children();
    for (const pid_t pid : own_children()) {
      if (!before.contains(pid)) {
        spared.erase(pid);
        ::waitpid(pid, nullptr, WNOHANG);
      }
    }
    if (FamilyEnd(clock.now(), std::chrono::milliseconds(0), spared).step(clock.now())) {
      return {};
    }
    if (clock.now() >= give_up) {
      return fail(ErrorCode::temporary,
                  "the process that kept the job was killed, and what the job has started does not end");
    }
    clock.sleep(kOrphanStep, {});
  }
}

}  // namespace

Result<BoundJob> BoundJob::prepare(const JobStart& start, const HeldSignals& signals, Clock& clock) {
  BoundJob job;
  job.start_ = start;
  if (start.keep_output) {
    TRY_ASSIGN(job.tap_, OutputTap::open());
  }
  int go[2] = {-1, -1};
  int report[2] = {-1, -1};
  if (::pipe2(go, O_CLOEXEC) != 0 || ::pipe2(report, O_CLOEXEC) != 0) {
    return fail_errno("cannot start", start.argv[0], errno);
  }
  job.go_ = Fd(go[1]);
  job.report_ = Fd(report[0]);
  Fd go_there(go[0]);
  Fd report_there(report[1]);
  const Prepared what(start);
  const pid_t owner = ::getpid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // of what a killed keeper leaves
  job.keeper_ = ::fork();
  if (job.keeper_ == 0) {
    job.go_.reset();
    job.report_.reset();
    keep(start, what, signals.before(), job.tap_ ? &*job.tap_ : nullptr, owner, go_there.get(), report_there.get(),
         clock);
  }
  if (job.keeper_ < 0) {
    return fail_errno("cannot start", start.argv[0], errno);
  }
  if (job.tap_) {
    job.tap_->started();
  }
  return job;
}

BoundJob::BoundJob(BoundJob&& other) noexcept
    : start_(std::move(other.start_)),
      keeper_(std::exchange(other.keeper_, -1)),
      go_(std::move(other.go_)),
      report_(std::move(other.report_)),
      tap_(std::move(other.tap_)) {}

BoundJob::~BoundJob() {
  if (keeper_ > 0) {
    go_.reset();  // it was not to begin
    ::waitpid(keeper_, nullptr, 0);
  }
}

Result<JobEnd> BoundJob::go(int order, const HeldSignals& signals, Clock& clock) {
  const MonotonicTime begun = clock.now();
  const std::set<pid_t> before = own_children();
  const char begin = 1;
  if (::write(go_.get(), &begin, 1) != 1) {
    return fail(ErrorCode::temporary, fmt::format("what was to start {} is gone", start_.argv[0]));
  }
  go_.reset();
  Supervision watch;
  watch.program = keeper_;
  watch.family = false;
  watch.grace = start_.grace;
  watch.order = order;
  watch.tap = tap_ ? &*tap_ : nullptr;
  JobEnd end{supervise(watch, signals, clock), {}, {}};
  keeper_ = -1;
  if (const int error = error_from(report_); error != 0) {
    return not_started(start_, error);
  }
  if (const auto told = end_from(report_)) {
    const ProgramEnd own = end;
    static_cast<ProgramEnd&>(end) = *told;
    end.ordered = own.ordered;
    end.asked = own.asked != 0 ? own.asked : told->asked;
  } else {
    TRY(end_orphans(before, clock));
  }
  end.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - begun);
  end.output = tap_ ? tap_->end() : "";
  return end;
}

}  // namespace swarmout
