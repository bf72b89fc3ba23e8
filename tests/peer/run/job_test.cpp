// A job and its company: in processes of their own, so that nothing of it stays with the other tests.

#include "peer/run/job.hpp"

#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

JobStart shell_job(const TempDir& dir, const std::string& command) {
  JobStart start;
  start.argv = {"sh", "-c", command};
  start.directory = dir.path();
  start.grace = 300ms;
  return start;
}

Result<JobEnd> bound_job(const JobStart& start) {
  const HeldSignals signals;
  auto job = BoundJob::prepare(start, signals, system_clock());
  return job ? job->go(-1, signals, system_clock()) : tl::unexpected(job.error());
}

Result<JobEnd> plain_job(const JobStart& start) {
  const HeldSignals signals;
  return run_program(start, signals, system_clock());
}

constexpr int kNoEnd = 250;

/// Stands for `run`; its exit status is what `work` returns.
pid_t in_a_process(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(work());
  }
  return pid;
}

/// -1: it has not ended in time, and is killed.
int status_in_time(pid_t pid) {
  int status = 0;
  if (wait_for([&] { return ::waitpid(pid, &status, WNOHANG) == pid; })) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return -1;
}

std::vector<pid_t> pids_in(const Path& file, std::size_t wanted) {
  std::vector<pid_t> pids;
  const bool there = wait_for([&] {
    pids.clear();
    std::ifstream lines(file);
    for (pid_t pid = 0; lines >> pid;) {
      pids.push_back(pid);
    }
    return pids.size() == wanted;
  });
  EXPECT_TRUE(there) << file;
  return pids;
}

bool is_gone(pid_t pid) {
  return ::kill(pid, 0) != 0;
}

/// A shell with job control: the first process of a session with a terminal, and `work` in the group at its front.
class TerminalSession {
public:
  /// The shell ends with the status of `work`; with kNoEnd, unless that was stopped `stops` times before. It is
  /// continued, as by fg(1).
  TerminalSession(int stops, const std::function<int()>& work, const std::function<void()>& before_going_on = {}) {
    master_ = Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ::grantpt(master_.get());
    ::unlockpt(master_.get());
    const std::string name = ::ptsname(master_.get());
    shell_ = in_a_process([&] {
      ::setsid();
      const Fd terminal(::open(name.c_str(), O_RDWR));
      ::ioctl(terminal.get(), TIOCSCTTY, 0);
      ::signal(SIGTTOU, SIG_IGN);
      const pid_t job = in_a_process([&] {
        ::setpgid(0, 0);
        ::tcsetpgrp(terminal.get(), ::getpid());
        ::signal(SIGTTOU, SIG_DFL);
        return work();
      });
      int status = 0;
      int seen = 0;
      while (::waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
        ++seen;
        if (before_going_on) {
          before_going_on();
        }
        ::kill(-job, SIGCONT);
      }
      return seen == stops && WIFEXITED(status) ? WEXITSTATUS(status) : kNoEnd;
    });
  }
  void press_ctrl_z() const { ASSERT_EQ(::write(master_.get(), "\x1a", 1), 1); }
  int end() const { return status_in_time(shell_); }

private:
  Fd master_;
  pid_t shell_ = -1;
};

}  // namespace

TEST(BoundJobs, EndWithTheirKeeperHoweverThatEnds) {
  const TempDir dir;
  const pid_t run = in_a_process([&] {
    const auto end = bound_job(shell_job(dir,
                                         "(setsid sleep 300 & echo $! >> pids); sleep 300 & "
                                         "echo $! $$ $PPID >> pids; trap '' TERM; wait"));
    return end ? end->status : kNoEnd;
  });
  const auto pids = pids_in(dir / "pids", 4);
  ASSERT_EQ(pids.size(), 4U);
  ::kill(pids[3], SIGKILL);
  EXPECT_EQ(status_in_time(run), 128 + SIGKILL);
  for (const pid_t pid : pids) {
    EXPECT_TRUE(is_gone(pid)) << pid << ": what is left runs beside the next attempt";
  }
}

TEST(BoundJobs, LeaveChildrenAloneThatAreNotTheirs) {
  const TempDir dir;
  const pid_t run = in_a_process([&] {
    const pid_t helper = in_a_process([] { return ::pause(); });
    const auto end = bound_job(shell_job(dir, "echo $PPID >> pids; sleep 300"));
    const bool left = ::waitpid(helper, nullptr, WNOHANG) == 0;
    ::kill(helper, SIGKILL);
    return end && end->status == 128 + SIGKILL && left ? 0 : kNoEnd;
  });
  const auto pids = pids_in(dir / "pids", 1);
  ASSERT_EQ(pids.size(), 1U);
  ::kill(pids[0], SIGKILL);
  EXPECT_EQ(status_in_time(run), 0);
}

TEST(BoundJobs, SayThatTheyWereAskedToEndWhateverTheirCommandMakesOfIt) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    const TempDir dir;
    const pid_t run = in_a_process([&] {
      const auto end = bound_job(shell_job(dir,
                                           "trap 'exit 7' TERM INT HUP QUIT; echo $$ > pids; "
                                           "while :; do sleep 0.05; done"));
      return end && end->status == 7 ? end->asked : kNoEnd;
    });
    pids_in(dir / "pids", 1);
    ::kill(run, signal);
    EXPECT_EQ(status_in_time(run), signal);
  }
}

TEST(BoundJobs, ThatStandStillAreContinuedToEnd) {
  const TempDir dir;
  const pid_t run = in_a_process([&] {
    const auto end = bound_job(shell_job(dir, "echo $$ > pids; while :; do sleep 0.05; done"));
    return end ? end->signal : kNoEnd;
  });
  const auto pids = pids_in(dir / "pids", 1);
  ASSERT_EQ(pids.size(), 1U);
  ::kill(pids[0], SIGSTOP);
  ::kill(run, SIGTERM);
  EXPECT_EQ(status_in_time(run), SIGTERM);
}

TEST(BoundJobs, DoNotStopFromTheKeyboardAndTheirTimeGoesOn) {
  const TempDir dir;
  const TerminalSession session(0, [&] {
    JobStart start = shell_job(dir, "echo $$ > pids; sleep 300");
    start.timeout = 1500ms;
    const auto end = bound_job(start);
    return end && end->timed_out ? kTimedOut : kNoEnd;
  });
  pids_in(dir / "pids", 1);
  session.press_ctrl_z();
  EXPECT_EQ(session.end(), kTimedOut);
}

TEST(Jobs, StopFromTheKeyboardWithTheirCommandAndGoOnWithIt) {
  const TempDir dir;
  const TerminalSession session(
      1,
      [&] {
        const auto end = plain_job(shell_job(dir, "echo $$ > pids; while [ ! -e go ]; do sleep 0.05; done; exit 7"));
        return end ? end->status : kNoEnd;
      },
      [&] { write_file(dir / "go", ""); });
  pids_in(dir / "pids", 1);
  session.press_ctrl_z();
  EXPECT_EQ(session.end(), 7);
}

TEST(Jobs, HaveTheirCallersMask) {
  const TempDir dir;
  for (const mode_t mask : {mode_t{0077}, mode_t{0002}}) {
    const pid_t run = in_a_process([&] {
      ::umask(022);
      JobStart start = shell_job(dir, "exit $(($(umask)))");
      start.mask = mask;
      const auto end = plain_job(start);
      const auto bound = bound_job(start);
      return end && bound && end->status == bound->status ? end->status : kNoEnd;
    });
    EXPECT_EQ(status_in_time(run), static_cast<int>(mask));
  }
}

}  // namespace swarmout::test
