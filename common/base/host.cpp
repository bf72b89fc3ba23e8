#include "common/base/host.hpp"

#include "common/base/digest.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <pwd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>

namespace swarmout {

namespace {

constexpr std::size_t kMaxUserName = 32;  // useradd(8)

}  // namespace

std::string host_name() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return host;
}

std::string this_person() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): at the start of a verb, with one thread
  const passwd* const user = ::getpwuid(::getuid());
  const std::string name = user != nullptr ? user->pw_name : fmt::format("uid {}", ::getuid());
  const char* const before = std::getenv("SUDO_USER");
  if (before == nullptr || name == before) {
    return name;
  }
  const std::string_view told = before;  // by whoever started this, and shown to everybody
  const bool good = !told.empty() && told.size() <= kMaxUserName &&
                    std::all_of(told.begin(), told.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
  return good ? fmt::format("{} as {}", told, name) : name;
}

std::string boot_id() {
  static const std::string id = [] {  // once: a process that is confined later could not read it any more
    std::string line;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), line);
    return line;
  }();
  return id;
}

std::string random_nonce_hex() {
  std::array<std::byte, 32> random{};
  INVARIANT(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));

  Sha256 mix;
  mix.update(random);
  const std::string boot = boot_id();
  mix.update(as_bytes(boot));
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  mix.update(std::as_bytes(std::span(&now, 1)));
  const pid_t pid = getpid();
  mix.update(std::as_bytes(std::span(&pid, 1)));
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) == 0) {
    for (const ifaddrs* each = interfaces; each != nullptr; each = each->ifa_next) {
      if (each->ifa_addr != nullptr) {
        mix.update(std::as_bytes(std::span(each->ifa_addr->sa_data)));
      }
    }
    freeifaddrs(interfaces);
  }
  return mix.finish().hex().substr(0, 32);
}

bool is_nonce_hex(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace swarmout
