#include "seeder/source/tool.hpp"

#include "common/base/private_files.hpp"

#include <fmt/format.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

namespace swarmout {

namespace {

constexpr Bytes kMaxOutput = 64 * kMiB;
/// A program of a process that was killed ends within its guardian's grace.
constexpr auto kPatience = std::chrono::seconds(10);

}  // namespace

Result<ToolOutcome> run_tool(const Command& command, const std::string& package, std::stop_token stop,
                             const TakeOutput& take) {
  auto started = Subprocess::start(command);
  if (!started) {
    return tl::unexpected(start_failure(std::move(started).error(), command.argv.front(), package));
  }
  return outcome_of(*std::move(started), command.argv.front(), kMaxOutput, std::move(stop), take);
}

Result<ToolOutcome> outcome_of(Subprocess child, const std::string& program, Bytes most, std::stop_token stop,
                               const TakeOutput& take) {
  ToolOutcome outcome;
  std::vector<std::byte> buffer(64 * kKiB);
  while (true) {
    TRY_ASSIGN(const std::size_t got, child.read(buffer, stop));
    if (got == 0) {
      break;
    }
    const std::string_view piece = as_text(std::span(buffer).first(got));
    if (take) {
      TRY(take(piece));
      continue;
    }
    outcome.output += piece;
    REFUSE_UNLESS(outcome.output.size() <= most, program + " prints more than expected");
  }
  TRY_ASSIGN(outcome.status, child.wait(stop));
  outcome.words = child.last_words();
  return outcome;
}

Error start_failure(Error error, const std::string& program, const std::string& package) {
  if (error.code == ErrorCode::failed && error.message.ends_with(::strerrordesc_np(ENOENT))) {
    return {ErrorCode::failed, program + " is not installed", "apt install " + package};
  }
  return error;
}

std::optional<Error> disk_failure(std::string_view words, const Path& written) {
  for (std::string_view rest = words; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    for (const int error : {ENOSPC, EDQUOT, EROFS}) {
      if (!line.starts_with("remote:") && line.find(::strerrordesc_np(error)) != std::string_view::npos) {
        return fail_errno("cannot write", written.native(), error).value();
      }
    }
  }
  return std::nullopt;
}

Error tool_failure(const ToolOutcome& outcome, const std::string& what, const Path& written, std::string hint) {
  if (auto full = disk_failure(outcome.words, written)) {
    return *std::move(full);
  }
  return {ErrorCode::failed, fmt::format("{} (status {}): {}", what, outcome.status, outcome.words), std::move(hint)};
}

Result<Fd> text_as_input(std::string_view text) {
  Fd file(::memfd_create("swarmout", MFD_CLOEXEC));
  if (!file.valid()) {
    return fail_errno("cannot make", "a file in memory", errno);
  }
  TRY(write_all(file.get(), as_bytes(text), "a file in memory"));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) {
    return fail_errno("cannot read", "a file in memory", errno);
  }
  return file;
}

Result<Fd> wait_for_turn(const Path& file, std::stop_token stop) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    TRY_ASSIGN(auto lock, try_lock(file));
    if (lock) {
      return *std::move(lock);
    }
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(ErrorCode::temporary, fmt::format("another process is at work on {}", file.native()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace swarmout
