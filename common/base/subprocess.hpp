// Running another program: its output as a stream, its last words for the error message.
//
// The child gets /dev/null as input, no descriptors of ours but its three, and a process group of its own, so that
// stopping it stops what it started. Threads: one object is used by one thread.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace swarmout {

struct Command {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to ours
  Path directory;                                                ///< where it runs; empty: here
};

class Subprocess {
public:
  /// Errors: failed, if the program cannot be started (the message names it).
  [[nodiscard]] static Result<Subprocess> start(const Command& command);
  /// Kills what is still running (SIGTERM to its group, SIGKILL two seconds later) and waits for it.
  ~Subprocess();
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&&) = delete;

  /// Up to `out.size()` bytes of its standard output; 0 at the end. Errors: temporary, if `stop` is requested.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out, std::stop_token stop);

  /// For a child whose output is of no more use: closes the pipe, gives it two seconds to end by itself, then kills it.
  int stop();
  /// Waits for the end. The exit status, 128 + signal for a killed one.
  [[nodiscard]] int wait();
  /// The last 2 KiB it wrote to standard error; complete after wait().
  [[nodiscard]] const std::string& last_words() const { return last_words_; }

private:
  Subprocess() = default;
  void take_errors();
  void end();
  [[nodiscard]] bool ends_soon();
  void ended(int status);

  int pid_ = -1;
  int status_ = -1;
  Fd output_;
  Fd errors_;
  std::string last_words_;
};

/// Runs to the end; its standard output. Errors: failed, with its last words, if it exits with anything but 0;
/// refused, if it prints more than `limit`; temporary, if stopped.
[[nodiscard]] Result<std::string> run_and_capture(const Command& command, Bytes limit, std::stop_token stop);

}  // namespace swarmout
