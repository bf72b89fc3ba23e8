#include "cli/reporter.hpp"

#include "cli/output.hpp"
#include "common/base/duration.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr auto kRedraw = std::chrono::milliseconds(150);
constexpr auto kPlainEvery = std::chrono::seconds(10);
constexpr int kBar = 24;

double part_of(Bytes some, Bytes all) {
  return all == 0 ? 0 : std::clamp(static_cast<double>(some) / static_cast<double>(all), 0.0, 1.0);
}

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

std::string human_bytes(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(units)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

Reporter::Reporter(Lines lines)
    : terminal_(::isatty(STDERR_FILENO) == 1),
      lines_(lines == Lines::always || terminal_ || spdlog::should_log(spdlog::level::debug)) {}

Reporter::~Reporter() {
  speaker().erase();
}

void Reporter::say(const std::string& line) {
  if (lines_) {
    speaker().say(line);
  }
}

void Reporter::progress(const std::string& line) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ && last_ == std::chrono::steady_clock::time_point{}) {
    last_ = now;  // what is done within the first ten seconds needs no plain line
  }
  if (!terminal_ && standard_error_is_journal()) {
    return;  // it would be there for ever; `status` says how far a host is
  }
  if (!lines_ || now - last_ < (terminal_ ? std::chrono::milliseconds(kRedraw) : kPlainEvery)) {
    return;
  }
  last_ = now;
  if (terminal_) {
    speaker().draw(line, terminal_width() - 1);
  } else {
    speaker().say(line);
  }
}

void Reporter::fetch_progress(const FetchProgress& progress) {
  if (progress.checking) {
    this->progress(fmt::format("{}: checking what is here already", progress.revision.substr(0, 12)));
    return;
  }
  const double part = part_of(progress.have, progress.wanted);
  const double unpacked = part_of(progress.unpacked, progress.tree_size);
  std::string left;
  if (progress.rate > 1024 && progress.have < progress.wanted) {
    const double seconds = static_cast<double>(progress.wanted - progress.have) / progress.rate;
    left = fmt::format("{} left", to_text(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000))));
  }
  const int filled = static_cast<int>(part * kBar);
  this->progress(fmt::format(
      "{} [{}{}] {:3.0f} %  {} of {}  {}/s  {} peers  unpacked {:.0f} %  {}", progress.revision.substr(0, 12),
      std::string(static_cast<std::size_t>(filled), '#'), std::string(static_cast<std::size_t>(kBar - filled), '.'),
      part * 100, human_bytes(static_cast<double>(progress.have)), human_bytes(static_cast<double>(progress.wanted)),
      human_bytes(progress.rate), progress.connected, unpacked * 100, left));
}

}  // namespace swarmout
