// Whether an error that will be there again at the next run is worth a line on standard error. Cron mails every line,
// and when the share is away a thousand hosts have the same one to say each minute.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace swarmout {

/// A host says nothing more about it for this long after it has said something.
inline constexpr std::chrono::hours kQuietAfterTrouble{6};

/// Remembers in a file of the state directory. What cannot be remembered is said.
class ShareTrouble {
public:
  explicit ShareTrouble(const Path& state) : file_(state / "trouble") {}

  /// Of a run that failed.
  [[nodiscard]] bool worth_saying(const Error& error, WallTime now);
  /// Of a run that did not: a sentence, once, if the trouble before was said.
  [[nodiscard]] std::optional<std::string> over(WallTime now);

private:
  Path file_;
};

}  // namespace swarmout
