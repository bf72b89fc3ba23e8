#include "common/share/helper/share_helper.hpp"

#include "common/base/duration.hpp"
#include "common/base/failpoint.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>

namespace swarmout {

namespace {

constexpr std::size_t kMaxHanging = 2;
constexpr auto kPauseAfterFailure = std::chrono::milliseconds(5000);
/// For what is tidied up at the end, when the share answers.
constexpr auto kStopGrace = std::chrono::milliseconds(1000);
/// Those that hang longer are init's when we end.
constexpr auto kEndGrace = std::chrono::milliseconds(200);
constexpr std::chrono::milliseconds kLook{50};  ///< between two looks at the stop token, and at the helper
/// Times the timeout that a helper which gets on slowly may take: it could be going round in a circle.
constexpr int kSlowest = 20;

/// Standard input and output are the socket; nothing else is passed on, so that a helper that hangs keeps no lock, no
/// port, and no pipe of cron's open.
Result<pid_t> spawn(const std::string& program, int socket) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, 0);
  ::posix_spawn_file_actions_adddup2(&actions, socket, 1);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::string name = "swarmout";
  std::string verb = kShareHelperVerb;
  std::array<char*, 3> argv = {name.data(), verb.data(), nullptr};
  std::string variable = failpoint_variable();  // none else: no secrets, nothing that a library would obey
  std::array<char*, 2> environment = {variable.empty() ? nullptr : variable.data(), nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return fail(ErrorCode::failed, fmt::format("cannot start {}: {}", program, std::strerror(error)));
  }
  return pid;
}

}  // namespace

std::string with_length(const std::string& message) {
  const auto size = static_cast<std::uint32_t>(message.size());
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + message;
}

ShareHelper::~ShareHelper() {
  stop();
  const auto deadline = std::chrono::steady_clock::now() + kEndGrace;
  while (!given_up_.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    reap();
  }
}

void ShareHelper::stop() {
  socket_.reset();
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    given_up_.push_back(std::exchange(pid_, -1));
    reap();
  }
}

void ShareHelper::reap() {
  std::erase_if(given_up_, [](int pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

Error ShareHelper::no_answer() const {
  return {ErrorCode::temporary, fmt::format("the share {} does not answer", place_),
          "see whether its server is up; nothing is lost, and it is tried again"};
}

Result<void> ShareHelper::start() {
  reap();
  if (given_up_.size() >= kMaxHanging || std::chrono::steady_clock::now() < not_before_) {
    return tl::unexpected(no_answer());
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno("cannot create", "a socket", errno);
  }
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  TRY_ASSIGN(pid_, spawn(program_, theirs.get()));
  socket_ = std::move(ours);
  return {};
}

tl::unexpected<Error> ShareHelper::give_up(std::string why) {
  stop();
  not_before_ = std::chrono::steady_clock::now() + std::min(timeout_, kPauseAfterFailure);
  Error error = no_answer();
  error.message += " " + why;
  return tl::unexpected(std::move(error));
}

Result<void> ShareHelper::transfer(short direction, std::span<std::byte> bytes, Waiting& waiting) {
  while (!bytes.empty()) {
    pollfd polled{socket_.get(), direction, 0};
    if (::poll(&polled, 1, static_cast<int>(kLook.count())) <= 0) {
      // Counted in looks, not by the clock, and only those at which the helper hung: that one of the two was paused, or
      // got no processor, is not the share's fault.
      (waiting.progress.gets_on() ? waiting.slow : waiting.hung) += kLook;
      waiting.since_stop += stop_.stop_requested() ? kLook : kLook * 0;
      if (waiting.since_stop >= kStopGrace) {
        return give_up("(stopped on request)");
      }
      if (waiting.hung >= timeout_ || waiting.slow >= kSlowest * timeout_) {
        return give_up(fmt::format("for {}", to_text(timeout_)));
      }
      continue;
    }
    const ssize_t moved = direction == POLLIN ? ::recv(socket_.get(), bytes.data(), bytes.size(), 0)
                                              : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (moved > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(moved));
    } else if (moved == 0 || (errno != EAGAIN && errno != EINTR)) {
      return give_up("(its helper process has ended)");
    }
  }
  return {};
}

Result<std::string> ShareHelper::exchange(const std::string& call) {
  INVARIANT(running() && call.size() <= kMaxShareMessage);
  Waiting waiting(pid_);
  std::string message = with_length(call);
  std::uint32_t size = 0;
  TRY(transfer(POLLOUT, std::as_writable_bytes(std::span(message)), waiting));
  TRY(transfer(POLLIN, std::as_writable_bytes(std::span(&size, 1)), waiting));
  if (size > kMaxShareMessage) {
    return give_up("(its helper process sent nonsense)");
  }
  std::string reply(size, '\0');
  TRY(transfer(POLLIN, std::as_writable_bytes(std::span(reply)), waiting));
  return reply;
}

}  // namespace swarmout
