#include "seeder/election/host_lock.hpp"

#include "common/base/duration.hpp"
#include "common/base/host.hpp"
#include "common/base/key_values.hpp"
#include "common/base/private_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <limits>

namespace swarmout {

namespace {

constexpr std::string_view kLockMagic = "swarmout-lock 1";
constexpr Bytes kMaxLockFile = 4 * kKiB;

std::uint64_t milliseconds_of(MonotonicTime time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

std::string encode(const LockHolder& holder) {
  return KeyValues(std::string(kLockMagic))
      .add("pid", holder.pid)
      .add("boot", holder.boot)
      .add("since", holder.since)
      .add("started", milliseconds_of(holder.started))
      .add("slot", holder.slot)
      .add("phase", holder.phase)
      .add("owner", holder.owner)
      .text();
}

Result<LockHolder> decode_holder(std::string_view text) {
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(text, kLockMagic));
  LockHolder holder;
  TRY_ASSIGN(holder.pid, record.number("pid"));
  TRY_ASSIGN(holder.boot, record.get("boot"));
  TRY_ASSIGN(holder.since, record.get("since"));
  TRY_ASSIGN(const std::uint64_t started, record.number("started"));
  REFUSE_UNLESS(started < std::numeric_limits<std::int64_t>::max() / 1'000'000, "no time");
  holder.started = MonotonicTime(std::chrono::milliseconds(started));
  TRY_ASSIGN(holder.slot, record.get("slot"));
  TRY_ASSIGN(holder.phase, record.get("phase"));
  TRY_ASSIGN(holder.owner, record.get("owner"));
  holder.slot = printable(std::move(holder.slot));
  holder.since = printable(std::move(holder.since));
  holder.phase = printable(std::move(holder.phase));
  return holder;
}

std::optional<LockHolder> read_holder(const Path& file) {
  const auto text = read_file(file, kMaxLockFile);
  const auto holder = text ? decode_holder(*text) : tl::unexpected(text.error());
  return holder ? std::optional(*holder) : std::nullopt;
}

/// Where a holder that does not say who it is was met first.
Path note_beside(const Path& lock) {
  return lock.native() + ".met";
}

}  // namespace

Result<std::optional<HostLock>> HostLock::take(const Path& file, Clock& clock) {
  TRY_ASSIGN(auto lock, try_lock(file));
  if (!lock) {
    return std::nullopt;
  }
  std::error_code not_there;
  std::filesystem::remove(note_beside(file), not_there);
  const auto before = read_holder(file);
  LockHolder self;
  self.pid = static_cast<std::uint64_t>(::getpid());
  self.boot = boot_id();
  self.since = utc(clock.wall());
  self.started = clock.now();
  const bool known = before && !self.boot.empty() && before->boot == self.boot;
  self.owner = known ? before->owner : "";  // until we have a claim of our own: this run may be killed, too
  HostLock taken(*std::move(lock), self, self.owner);
  taken.write();
  return taken;
}

HostLock::HostLock(Fd lock, LockHolder self, std::string dead_owner)
    : lock_(std::move(lock)), self_(std::move(self)), dead_owner_(std::move(dead_owner)) {}

HostLock::~HostLock() {
  if (lock_.valid()) {
    self_.pid = 0;
    write();
  }
}

void HostLock::leads(const std::string& slot, const std::string& owner) {
  self_.slot = slot;
  self_.owner = owner;
  write();
}

void HostLock::phase(Phase phase) {
  self_.phase = name_of(phase);
  write();
}

/// In place: a new file would be another lock.
void HostLock::write() {
  const std::string text = encode(self_);
  const auto written = pwrite_all(lock_.get(), as_bytes(text), 0, "seed.lock");
  if (!written || ::ftruncate(lock_.get(), static_cast<off_t>(text.size())) != 0) {
    spdlog::debug("the lock file does not say who holds it: {}",
                  written ? "cannot be cut" : to_string(written.error()));
  }
}

Result<LockHolder> holder_of(const Path& file, Clock& clock) {
  const std::string boot = boot_id();
  if (auto holder = read_holder(file); holder && holder->pid != 0 && holder->boot == boot) {
    return *std::move(holder);
  }
  const Path note = note_beside(file);
  if (auto met = read_holder(note); met && met->boot == boot && met->started <= clock.now()) {
    return *std::move(met);
  }
  LockHolder met;
  met.boot = boot;
  met.since = utc(clock.wall());
  met.started = clock.now();
  TRY(replace_file(note, as_bytes(encode(met)), 0600));
  return met;
}

Result<std::string> judge_holder(const LockHolder& holder, MonotonicTime now, std::chrono::milliseconds quiet) {
  constexpr const char* kAtWork = "an earlier run is still at work on this host";
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - holder.started);
  if (holder.pid == 0) {
    if (age <= quiet) {
      return kAtWork;
    }
    return fail(ErrorCode::temporary,
                fmt::format("{}, or something else holds its lock: since {} or before ({}); it does not say which "
                            "process it is",
                            kAtWork, holder.since, to_text(age)),
                "`lslocks` names the process that has seed.lock, in the state directory");
  }
  std::string line = fmt::format("{}: process {}, since {}{}{}", kAtWork, holder.pid, holder.since,
                                 holder.slot.empty() ? "" : ", slot " + holder.slot,
                                 holder.phase.empty() ? ", leads nothing" : ", " + holder.phase);
  if (age <= quiet) {
    return line;
  }
  return fail(ErrorCode::temporary, fmt::format("{} ({})", line, to_text(age)),
              fmt::format("it ends after --stall-timeout or --max-runtime, or with `kill {}`", holder.pid));
}

}  // namespace swarmout
