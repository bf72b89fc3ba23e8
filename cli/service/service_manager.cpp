#include "cli/service/service_manager.hpp"

#include "common/base/clock.hpp"
#include "common/base/files.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>

namespace swarmout {

namespace {

/// Of the time that the watchdog waits: one that is late does not end us.
constexpr int kBeatsInTime = 4;

struct Told {
  std::mutex mutex;
  bool ready = false;
  std::optional<std::chrono::microseconds> every;  ///< between two signs of life; nothing: nobody waits for them
  MonotonicTime next{};
};

Told& told() {
  static Told all;
  return all;
}

std::atomic<bool> look{false};

/// False: it does not take it now, or there is none. Never waits for it, which sd_notify(3) does: a manager that hangs
/// is no reason for releases to stay away. The protocol is that of sd_notify(3).
bool notify(const std::string& text) {
  const char* const place = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (place == nullptr || std::strlen(place) < 2 || std::strlen(place) >= sizeof address.sun_path) {
    return false;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, place, std::strlen(place));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(place));
  if (*place == '@') {
    address.sun_path[0] = '\0';  // an abstract one
  }
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return socket.valid() && ::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL,
                                    reinterpret_cast<const sockaddr*>(&address), size) >= 0;
}

/// Between two signs of life, where somebody waits for them: WatchdogSec= is the longest.
std::optional<std::chrono::microseconds> beat() {
  const char* const longest = std::getenv("WATCHDOG_USEC");
  const char* const whose = std::getenv("WATCHDOG_PID");
  if (longest == nullptr || (whose != nullptr && std::to_string(::getpid()) != whose)) {
    return std::nullopt;
  }
  std::int64_t found = 0;
  std::from_chars(longest, longest + std::strlen(longest), found);
  return found > 0 ? std::optional(std::chrono::microseconds(found / kBeatsInTime)) : std::nullopt;
}

}  // namespace

void service_turned() {
  Told& state = told();
  const std::lock_guard lock(state.mutex);
  const auto now = system_clock().now();
  if (!state.ready && notify("READY=1\nWATCHDOG=1")) {
    state.ready = true;
    state.every = beat();
    state.next = now + state.every.value_or(std::chrono::microseconds(0));
  } else if (state.ready && state.every && now >= state.next && notify("WATCHDOG=1")) {
    state.next = now + *state.every;
  }
}

void service_reloads() {
  const std::lock_guard lock(told().mutex);
  told().ready = false;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

void service_stops() {
  notify("STOPPING=1");
}

void ask_for_look() {
  look = true;
}

bool look_was_asked_for() {
  return look.exchange(false);
}

}  // namespace swarmout
