#include "peer/run/outcome.hpp"

#include "common/base/key_values.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/private_files.hpp"
#include "common/share/share_format.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace swarmout {

namespace {

constexpr std::string_view kOutcomeMagic = "swarmout-job 1";
constexpr Bytes kMaxOutcome = 32 * kKiB;
constexpr unsigned kOnlyOwner = 0600;
/// Jobs of a host whose outcomes are looked at.
constexpr std::size_t kMostJobs = 1000;
constexpr int kMostStatus = 255;

std::string encode(const JobOutcome& outcome) {
  return KeyValues(std::string(kOutcomeMagic))
      .add("name", outcome.name)
      .add("release", outcome.release.value)
      .add("revision", outcome.revision)
      .add("tree", outcome.tree)
      .add("slot", outcome.slot)
      .add("status", static_cast<std::uint64_t>(outcome.status))
      .add("took", static_cast<std::uint64_t>(outcome.took.count()))
      .add("ended", outcome.ended)
      .add("output", outcome.output)
      .add("done", outcome.done)
      .text();
}

Result<JobOutcome> decode_outcome(std::string_view text) {
  TRY_ASSIGN(const KeyValues values, KeyValues::parse(text, kOutcomeMagic));
  JobOutcome outcome;
  TRY_ASSIGN(outcome.name, values.get("name"));
  TRY_ASSIGN(outcome.release.value, values.number("release"));
  TRY_ASSIGN(outcome.revision, values.get("revision"));
  TRY_ASSIGN(outcome.tree, values.get("tree"));
  TRY_ASSIGN(outcome.slot, values.get("slot"));
  TRY_ASSIGN(const std::uint64_t status, values.number("status"));
  outcome.status = static_cast<int>(std::min<std::uint64_t>(status, kMostStatus));
  TRY_ASSIGN(const auto took, time_if_there(values, "took"));
  outcome.took = took.value_or(std::chrono::milliseconds(0));
  TRY_ASSIGN(outcome.ended, values.get("ended"));
  TRY_ASSIGN(outcome.output, values.get("output"));
  TRY_ASSIGN(outcome.done, values.get("done"));
  return outcome;
}

}  // namespace

std::string release_key(const std::optional<SignedDescriptor>& release, const std::string& tree) {
  return release ? digest_of(*release).hex() : tree;
}

std::string job_name_of(const std::string& command) {
  constexpr std::size_t kMostOfName = 60;
  std::string name = command.substr(command.rfind('/') + 1).substr(0, kMostOfName);
  for (char& each : name) {
    each = good_name(std::string("a") + each) ? each : '_';
  }
  return name.empty() ? "job" : name[0] == '.' ? "_" + name.substr(1) : name;
}

Result<std::optional<JobOutcome>> JobOutcomes::find(const std::string& name) const {
  const auto text = read_file(directory_ / name, kMaxOutcome);
  if (!text && text.error().code == ErrorCode::not_found) {
    return std::nullopt;
  }
  TRY(text);
  auto outcome = decode_outcome(*text);
  if (!outcome) {
    return fail(outcome.error().code,
                fmt::format("{} is damaged: {}", (directory_ / name).native(), outcome.error().message));
  }
  return std::optional(*std::move(outcome));
}

Result<void> JobOutcomes::write(const JobOutcome& outcome) const {
  TRY(make_directory());
  const Path file = directory_ / outcome.name;
  return replace_file(file, as_bytes(encode(outcome)), kOnlyOwner, Durability::cached);
}

Result<std::optional<JobLock>> JobOutcomes::lock(const std::string& name) const {
  TRY(make_directory());
  const Path file = lock_file(name);
  TRY_ASSIGN(auto lock, try_lock(file));
  if (!lock) {
    return std::nullopt;
  }
  note_at_work(lock->get());
  return std::optional<JobLock>(std::in_place, *std::move(lock));
}

std::optional<JobOutcome> JobOutcomes::newest() const {
  const auto names = list_directory(directory_);
  std::optional<JobOutcome> newest;
  // Of each name there is the last outcome: who has failed there has not ended well since.
  const auto counts_more = [&](const JobOutcome& found) {
    const bool failed = found.status != 0;
    return !newest || (failed != (newest->status != 0) ? failed : newest->ended < found.ended);
  };
  for (std::size_t i = 0; names && i < std::min(names->size(), kMostJobs); ++i) {
    const std::string& name = (*names)[i];
    if (!good_name(name)) {
      continue;
    }
    if (auto found = find(name); found && *found && counts_more(**found)) {
      newest = **std::move(found);
    }
  }
  return newest;
}

/// The state directory itself is the service's, which makes it.
Result<void> JobOutcomes::make_directory() const {
  if (::mkdir(directory_.c_str(), 0700) == 0) {
    hand_over(directory_);
    return {};
  }
  return errno == EEXIST ? Result<void>() : fail_errno("cannot make", directory_.native(), errno);
}

const std::optional<JobRecord>& JobNews::newest() {
  std::error_code none;
  const auto changed = std::filesystem::last_write_time(outcomes_.directory(), none);
  if (none) {
    newest_.reset();
    read_at_.reset();
  } else if (read_at_ != changed) {
    read_at_ = changed;  // before it is read: what comes meanwhile changes it again
    newest_.reset();
    if (const auto outcome = outcomes_.newest()) {
      newest_ =
          JobRecord{outcome->name, outcome->release, outcome->status, outcome->took, outcome->ended, outcome->output};
    }
  }
  return newest_;
}

}  // namespace swarmout
