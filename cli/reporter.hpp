// What a person sees while a verb works: lines on standard error, and on a terminal one line that moves.

#pragma once

#include "peer/peer_options.hpp"

#include <chrono>
#include <mutex>
#include <string>

namespace swarmout {

/// Any thread.
class Reporter {
public:
  enum class Lines {
    when_watched,  ///< on a terminal, or with --verbose: cron mails whatever is printed
    always,
  };
  explicit Reporter(Lines lines);
  ~Reporter();

  /// Is a person there, or somebody who asked for more?
  [[nodiscard]] bool watched() const { return lines_; }
  /// A line that stays.
  void say(const std::string& line);
  /// The moving line; without a terminal, a plain line every ten seconds.
  void progress(const std::string& line);
  void fetch_progress(const FetchProgress& progress);

private:
  std::mutex mutex_;
  bool terminal_;
  bool lines_;
  std::chrono::steady_clock::time_point last_{};
};

[[nodiscard]] std::string human_bytes(double bytes);

}  // namespace swarmout
