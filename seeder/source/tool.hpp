// Running the program of a version control system: what it prints, why it failed, whose turn it is.

#pragma once

#include "common/base/subprocess.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace swarmout {

struct ToolOutcome {
  int status = 0;
  std::string output;  ///< empty, if it was taken
  std::string words;   ///< of standard error, as they are
};

/// Gets what a program prints, piece by piece.
using TakeOutput = std::function<Result<void>(std::string_view)>;

/// Runs it to the end. Without `take` its output is kept, 64 MiB at most. Errors: failed: it cannot be started, and if
/// it is not there, `package` is the Debian package that has it; refused: it prints more; temporary: stopped; what
/// `take` returned.
[[nodiscard]] Result<ToolOutcome> run_tool(const Command& command, const std::string& package, std::stop_token stop,
                                           const TakeOutput& take = {});

/// What a program that runs prints, and how it ends. Errors: as run_tool(); `most` is how much it may print.
[[nodiscard]] Result<ToolOutcome> outcome_of(Subprocess child, const std::string& program, Bytes most,
                                             std::stop_token stop, const TakeOutput& take = {});

/// "svn is not installed", if that is why `error`, of starting the program, happened; else `error` itself.
[[nodiscard]] Error start_failure(Error error, const std::string& program, const std::string& package);

/// If what a program said is that the disk of `written` is full or may not be written: cannot_write. What the other
/// side said does not count.
[[nodiscard]] std::optional<Error> disk_failure(std::string_view words, const Path& written);

/// The failure of a program that did not end with 0: cannot_write, with `written`, if that disk is full or may not be
/// written; else failed. `what` says what could not be done, `hint` what to do.
[[nodiscard]] Error tool_failure(const ToolOutcome& outcome, const std::string& what, const Path& written,
                                 std::string hint = {});

/// A file in memory with that text, to be a program's input: neither side ever waits, and it is in no list of
/// processes. Errors: temporary.
[[nodiscard]] Result<Fd> text_as_input(std::string_view text);

/// Waits for the lock on `file`, until nobody else, and nothing that an earlier process of ours has started, is at work
/// there. Errors: temporary: in use for more than ten seconds, or stopped; cannot_write.
[[nodiscard]] Result<Fd> wait_for_turn(const Path& file, std::stop_token stop);

}  // namespace swarmout
