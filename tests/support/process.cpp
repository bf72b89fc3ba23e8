#include "tests/support/process.hpp"

#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace swarmout::test {

Process::Process(const Launch& launch, const Path& log) : out_(log.native() + ".out"), err_(log.native() + ".err") {
  std::vector<char*> argv;
  for (const std::string& each : launch.argv) {
    argv.push_back(const_cast<char*>(each.c_str()));
  }
  argv.push_back(nullptr);
  const int parent = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0) {
    return;
  }
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing is left running, however the test ends
  if (::getppid() != parent) {
    std::_Exit(127);
  }
  for (const auto& [name, value] : launch.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(::open(out_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644), 1);
  ::dup2(::open(err_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644), 2);
  ::execvp(argv[0], argv.data());
  std::_Exit(127);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      ended_(other.ended_),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

Process::~Process() {
  if (pid_ > 0 && !ended_) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

bool Process::running() {
  if (ended_) {
    return false;
  }
  int raw = 0;
  if (::waitpid(pid_, &raw, WNOHANG) == pid_) {
    ended_ = true;
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  }
  return !ended_;
}

void Process::signal(int number) const {
  if (!ended_) {
    ::kill(pid_, number);
  }
}

int Process::wait(std::chrono::milliseconds patience) {
  EXPECT_TRUE(wait_for([this] { return !running(); }, patience)) << "still running: " << err_ << "\n" << err();
  return status_;
}

std::string Process::out() const {
  return read_file(out_, 64 * kMiB).value_or("");
}

std::string Process::err() const {
  return read_file(err_, 64 * kMiB).value_or("");
}

Finished run(const Launch& launch, const Path& log) {
  Process process(launch, log);
  const int status = process.wait();
  return {status, process.out(), process.err()};
}

}  // namespace swarmout::test
