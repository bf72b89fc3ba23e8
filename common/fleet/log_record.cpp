#include "common/fleet/log_record.hpp"

#include <fmt/format.h>

namespace swarmout {

LogRecord void_record(const Digest& digest, Position position, Validity validity, std::string why) {
  LogRecord record{is_signed(validity) ? digest : Digest{}, {}, validity};
  record.entry.kind = EntryKind::abandon;
  record.entry.position = position;
  record.entry.reason = "void: " + std::move(why);
  return record;
}

bool follows(const LogEntry& entry, const LogRecord& before) {
  return entry.previous == before.digest ||
         (before.validity == Validity::not_signed && entry.previous == before.stands);
}

LogRecord record_of(std::string_view bytes, Position position, std::string_view log, const TrustedKeys& keys) {
  const auto none = [&](Validity validity, std::string why) {
    return void_record(Digest{}, position, validity, std::move(why));
  };
  if (!text_of_record(bytes)) {
    return none(Validity::damaged, "the entry is damaged, or nobody signed it");
  }
  auto entry = decode_entry(bytes, keys);
  if (!entry) {
    LogRecord record = none(Validity::not_signed, entry.error().message);
    record.advice = entry.error().hint;
    record.stands = sha256(bytes);
    return record;
  }
  if (entry->position != position || entry->log != log) {
    return none(Validity::misplaced, fmt::format("it is a copy of entry {}{}", entry->position.value,
                                                 entry->log != log ? " of another log" : ""));
  }
  return {sha256(bytes), *std::move(entry), Validity::good};
}

}  // namespace swarmout
