#include "cli/output.hpp"

#include "cli/line_limit.hpp"
#include "common/base/clock.hpp"
#include "common/base/key_values.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace swarmout {

namespace {

/// So many bytes fit into a pipe that is ready to be written to.
constexpr std::size_t kReadyBytes = PIPE_BUF;
/// A sentence with the last words of a program (2 KiB) in it.
constexpr std::size_t kMaxLine = 4096;

/// Could `fd` be written to within `patience`? Of files and what cannot be asked: yes.
bool is_ready(int fd, std::chrono::milliseconds patience) noexcept {
  pollfd asked{fd, POLLOUT, 0};
  return ::poll(&asked, 1, static_cast<int>(patience.count())) != 0;  // an error is seen when writing
}

/// 0, or why not all of it was written.
int write_ready(int fd, std::string_view text, std::chrono::milliseconds patience) noexcept {
  while (!text.empty()) {
    if (!is_ready(fd, patience)) {
      return EAGAIN;
    }
    const ssize_t put = ::write(fd, text.data(), std::min(text.size(), kReadyBytes));
    if (put < 0 && errno != EINTR) {
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
  }
  return 0;
}

[[noreturn]] void end_as_by_sigpipe() {
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t pipe;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
  ::raise(SIGPIPE);
  std::_Exit(128 + SIGPIPE);
}

class SpeakerSink final : public spdlog::sinks::base_sink<std::mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view line(message.payload.data(), message.payload.size());
    if (const auto said = limit_.pass(line, message.level < spdlog::level::info, system_clock().now())) {
      say(*said, level_of(message.level));
    }
  }
  static Level level_of(spdlog::level::level_enum level) {
    return level >= spdlog::level::err    ? Level::error
           : level == spdlog::level::warn ? Level::warning
           : level == spdlog::level::info ? Level::info
                                          : Level::debug;
  }
  void flush_() override {}

private:
  LineLimit limit_;
};

/// At most `width` characters; a terminal would break a longer line and not erase all of it.
std::string_view cut(std::string_view text, std::size_t width) noexcept {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
    characters += begins ? 1 : 0;
    if (characters > width) {
      return text.substr(0, i);
    }
  }
  return text;
}

}  // namespace

std::string printable_lines(std::string_view text, std::string_view indent) {
  std::string shown;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    std::replace(line.begin(), line.end(), '\t', ' ');
    shown += printable(std::move(line));
    if (end == text.size()) {
      return shown;
    }
    text.remove_prefix(end + 1);
    shown += '\n';
    shown += indent;
  }
}

bool Speaker::write(std::string_view text) noexcept {
  const int error = write_ready(fd_, text, left_behind_ ? std::chrono::milliseconds(0) : kSayPatience);
  left_behind_ = error == EAGAIN;
  error_ = error != 0 ? error : error_;
  return error == 0;
}

std::string Speaker::as_line(std::string_view line, Level level) const {
  std::string text =
      printable_lines(line.substr(0, kMaxLine), json_ ? "" : "  ") + (line.size() <= kMaxLine ? "" : " …");
  return json_ ? json_log_line(level, text, system_clock().wall()) : fmt::format("swarmout: {}\n", text);
}

void Speaker::say(std::string_view line, Level level) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    while (line.ends_with('\n')) {
      line.remove_suffix(1);
    }
    erase_drawn();
    const bool to_journal = fd_ == STDERR_FILENO && !json_ && standard_error_is_journal();
    if (to_journal && send_to_journal(level, printable_lines(line.substr(0, kMaxLine), "  "))) {
      return;
    }
    const std::string text = as_line(line, level);
    if (tell_lost() && write(text)) {
      return;
    }
  } catch (const std::exception&) {  // no memory for a line
  }
  ++lost_;
}

bool Speaker::tell_lost() noexcept {
  if (lost_ == 0) {
    return true;
  }
  char text[160];
  const auto size = ::snprintf(text, sizeof text, "swarmout: %llu lines could not be written here (%s)\n",
                               static_cast<unsigned long long>(lost_), std::strerror(error_));
  if (!write(std::string_view(text, std::min<std::size_t>(static_cast<std::size_t>(size), sizeof text - 1)))) {
    return false;
  }
  lost_ = 0;
  return true;
}

void Speaker::lose() noexcept {
  const std::lock_guard lock(mutex_);
  ++lost_;
}

std::uint64_t Speaker::lost() const noexcept {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void Speaker::finish(void (*elsewhere)(const std::string&)) noexcept {
  const std::lock_guard lock(mutex_);
  erase_drawn();
  if (tell_lost()) {
    return;
  }
  try {
    elsewhere(fmt::format("{} lines could not be written to standard error: {}", lost_, std::strerror(error_)));
  } catch (const std::exception&) {  // then nobody is told
  }
}

void Speaker::draw(std::string_view line, std::size_t width) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    const std::string shown = printable(std::string(line));
    write(fmt::format("\r{}\x1b[K", cut(shown, width)));  // the next one says the same and more
    drawn_ = true;
  } catch (const std::exception&) {
  }
}

void Speaker::erase() noexcept {
  const std::lock_guard lock(mutex_);
  erase_drawn();
}

void Speaker::erase_drawn() noexcept {
  if (drawn_) {
    write("\r\x1b[K");
    drawn_ = false;
  }
}

Speaker& speaker() noexcept {
  static Speaker standard_error(STDERR_FILENO);
  return standard_error;
}

void say(std::string_view line, Level level) noexcept {
  speaker().say(line, level);
}

void log_to_speaker() {
  auto log = std::make_shared<spdlog::logger>("swarmout", std::make_shared<SpeakerSink>());
  log->set_error_handler([](const std::string&) { speaker().lose(); });
  spdlog::set_default_logger(std::move(log));
}

Result<void> print_result(std::string_view text, WhenReaderGone when_gone) {
  while (!text.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, text.data(), text.size());
    if (put >= 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EPIPE && when_gone == WhenReaderGone::end_quietly) {
      end_as_by_sigpipe();
    } else if (errno == EAGAIN) {
      is_ready(STDOUT_FILENO, kSayPatience);  // somebody else made it not wait
    } else if (errno != EINTR) {
      return fail(ErrorCode::cannot_write, fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    }
  }
  return {};
}

}  // namespace swarmout
