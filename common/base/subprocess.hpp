// Running another program: its output as a stream, its last words for the error message.
//
// The child gets /dev/null as input, unless the caller says what, no terminal to ask at, no descriptors of ours but its
// three, default signals, and nothing of our environment that begins with SWARMOUT_, passwords among it. It does not
// outlive this process, nor does what it started (guardian.hpp); only a child that ends by itself, and well, may leave
// something running. Nothing here waits without a limit or a stop token. Threads: one object is used by one thread.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmout {

struct Command {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< added to ours
  Path directory{};                                                ///< where it runs; empty: here
  /// Which variables of ours it gets; null: all but those that begin with SWARMOUT_.
  std::function<bool(std::string_view name)> inherits{};
  /// A descriptor, a lock for example, that stays open until all that was started has ended, however we end.
  int held = -1;
  /// A descriptor that it reads as its standard input; -1: /dev/null. The caller closes it when it likes.
  int input = -1;
};

class Subprocess {
public:
  /// Errors: failed, if the program cannot be started (the message names it).
  [[nodiscard]] static Result<Subprocess> start(const Command& command);
  /// Ends what is still running: SIGTERM, SIGKILL two seconds later; takes a second more at most.
  ~Subprocess();
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&&) = delete;

  /// What the end of its standard output is: that nobody can write to it any more, or that the program has ended,
  /// though something that it left running may have it still.
  enum class Until { closed, ended };
  /// Up to `out.size()` bytes of its standard output; 0 at the end. Errors: temporary, if `stop` is requested.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out, std::stop_token stop, Until until = Until::closed);

  /// For a child whose output is of no more use: closes the pipe, gives it two seconds to end by itself, then ends it.
  int stop();
  /// Waits for the end. The exit status, 128 + signal for a killed one. Errors: temporary, if `stop` is requested.
  [[nodiscard]] Result<int> wait(std::stop_token stop);
  /// The last 2 KiB that it wrote to standard error, from the beginning of a line; complete after wait(). As it wrote
  /// them: neither fit for a terminal nor free of secrets.
  [[nodiscard]] std::string last_words() const;

private:
  Subprocess() = default;
  [[nodiscard]] Result<void> learn_whether_it_started(const std::string& name);
  void take_errors();
  void take_report();
  [[nodiscard]] bool ends_within(std::chrono::milliseconds patience);
  void end();

  int guardian_ = -1;
  int pid_ = -1;
  bool ended_ = false;
  int status_ = -1;
  Fd control_;
  Fd output_;
  Fd errors_;
  std::string last_words_;
  bool words_cut_ = false;
};

/// As execve(2) takes them, with a null at the end; `strings` outlives it.
[[nodiscard]] std::vector<char*> pointers_to(std::vector<std::string>& strings);

/// Runs to the end; its standard output. Errors: failed, with its last words, if it exits with anything but 0;
/// refused, if it prints more than `limit`; temporary, if stopped.
[[nodiscard]] Result<std::string> run_and_capture(const Command& command, Bytes limit, std::stop_token stop);

}  // namespace swarmout
