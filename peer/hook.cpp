#include "peer/hook.hpp"

#include "common/base/duration.hpp"
#include "common/base/failpoint.hpp"
#include "common/base/key_values.hpp"
#include "common/base/process/deadline.hpp"
#include "common/base/subprocess.hpp"
#include "peer/hooks_record.hpp"
#include "peer/run/changed_paths.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::size_t kShownOutput = 120;

std::string last_line(std::string_view output) {
  while (output.ends_with('\n')) {
    output.remove_suffix(1);
  }
  const std::size_t begin = output.rfind('\n');
  std::string line(begin == std::string_view::npos ? output : output.substr(begin + 1));
  return printable(line.substr(0, kShownOutput));
}

/// The exit status.
Result<int> run_to_end(const HookCall& call, const std::stop_token& stop, std::string& output) {
  Command command{{"/bin/sh", "-c", "exec 2>&1\n" + call.command}};
  command.environment = call.environment;
  command.directory = call.directory;
  TRY_ASSIGN(Subprocess child, Subprocess::start(command));
  failpoint("during-hook");
  std::vector<std::byte> buffer(16 * kKiB);
  while (true) {
    TRY_ASSIGN(const std::size_t got, child.read(buffer, stop, Subprocess::Until::ended));
    if (got == 0) {
      return child.wait(stop);
    }
    output.append(as_text(std::span(buffer).first(got)));
    if (output.size() > 2 * kKeptOutput) {
      output.erase(0, output.size() - kKeptOutput);
    }
  }
}

void keep_output(const HookCall& call, std::string& output) {
  output.erase(0, output.size() - std::min<std::size_t>(output.size(), kKeptOutput));
  const auto kept = make_private_directory(call.output.parent_path(), Closing::quiet).and_then([&] {
    return replace_file(call.output, as_bytes(output), 0600, Durability::cached);
  });
  if (!kept) {
    spdlog::warn("what a hook printed is not kept: {}", to_string(kept.error()));
  }
}

}  // namespace

Result<void> run_hook(const HookCall& call, const std::stop_token& stop) {
  const Deadline deadline(call.timeout, stop);
  std::string output;
  const auto status = run_to_end(call, deadline.token(), output);
  keep_output(call, output);
  const std::string said = output.empty() ? "it printed nothing" : "\"" + last_line(output) + "\"";
  const std::string hint = fmt::format("what it printed is in {}", call.output.native());
  if (deadline.passed()) {
    return fail(ErrorCode::failed, fmt::format("it did not end within {}; {}", to_text(call.timeout), said), hint);
  }
  TRY(status);
  if (*status != 0) {
    return fail(ErrorCode::failed, fmt::format("it ended with status {}; {}", *status, said), hint);
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> hook_environment(const Descriptor& release, const Path& tree,
                                                                  const WasActive& before, const Path& state,
                                                                  const Narrator& narrate) {
  std::vector<std::pair<std::string, std::string>> variables{
      {"SWARMOUT_RELEASE", std::to_string(release.position.value)},
      {"SWARMOUT_REVISION", release.revision},
      {"SWARMOUT_DIR", tree.native()},
      {"SWARMOUT_JOB", "1"}};
  if (before.tree.empty() || !path_exists(before.tree)) {
    return variables;
  }
  variables.emplace_back("SWARMOUT_PREVIOUS_DIR", before.tree.native());
  const auto changed = hooks_directory(state).map([](const Path& directory) { return directory / "changed"; });
  const auto written = changed.and_then([&](const Path& file) {
    return changes_between(*before.release, release, state).and_then([&](const std::string& records) {
      return replace_file(file, as_bytes(records), 0600, Durability::cached);
    });
  });
  if (written) {
    variables.emplace_back("SWARMOUT_CHANGED", changed->native());
  } else {
    narrate(fmt::format("no SWARMOUT_CHANGED for the hook: {}", to_string(written.error())));
  }
  return variables;
}

HookRun::HookRun(HookCall call)
    : thread_([this, call = std::move(call)](const std::stop_token& stop) {
        auto result = run_hook(call, stop);
        const std::lock_guard lock(mutex_);
        result_ = std::move(result);
      }) {}

std::optional<Result<void>> HookRun::result() const {
  const std::lock_guard lock(mutex_);
  return result_;
}

}  // namespace swarmout
