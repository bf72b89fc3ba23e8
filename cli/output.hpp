// The one way out for text: what is said, on standard error, and results, on standard output.
//
// Saying never ends or holds up what is done: it throws nothing, waits for no reader longer than kSayPatience, and what
// cannot be written is counted and told later. Results are what the command is for: when they cannot be written it
// fails. What others wrote does nothing to a terminal or a log (printable(), common/base/key_values.hpp).

#pragma once

#include "cli/service/log_line.hpp"
#include "common/base/result.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace swarmout {

/// A reader that takes nothing for this long is left behind until it takes something again.
inline constexpr std::chrono::milliseconds kSayPatience{1000};

/// Says on one descriptor. Any thread.
class Speaker {
public:
  explicit Speaker(int fd) noexcept : fd_(fd) {}

  /// "swarmout: line" and a newline, cut at 4 KiB. Further lines of it are indented, so that none passes for one of
  /// ours.
  void say(std::string_view line, Level level = Level::info) noexcept;
  /// From now on an object a line, for programs.
  void say_json() noexcept { json_ = true; }
  /// On a terminal: a line that the next one takes the place of, cut at `width` characters.
  void draw(std::string_view line, std::size_t width) noexcept;
  void erase() noexcept;
  /// What somebody else could not say here.
  void lose() noexcept;

  /// At the end: lost lines are told here or, if this still takes nothing, by `elsewhere` (in the journal).
  void finish(void (*elsewhere)(const std::string&)) noexcept;
  /// Lines lost and not told yet.
  [[nodiscard]] std::uint64_t lost() const noexcept;

private:
  [[nodiscard]] std::string as_line(std::string_view line, Level level) const;
  bool write(std::string_view text) noexcept;
  bool tell_lost() noexcept;
  void erase_drawn() noexcept;

  int fd_;
  mutable std::mutex mutex_;
  std::uint64_t lost_ = 0;
  int error_ = 0;  ///< of the last one that was lost
  bool drawn_ = false;
  std::atomic<bool> json_ = false;
  bool left_behind_ = false;
};

/// Of standard error.
[[nodiscard]] Speaker& speaker() noexcept;
void say(std::string_view line, Level level = Level::info) noexcept;
/// spdlog's lines go to the speaker from now on, no more of them than LineLimit lets pass.
void log_to_speaker();

/// printable(), line by line, with what follows the first line indented by `indent`.
[[nodiscard]] std::string printable_lines(std::string_view text, std::string_view indent = "");

enum class WhenReaderGone {
  fail,
  end_quietly,  ///< this process ends as SIGPIPE would have ended it
};
/// On standard output, all of it. Errors: cannot_write.
[[nodiscard]] Result<void> print_result(std::string_view text, WhenReaderGone when_gone = WhenReaderGone::fail);

}  // namespace swarmout
