#include "common/base/subprocess.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace swarmout {

namespace {

constexpr std::size_t kLastWords = 2 * kKiB;
constexpr auto kPatience = std::chrono::seconds(2);
constexpr int kPollMs = 100;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe(int flags) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | flags) != 0) {
    return fail_errno("cannot create", "a pipe", errno);
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::vector<std::string> environment_with(const Command& command) {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view line = *each;
    const std::string_view name = line.substr(0, line.find('='));
    bool replaced = false;
    for (const auto& [key, value] : command.environment) {
      replaced = replaced || key == name;
    }
    if (!replaced) {
      all.emplace_back(line);
    }
  }
  for (const auto& [key, value] : command.environment) {
    all.push_back(fmt::format("{}={}", key, value));
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& each : strings) {
    pointers.push_back(each.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// Between fork and exec: async-signal-safe calls only, since other threads may hold any lock.
[[noreturn]] void become(const char* directory, char* const* argv, char* const* envp, int output, int errors,
                         int report) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(errors, 2);
  // libtorrent 2.0.8 opens sockets and files without O_CLOEXEC.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (*directory == '\0' || ::chdir(directory) == 0) {
    ::execvpe(argv[0], argv, envp);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(report, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

Result<Subprocess> Subprocess::start(const Command& command) {
  INVARIANT(!command.argv.empty());
  TRY_ASSIGN(Pipe output, make_pipe(0));
  TRY_ASSIGN(Pipe errors, make_pipe(0));
  TRY_ASSIGN(Pipe report, make_pipe(0));
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> environment = environment_with(command);
  const auto argv_pointers = pointers_to(argv);
  const auto environment_pointers = pointers_to(environment);

  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail_errno("cannot start", argv[0], errno);
  }
  if (pid == 0) {
    become(command.directory.c_str(), argv_pointers.data(), environment_pointers.data(), output.write.get(),
           errors.write.get(), report.write.get());
  }
  Subprocess child;
  child.pid_ = pid;
  child.output_ = std::move(output.read);
  child.errors_ = std::move(errors.read);
  // What is still open here would be waited for when the child is gone.
  output.write.reset();
  errors.write.reset();
  report.write.reset();
  ::fcntl(child.errors_.get(), F_SETFL, O_NONBLOCK);
  int error = 0;
  if (::read(report.read.get(), &error, sizeof error) == sizeof error) {
    return fail(ErrorCode::failed, fmt::format("cannot start {}: {}", argv[0], std::strerror(error)),
                fmt::format("install {} on every host, it belongs into the image", argv[0]));
  }
  return child;
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      last_words_(std::move(other.last_words_)) {}

Subprocess::~Subprocess() {
  if (pid_ > 0) {
    end();
  }
}

/// Waits until kPatience is over. True if the child has ended.
bool Subprocess::ends_soon() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    if (errors_.valid()) {
      take_errors();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ended(status);
  return true;
}

void Subprocess::ended(int status) {
  if (errors_.valid()) {
    take_errors();
  }
  pid_ = -1;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Subprocess::end() {
  const pid_t group = pid_;  // not given to anybody else while one of its members is left
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  ::kill(-group, SIGTERM);
  if (ends_soon()) {
    // What it started has the same time to tidy up.
    while (::kill(-group, 0) == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  ::kill(-group, SIGKILL);
  if (pid_ > 0) {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ended(status);
  }
}

int Subprocess::stop() {
  output_.reset();
  if (pid_ > 0 && !ends_soon()) {
    end();
  }
  return status_;
}

void Subprocess::take_errors() {
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  while ((got = ::read(errors_.get(), buffer.data(), buffer.size())) > 0) {
    last_words_.append(buffer.data(), static_cast<std::size_t>(got));
    if (last_words_.size() > kLastWords) {
      last_words_.erase(0, last_words_.size() - kLastWords);
    }
  }
  if (got == 0) {
    errors_.reset();
  }
}

Result<std::size_t> Subprocess::read(std::span<std::byte> out, std::stop_token stop) {
  while (true) {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    std::array<pollfd, 2> waiting = {pollfd{output_.get(), POLLIN, 0}, pollfd{errors_.get(), POLLIN, 0}};
    const int ready = ::poll(waiting.data(), errors_.valid() ? 2 : 1, kPollMs);
    if (ready < 0 && errno != EINTR) {
      return fail_errno("cannot wait for", "a child process", errno);
    }
    if (ready <= 0) {
      continue;
    }
    if (errors_.valid() && waiting[1].revents != 0) {
      take_errors();
    }
    if (waiting[0].revents != 0) {
      const ssize_t got = ::read(output_.get(), out.data(), out.size());
      if (got >= 0) {
        return static_cast<std::size_t>(got);
      }
      if (errno != EINTR) {
        return fail_errno("cannot read from", "a child process", errno);
      }
    }
  }
}

int Subprocess::wait() {
  if (pid_ > 0) {
    output_.reset();
    int status = 0;
    while (true) {
      if (errors_.valid()) {
        pollfd waiting{errors_.get(), POLLIN, 0};
        ::poll(&waiting, 1, kPollMs);
        take_errors();
      }
      const pid_t ended = ::waitpid(pid_, &status, errors_.valid() ? WNOHANG : 0);
      if (ended == pid_) {
        break;
      }
    }
    ended(status);
  }
  return status_;
}

Result<std::string> run_and_capture(const Command& command, Bytes limit, std::stop_token stop) {
  TRY_ASSIGN(Subprocess child, Subprocess::start(command));
  std::string captured;
  std::vector<std::byte> buffer(64 * kKiB);
  while (true) {
    TRY_ASSIGN(const std::size_t got, child.read(buffer, stop));
    if (got == 0) {
      break;
    }
    captured.append(as_text(std::span(buffer).first(got)));
    REFUSE_UNLESS(captured.size() <= limit, fmt::format("{} prints more than expected", command.argv[0]));
  }
  if (const int status = child.wait(); status != 0) {
    return fail(ErrorCode::failed,
                fmt::format("{} ended with status {}: {}", command.argv[0], status, child.last_words()));
  }
  return captured;
}

}  // namespace swarmout
