// What stands on the share: entries of the log, views made of them, and cells.

#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/peer_record.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/memory_share.hpp"

namespace swarmout::fuzz {

namespace {

/// The text of a record under a good last line, whatever its own is: who has the key is an attacker, too.
std::string signed_anew(std::string_view record) {
  const auto text = text_of_record(record);
  const std::string all(text ? *text : record);
  return test::signed_text(all.ends_with('\n') ? all : all + "\n");
}

const ClaimId& claim() {
  static const ClaimId claim{{3}, "60f2be94eb3add7d11858f31e8673876"};
  return claim;
}

/// What was read once is read again from what it is written as, and then it is the same.
template <typename Value, typename Decode>
void comes_back(const Value& value, const Decode& decode) {
  const auto written = encode(value, test::fleet_key());
  check(written.has_value(), "what was read can be written");
  const auto again = decode(*written);
  check(again.has_value(), "what was written can be read");
  const auto twice = encode(*again, test::fleet_key());
  check(twice && *twice == *written, "and is the same");
}

Result<LogEntry> entry_of(std::string_view bytes) {
  return decode_entry(bytes, test::fleet_trust());
}

constexpr std::size_t kMostEntries = 48;

/// Pieces of the input, each as long as its first two bytes say; the lowest bit of the third: signed by the fleet.
std::map<Position, std::string> entries_of(std::string_view input) {
  std::map<Position, std::string> entries;
  for (Position each{1}; input.size() > 3 && entries.size() < kMostEntries; each = each.next()) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(input[at]); };
    const std::size_t size = std::min<std::size_t>(byte(0) * 256U + byte(1), input.size() - 3);
    const bool is_signed = byte(2) % 2 == 1;
    const std::string_view piece = input.substr(3, size);
    if (byte(2) % 16 != 14) {  // else nobody has written this one
      entries[each] = is_signed ? signed_anew(piece) : std::string(piece);
    }
    input.remove_prefix(3 + size);
  }
  return entries;
}

void look_at(const LogView& view) {
  (void)view.tail_digest();
  (void)view.strays();
  (void)view.last_failure();
  for (const LogEntry* const each : view.releases(kMostEntries)) {
    check(each->position <= view.tail(), "a release is in the log");
    (void)view.claims_of(each->slot);
    (void)view.commit_of(each->slot);
  }
  check(view.open_claim() == nullptr || view.open_claim()->position == view.tail(), "an open claim is the last entry");
}

}  // namespace

void log_entry(std::string_view input) {
  (void)entry_of(input);
}

void signed_log_entry(std::string_view input) {
  if (const auto entry = entry_of(signed_anew(input))) {
    comes_back(*entry, entry_of);
  }
}

void log_view(std::string_view input) {
  const auto state = std::make_shared<MemoryShareState>();
  state->log = entries_of(input);
  MemoryShare share(state);
  LogReader reader(share, test::fleet_trust());
  if (const auto view = reader.refresh()) {
    look_at(**view);
  }
  if (const auto view = reader.refresh_with_history(kMostEntries)) {
    look_at(**view);
  }
  if (const auto view = reader.refresh_with_slots()) {
    look_at(**view);
  }
}

void heartbeat(std::string_view input) {
  const auto decode = [](std::string_view bytes) { return decode_heartbeat(bytes, claim(), test::fleet_trust()); };
  (void)decode(input);
  if (const auto beat = decode(signed_anew(input))) {
    comes_back(*beat, decode);
  }
}

void stage(std::string_view input) {
  const auto decode = [](std::string_view bytes) { return decode_staged(bytes, claim(), test::fleet_trust()); };
  (void)decode(input);
  if (const auto staged = decode(signed_anew(input))) {
    comes_back(*staged, decode);
  }
}

void peer_record(std::string_view input) {
  if (const auto record = decode_peer(input)) {
    const auto again = decode_peer(encode(*record));
    check(again.has_value(), "what was written can be read");
    check(encode(*again) == encode(*record), "and is the same");
  }
}

}  // namespace swarmout::fuzz
