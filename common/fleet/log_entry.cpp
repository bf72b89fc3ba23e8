#include "common/fleet/log_entry.hpp"

#include "common/base/host.hpp"
#include "common/base/key_values.hpp"
#include "common/release/manifest.hpp"
#include "common/share/share.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

namespace swarmout {

namespace {

constexpr std::string_view kMagic = "swarmout-log 2";
constexpr unsigned kMaxAttempt = 1'000'000;  ///< what is more is read as this, and overflows nothing

std::string_view name_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::claim:
      return "CLAIM";
    case EntryKind::commit:
      return "COMMIT";
    case EntryKind::abandon:
      return "ABANDON";
  }
  std::abort();
}

Result<EntryKind> kind_of(std::string_view name) {
  for (const EntryKind kind : {EntryKind::claim, EntryKind::commit, EntryKind::abandon}) {
    if (name == name_of(kind)) {
      return kind;
    }
  }
  return fail(ErrorCode::refused, "a log entry is of no known kind");
}

/// Lengths as they are read, before a value is put anywhere.
struct FieldRule {
  const char* key;
  std::string LogEntry::*field;
  std::size_t longest;
};
constexpr std::array<FieldRule, 4> kOfAll = {{{"log", &LogEntry::log, kMaxCluster},
                                              {"slot", &LogEntry::slot, kMaxSlot},
                                              {"host", &LogEntry::host, 255},  // POSIX's _POSIX_HOST_NAME_MAX
                                              {"boot", &LogEntry::boot, 64}}};
constexpr std::array<FieldRule, 1> kOfCommits = {{{"revision", &LogEntry::revision, kMaxRevision}}};
constexpr std::array<FieldRule, 2> kOfReleases = {
    {{"descriptor", &LogEntry::descriptor, kMaxEntry / 2}, {"signature", &LogEntry::signature, 1000}}};
constexpr std::array<FieldRule, 1> kOfAbandons = {{{"reason", &LogEntry::reason, kMaxReason}}};

Result<void> read_fields(const KeyValues& record, std::span<const FieldRule> rules, LogEntry& entry) {
  for (const FieldRule& rule : rules) {
    TRY_ASSIGN(entry.*rule.field, record.get(rule.key));
    REFUSE_UNLESS((entry.*rule.field).size() <= rule.longest,
                  fmt::format("the {} of a log entry has more than {} bytes", rule.key, rule.longest));
  }
  return {};
}

Result<Position> position_in(const KeyValues& record, std::string_view key) {
  TRY_ASSIGN(const std::uint64_t value, record.number(key));
  REFUSE_UNLESS(value > 0 && value <= kLastPosition.value, fmt::format("the {} of a log entry is none", key));
  return Position{value};
}

/// What random_nonce_hex() makes, and nothing else: it becomes a part of names.
Result<std::string> id_in(const KeyValues& record, std::string_view key) {
  TRY_ASSIGN(std::string value, record.get(key));
  REFUSE_UNLESS(is_nonce_hex(value), fmt::format("the {} of a log entry is not 32 hexadecimal digits", key));
  return value;
}

}  // namespace

void sign_in(LogEntry& entry, WallTime now) {
  entry.nonce = random_nonce_hex();
  entry.host = host_name();
  entry.boot = boot_id();
  entry.pid = static_cast<std::uint64_t>(::getpid());
  entry.time = utc(now);
}

Result<std::string> encode(const LogEntry& entry, const Signer& signer) {
  KeyValues record{std::string(kMagic)};
  record.add("kind", name_of(entry.kind))
      .add("log", entry.log)
      .add("position", entry.position.value)
      .add("previous", entry.previous.hex())
      .add("nonce", entry.nonce)
      .add("owner", entry.owner)
      .add("slot", entry.slot)
      .add("attempt", entry.attempt)
      .add("host", entry.host)
      .add("boot", entry.boot)
      .add("pid", entry.pid)
      .add("time", entry.time);
  if (entry.kind == EntryKind::commit) {
    record.add("release", entry.release.value).add("revision", entry.revision);
    if (entry.hold) {
      record.add("hold", *entry.hold);
    }
    if (entry.release == entry.position) {
      record.add("descriptor", entry.descriptor).add("signature", entry.signature);
    }
  }
  if (entry.kind == EntryKind::abandon) {
    record.add("reason", std::string_view(entry.reason).substr(0, kMaxReason));
  }
  TRY_ASSIGN(std::string bytes, signed_record(record.text(), signer));
  INVARIANT(bytes.size() <= kMaxEntry);
  return bytes;
}

Result<LogEntry> decode_entry(std::string_view bytes, const TrustedKeys& keys) {
  REFUSE_UNLESS(bytes.size() <= kMaxEntry, "a log entry has a wrong size");
  TRY_ASSIGN(const std::string_view text, verified_text(bytes, keys));
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(text, kMagic));
  LogEntry entry;
  TRY_ASSIGN(const std::string kind, record.get("kind"));
  TRY_ASSIGN(entry.kind, kind_of(kind));
  TRY_ASSIGN(entry.position, position_in(record, "position"));
  TRY_ASSIGN(entry.previous, record.digest("previous"));
  TRY_ASSIGN(entry.nonce, id_in(record, "nonce"));
  TRY_ASSIGN(entry.owner, id_in(record, "owner"));
  TRY(read_fields(record, kOfAll, entry));
  TRY_ASSIGN(const std::uint64_t attempt, record.number("attempt"));
  entry.attempt = static_cast<unsigned>(std::min<std::uint64_t>(attempt, kMaxAttempt));
  TRY_ASSIGN(entry.pid, record.number("pid"));
  TRY_ASSIGN(entry.time, record.get("time"));
  REFUSE_UNLESS(parse_utc(entry.time), "the time of a log entry is none");
  const bool commits = entry.kind == EntryKind::commit;
  if (commits) {
    TRY_ASSIGN(entry.release.value, record.number("release"));
    TRY(read_fields(record, kOfCommits, entry));
    REFUSE_UNLESS(entry.release <= entry.position, "a COMMIT names a release of the future");
    if (const auto hold = record.find("hold")) {
      REFUSE_UNLESS(hold->size() <= kMaxHold, fmt::format("the hold of a log entry has more than {} bytes", kMaxHold));
      entry.hold = printable(std::string(*hold));
    }
  }
  const bool publishes = commits && entry.release == entry.position;
  if (publishes) {
    TRY(read_fields(record, kOfReleases, entry));
  }
  if (entry.kind == EntryKind::abandon) {
    TRY(read_fields(record, kOfAbandons, entry));
  }
  for (std::string* const shown : {&entry.slot, &entry.host, &entry.boot, &entry.revision, &entry.reason}) {
    *shown = printable(std::move(*shown));
  }
  const std::array<std::pair<const char*, bool>, 6> some_have = {{{"release", commits},
                                                                  {"hold", commits},
                                                                  {"revision", commits},
                                                                  {"descriptor", publishes},
                                                                  {"signature", publishes},
                                                                  {"reason", entry.kind == EntryKind::abandon}}};
  for (const auto& [key, allowed] : some_have) {
    REFUSE_UNLESS(allowed || !record.find(key), fmt::format("a {} that must not have a {} has one", kind, key));
  }
  return entry;
}

}  // namespace swarmout
