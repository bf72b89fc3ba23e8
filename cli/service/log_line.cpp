#include "cli/service/log_line.hpp"

#include "common/base/files.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

namespace swarmout {

namespace {

constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

/// syslog's numbers.
int priority_of(Level level) {
  switch (level) {
    case Level::error:
      return 3;
    case Level::warning:
      return 4;
    case Level::info:
      return 6;
    case Level::debug:
      return 7;
  }
  return 6;
}

/// What follows `begin` at the beginning of a line, up to one of `ends`.
std::string word_after(std::string_view line, std::string_view begin, std::string_view ends) {
  if (!line.starts_with(begin)) {
    return "";
  }
  line.remove_prefix(begin.size());
  const std::size_t end = line.find_first_of(ends);
  return end == std::string_view::npos ? "" : std::string(line.substr(0, end));
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

/// One field of the native protocol: a value with newlines has its size before it, 8 bytes, the least first.
void add_field(std::string& datagram, std::string_view key, std::string_view value) {
  datagram += key;
  if (value.find('\n') == std::string_view::npos) {
    datagram += '=';
  } else {
    datagram += '\n';
    for (int byte = 0; byte < 8; ++byte) {
      datagram += static_cast<char>((static_cast<std::uint64_t>(value.size()) >> (8 * byte)) & 0xffU);
    }
  }
  datagram += value;
  datagram += '\n';
}

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return "";
}

std::vector<std::pair<std::string, std::string>> fields_of(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> fields;
  const std::string release = word_after(line, "release ", ":");
  if (!release.empty() && release.size() < 20 &&
      std::all_of(release.begin(), release.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) {
    fields.emplace_back("release", release);
  }
  if (std::string slot = word_after(line, "slot ", " "); !slot.empty()) {
    fields.emplace_back("slot", std::move(slot));
  }
  return fields;
}

std::string json_log_line(Level level, std::string_view line, WallTime now) {
  const auto part = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::string time = utc(now);
  time.insert(time.size() - 1, fmt::format(".{:03}", part));
  nlohmann::ordered_json object;
  object["time"] = time;
  object["level"] = name_of(level);
  object["message"] = line;
  for (const auto& [key, value] : fields_of(line)) {
    if (key == "release") {
      object[key] = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      object[key] = value;
    }
  }
  return object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string journal_datagram(Level level, std::string_view line) {
  std::string datagram;
  add_field(datagram, "MESSAGE", line);
  add_field(datagram, "PRIORITY", std::to_string(priority_of(level)));
  add_field(datagram, "SYSLOG_IDENTIFIER", "swarmout");
  for (const auto& [key, value] : fields_of(line)) {
    add_field(datagram, "SWARMOUT_" + upper(key), value);
  }
  return datagram;
}

bool standard_error_is_journal() {
  static const bool is = [] {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    struct stat about {};
    return stream != nullptr && ::fstat(STDERR_FILENO, &about) == 0 &&
           fmt::format("{}:{}", about.st_dev, about.st_ino) == stream;
  }();
  return is;
}

bool send_to_journal(Level level, std::string_view line) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, kJournalSocket, sizeof address.sun_path - 1);
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const std::string datagram = journal_datagram(level, line);
  return socket.valid() && ::sendto(socket.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL,
                                    reinterpret_cast<const sockaddr*>(&address), sizeof address) >= 0;
}

}  // namespace swarmout
