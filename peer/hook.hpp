// A command of the operator that is run before or after an activation, on a thread of its own, and what it is told.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/release/descriptor.hpp"
#include "peer/peer_options.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace swarmout {

/// Of a hook's output, its end is kept.
inline constexpr Bytes kKeptOutput = 64 * kKiB;

struct HookCall {
  std::string command;  ///< for /bin/sh
  std::vector<std::pair<std::string, std::string>> environment;
  Path directory;  ///< where it runs
  Path output;     ///< where the end of what it prints is kept, 0600
  std::chrono::milliseconds timeout{};
};

/// Runs from construction. One thread uses this; who drops it ends the hook, with all that it started, within seconds.
class HookRun {
public:
  explicit HookRun(HookCall call);

  /// Nothing: it is at work. Errors: failed: its status, or that it took too long, with the last line it printed;
  /// temporary: it was ended with us.
  [[nodiscard]] std::optional<Result<void>> result() const;
  /// Its result comes soon.
  void stop() { thread_.request_stop(); }

private:
  mutable std::mutex mutex_;
  std::optional<Result<void>> result_;
  std::jthread thread_;
};

/// What was active; without a tree: nothing that is whole.
struct WasActive {
  Path tree;
  std::optional<Descriptor> release;
};

/// As `run` tells its command: about `release`, whose tree is at `tree`. What has changed is in a file under `state`
/// that the next hook's takes the place of.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> hook_environment(
    const Descriptor& release, const Path& tree, const WasActive& before, const Path& state, const Narrator& narrate);

/// Runs it to its end. Only what ends by itself, with status 0, may leave something running.
[[nodiscard]] Result<void> run_hook(const HookCall& call, const std::stop_token& stop);

}  // namespace swarmout
