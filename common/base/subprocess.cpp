#include "common/base/subprocess.hpp"

#include "common/base/guardian.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace swarmout {

namespace {

constexpr std::size_t kLastWords = 2 * kKiB;
constexpr auto kPatience = std::chrono::milliseconds(2000);
/// An exec(2) that takes longer waits for a file server.
constexpr auto kStartPatience = std::chrono::milliseconds(30'000);
/// What the guardian takes at most, and some for a starved processor.
constexpr auto kEndPatience = kStopGrace + kKillPatience + std::chrono::milliseconds(1000);
constexpr int kPollMs = 100;
constexpr int kReadsAtOnce = 32;
constexpr std::string_view kOurs = "SWARMOUT_";

struct Ends {
  Fd one;
  Fd other;
};

/// Above standard error: in a process that was started without one, a pipe may be given its number.
Result<Fd> out_of_the_way(int fd) {
  Fd low(fd);
  if (fd > 2) {
    return low;
  }
  const int high = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (high < 0) {
    return fail_errno("cannot create", "a pipe", errno);
  }
  return Fd(high);
}

Result<Ends> ends_of(int result, const int (&fds)[2]) {
  if (result != 0) {
    return fail_errno("cannot create", "a pipe", errno);
  }
  auto first = out_of_the_way(fds[0]);
  auto second = out_of_the_way(fds[1]);  // whatever came of the first: it owns what it was given
  TRY_ASSIGN(Fd one, std::move(first));
  TRY_ASSIGN(Fd other, std::move(second));
  return Ends{std::move(one), std::move(other)};
}

/// The first end is read from.
Result<Ends> make_pipe() {
  int fds[2] = {-1, -1};
  const int made = ::pipe2(fds, O_CLOEXEC);
  return ends_of(made, fds);
}

Result<Ends> make_control() {
  int fds[2] = {-1, -1};
  const int made = ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
  return ends_of(made, fds);
}

std::vector<std::string> environment_with(const Command& command) {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view line = *each;
    const std::string_view name = line.substr(0, line.find('='));
    const bool replaced = std::any_of(command.environment.begin(), command.environment.end(),
                                      [&](const auto& added) { return added.first == name; });
    if (!replaced && !name.starts_with(kOurs) && (!command.inherits || command.inherits(name))) {
      all.emplace_back(line);
    }
  }
  for (const auto& [key, value] : command.environment) {
    all.push_back(fmt::format("{}={}", key, value));
  }
  return all;
}

/// True: something is there. Waits in steps, so that the caller can look at what else it waits for.
bool readable(int fd, std::chrono::milliseconds patience) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& each : strings) {
    pointers.push_back(each.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

Result<Subprocess> Subprocess::start(const Command& command) {
  INVARIANT(!command.argv.empty());
  TRY_ASSIGN(Ends output, make_pipe());
  TRY_ASSIGN(Ends errors, make_pipe());
  TRY_ASSIGN(Ends report, make_pipe());
  TRY_ASSIGN(Ends control, make_control());
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> environment = environment_with(command);
  const auto argv_pointers = pointers_to(argv);
  const auto environment_pointers = pointers_to(environment);
  const GuardedStart start{command.directory.c_str(),
                           argv_pointers.data(),
                           environment_pointers.data(),
                           output.other.get(),
                           errors.other.get(),
                           control.other.get(),
                           report.other.get(),
                           report.one.get(),
                           command.held,
                           command.input};
  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail_errno("cannot start", argv[0], errno);
  }
  if (pid == 0) {
    guard(start);
  }
  Subprocess child;
  child.guardian_ = pid;
  child.control_ = std::move(control.one);
  child.output_ = std::move(output.one);
  child.errors_ = std::move(errors.one);
  // What is still open here would be waited for when the child is gone.
  output.other.reset();
  errors.other.reset();
  control.other.reset();
  report.other.reset();
  ::fcntl(child.errors_.get(), F_SETFL, O_NONBLOCK);
  TRY(child.learn_whether_it_started(argv[0]));
  return child;
}

Result<void> Subprocess::learn_whether_it_started(const std::string& name) {
  GuardReport report;
  if (!readable(control_.get(), kStartPatience)) {
    return fail(ErrorCode::failed, fmt::format("cannot start {}: it took too long", name));
  }
  if (::recv(control_.get(), &report, sizeof report, 0) != sizeof report) {
    return fail(ErrorCode::failed, fmt::format("cannot start {}: its guardian was killed", name));
  }
  if (report.kind != GuardReport::Kind::started) {
    ended_ = true;
    return fail(ErrorCode::failed, fmt::format("cannot start {}: {}", name, std::strerror(report.value)),
                fmt::format("install {} on every host, it belongs into the image", name));
  }
  pid_ = report.pid;
  return {};
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : guardian_(std::exchange(other.guardian_, -1)),
      pid_(other.pid_),
      ended_(other.ended_),
      status_(other.status_),
      control_(std::move(other.control_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      last_words_(std::move(other.last_words_)),
      words_cut_(other.words_cut_) {}

Subprocess::~Subprocess() {
  if (guardian_ < 0) {
    return;
  }
  if (!ended_) {
    end();
  }
  // After a failure it may still be ending what was left; nobody need wait for that. A zombie goes when we go.
  control_.reset();
  ::waitpid(guardian_, nullptr, WNOHANG);
}

/// Asks the guardian, which reports when all is over. It does so in time, unless it was killed or stopped itself.
void Subprocess::end() {
  output_.reset();
  ::shutdown(control_.get(), SHUT_WR);
  if (!ends_within(kEndPatience)) {
    ::kill(guardian_, SIGKILL);
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
    }
    ended_ = true;
    status_ = 128 + SIGKILL;
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (::waitpid(guardian_, nullptr, WNOHANG) == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  guardian_ = -1;
}

void Subprocess::take_report() {
  GuardReport report;
  const ssize_t got = ::recv(control_.get(), &report, sizeof report, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  ended_ = true;
  status_ = got == sizeof report ? report.value : 128 + SIGKILL;  // a guardian that was killed takes its child along
  if (errors_.valid()) {
    take_errors();
  }
}

bool Subprocess::ends_within(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!ended_ && std::chrono::steady_clock::now() < deadline) {
    std::array<pollfd, 2> waiting = {pollfd{control_.get(), POLLIN, 0}, pollfd{errors_.get(), POLLIN, 0}};
    ::poll(waiting.data(), errors_.valid() ? 2 : 1, kPollMs);
    if (errors_.valid() && waiting[1].revents != 0) {
      take_errors();
    }
    if (waiting[0].revents != 0) {
      take_report();
    }
  }
  return ended_;
}

int Subprocess::stop() {
  output_.reset();
  if (!ended_ && !ends_within(kPatience)) {
    end();
  }
  return status_;
}

Result<int> Subprocess::wait(std::stop_token stop) {
  output_.reset();
  while (!ended_) {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    if (ends_within(std::chrono::milliseconds(kPollMs))) {
      break;
    }
  }
  return status_;
}

void Subprocess::take_errors() {
  std::array<char, 4096> buffer;
  ssize_t got = -1;
  // A few at a time: one that never stops talking is not listened to for ever.
  for (int i = 0; i < kReadsAtOnce && (got = ::read(errors_.get(), buffer.data(), buffer.size())) > 0; ++i) {
    last_words_.append(buffer.data(), static_cast<std::size_t>(got));
    if (last_words_.size() > kLastWords) {
      last_words_.erase(0, last_words_.size() - kLastWords);
      words_cut_ = true;
    }
  }
  if (got == 0) {
    errors_.reset();
  }
}

/// What is left of a cut line may be the end of a secret that can no longer be told from other words.
std::string Subprocess::last_words() const {
  if (!words_cut_) {
    return last_words_;
  }
  const std::size_t line = std::min(last_words_.find('\n'), last_words_.find('\r'));
  const std::size_t begin = line != std::string::npos ? line : last_words_.find(' ');
  return begin == std::string::npos ? std::string() : last_words_.substr(begin + 1);
}

Result<std::size_t> Subprocess::read(std::span<std::byte> out, std::stop_token stop, Until until) {
  while (true) {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    std::array<pollfd, 2> waiting = {pollfd{output_.get(), POLLIN, 0}, pollfd{errors_.get(), POLLIN, 0}};
    const int ready = ::poll(waiting.data(), errors_.valid() ? 2 : 1, kPollMs);
    if (ready < 0 && errno != EINTR) {
      return fail_errno("cannot wait for", "a child process", errno);
    }
    if (until == Until::ended && !ended_ && readable(control_.get(), std::chrono::milliseconds(0))) {
      take_report();  // what it wrote before it ended is in the pipe by now
      continue;
    }
    if (ready <= 0 && until == Until::ended && ended_) {
      return 0;
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
  TRY_ASSIGN(const int status, child.wait(stop));
  if (status != 0) {
    return fail(ErrorCode::failed,
                fmt::format("{} ended with status {}: {}", command.argv[0], status, child.last_words()));
  }
  return captured;
}

}  // namespace swarmout
