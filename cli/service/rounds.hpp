// A verb that goes on with other settings when somebody has changed them: the service on SIGHUP.
//
// A file with a mistake in it changes nothing: the service says what is wrong, and goes on with what it has. Where the
// settings are as before, it looks at the share at once, and that is all.

#pragma once

#include "cli/settings/given.hpp"
#include "cli/verbs.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

namespace swarmout {

/// A verb with its settings in place.
struct PreparedVerb {
  CommonOptions common;
  std::vector<Verb> verbs;
  const Verb* verb = nullptr;  ///< one of these
  GivenValues given;
};

class Rounds {
public:
  using Prepare = std::function<Result<std::unique_ptr<PreparedVerb>>()>;
  /// `prepare` reads all settings again. Any thread.
  Rounds(std::unique_ptr<PreparedVerb> first, Prepare prepare);

  /// Until `stop`, or until the verb ends by itself. Errors: its own.
  [[nodiscard]] Result<void> run(const std::stop_token& stop);
  /// From another thread.
  void reload();

private:
  Prepare prepare_;
  std::mutex mutex_;
  std::unique_ptr<PreparedVerb> now_;
  std::unique_ptr<PreparedVerb> next_;  ///< to go on with
  std::stop_source round_;
};

}  // namespace swarmout
