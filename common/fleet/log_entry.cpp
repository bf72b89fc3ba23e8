#include "common/fleet/log_entry.hpp"

#include "common/base/host.hpp"
#include "common/base/key_values.hpp"
#include "common/share/share.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

constexpr std::string_view kMagic = "swarmout-log 1";
constexpr std::string_view kEnd = "end ";
constexpr std::size_t kEndLine = 4 + 64 + 1;

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

}  // namespace

void sign_in(LogEntry& entry, WallTime now) {
  entry.nonce = random_nonce_hex();
  entry.host = host_name();
  entry.boot = boot_id();
  entry.pid = static_cast<std::uint64_t>(::getpid());
  entry.time = utc(now);
}

std::string encode(const LogEntry& entry) {
  KeyValues record{std::string(kMagic)};
  record.add("kind", name_of(entry.kind))
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
    if (entry.release == entry.position) {
      record.add("descriptor", entry.descriptor).add("signature", entry.signature);
    }
  }
  if (entry.kind == EntryKind::abandon) {
    record.add("reason", std::string_view(entry.reason).substr(0, 500));
  }
  std::string bytes = record.text();
  bytes += fmt::format("{}{}\n", kEnd, sha256(bytes).hex());
  INVARIANT(bytes.size() <= kMaxEntry);
  return bytes;
}

Result<LogEntry> decode_entry(std::string_view bytes) {
  REFUSE_UNLESS(bytes.size() > kEndLine && bytes.size() <= kMaxEntry, "a log entry has a wrong size");
  const std::string_view body = bytes.substr(0, bytes.size() - kEndLine);
  REFUSE_UNLESS(bytes.substr(body.size()) == fmt::format("{}{}\n", kEnd, sha256(body).hex()), "a log entry is damaged");
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(body, kMagic));
  LogEntry entry;
  TRY_ASSIGN(const std::string kind, record.get("kind"));
  TRY_ASSIGN(entry.kind, kind_of(kind));
  TRY_ASSIGN(entry.position.value, record.number("position"));
  TRY_ASSIGN(entry.previous, record.digest("previous"));
  TRY_ASSIGN(entry.nonce, record.get("nonce"));
  TRY_ASSIGN(entry.owner, record.get("owner"));
  REFUSE_UNLESS(!entry.owner.empty() && entry.owner.size() <= 64, "a log entry has no proper owner");
  TRY_ASSIGN(entry.slot, record.get("slot"));
  TRY_ASSIGN(const std::uint64_t attempt, record.number("attempt"));
  entry.attempt = static_cast<unsigned>(std::min<std::uint64_t>(attempt, 1000000));
  TRY_ASSIGN(entry.host, record.get("host"));
  TRY_ASSIGN(entry.boot, record.get("boot"));
  TRY_ASSIGN(entry.pid, record.number("pid"));
  TRY_ASSIGN(entry.time, record.get("time"));
  if (entry.kind == EntryKind::commit) {
    TRY_ASSIGN(entry.release.value, record.number("release"));
    TRY_ASSIGN(entry.revision, record.get("revision"));
    REFUSE_UNLESS(entry.release <= entry.position, "a COMMIT names a release of the future");
    if (entry.release == entry.position) {
      TRY_ASSIGN(entry.descriptor, record.get("descriptor"));
      TRY_ASSIGN(entry.signature, record.get("signature"));
    }
  }
  if (entry.kind == EntryKind::abandon) {
    TRY_ASSIGN(entry.reason, record.get("reason"));
  }
  for (std::string* const shown :
       {&entry.slot, &entry.host, &entry.boot, &entry.time, &entry.revision, &entry.reason}) {
    *shown = printable(std::move(*shown));
  }
  const bool commits = entry.kind == EntryKind::commit;
  const bool publishes = commits && entry.release == entry.position;
  const std::array<std::pair<const char*, bool>, 5> some_have = {{{"release", commits},
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
