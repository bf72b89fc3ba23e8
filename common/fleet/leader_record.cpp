#include "common/fleet/leader_record.hpp"

#include "common/fleet/record_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

constexpr std::string_view kHeartbeatMagic = "swarmout-heartbeat 1";
constexpr std::string_view kStageMagic = "swarmout-stage 1";
constexpr std::array<std::string_view, 6> kPhases{"resolving", "exporting", "sealing", "staged", "seeding", "other"};

}  // namespace

std::string_view name_of(Phase phase) {
  return kPhases.at(static_cast<std::size_t>(phase));
}

Phase phase_of(std::string_view name) {
  const auto* const found = std::find(kPhases.begin(), kPhases.end(), name);
  return found == kPhases.end() ? Phase::other : static_cast<Phase>(found - kPhases.begin());
}

std::string encode(const StagedRelease& staged) {
  return KeyValues(std::string(kStageMagic))
      .add("descriptor", staged.release.text)
      .add("signature", staged.release.signature)
      .add("tracker", text_of(staged.tracker))  // may be missing, so not the last: a record cut short is refused
      .add("endpoint", to_string(staged.endpoint))
      .text();
}

Result<StagedRelease> decode_staged(std::string_view bytes) {
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(bytes, kStageMagic));
  StagedRelease staged;
  TRY_ASSIGN(staged.release.text, record.get("descriptor"));
  TRY_ASSIGN(staged.release.signature, record.get("signature"));
  TRY_ASSIGN(staged.release.descriptor, decode_descriptor(staged.release.text));
  TRY_ASSIGN(const std::string endpoint, record.get("endpoint"));
  TRY_ASSIGN(staged.endpoint, parse_endpoint(endpoint));
  TRY_ASSIGN(staged.tracker, endpoint_or_none(record.find("tracker").value_or("")));
  return staged;
}

std::string encode(const HeartbeatInfo& info) {
  return KeyValues(std::string(kHeartbeatMagic))
      .add("counter", info.counter)
      .add("host", short_text(info.host))
      .add("phase", name_of(info.phase))
      .add("files", info.files)
      .add("read", info.read)
      .add("packed", info.packed)
      .add("copies", info.copies)
      .add("peers", info.peers)
      .add("offered", info.offered)
      .add("line-rate", static_cast<std::uint64_t>(info.line_rate))
      .add("traffic", encode(shortened(info.traffic, kNamedHosts)))
      .add("tracker", text_of(info.tracker))
      .add("endpoint", text_of(info.endpoint))
      .text();
}

Result<HeartbeatInfo> decode_heartbeat(std::string_view bytes) {
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(bytes, kHeartbeatMagic));
  HeartbeatInfo info;
  TRY_ASSIGN(info.counter, record.number("counter"));
  TRY_ASSIGN(info.host, record.get("host"));
  TRY_ASSIGN(const std::string phase, record.get("phase"));
  info.phase = phase_of(phase);
  TRY_ASSIGN(info.files, record.number("files"));
  TRY_ASSIGN(info.read, record.number("read"));
  TRY_ASSIGN(info.packed, record.number("packed"));
  TRY_ASSIGN(info.copies, record.number("copies"));
  TRY_ASSIGN(info.peers, record.number("peers"));
  TRY_ASSIGN(const std::string endpoint, record.get("endpoint"));
  TRY_ASSIGN(info.endpoint, endpoint_or_none(endpoint));
  TRY_ASSIGN(info.tracker, endpoint_or_none(record.find("tracker").value_or("")));
  TRY_ASSIGN(info.offered, number_if_there(record, "offered"));
  TRY_ASSIGN(const std::uint64_t rate, number_if_there(record, "line-rate"));
  info.line_rate = static_cast<double>(rate);
  TRY_ASSIGN(info.traffic, traffic_if_there(record));
  info.host = printable(std::move(info.host));
  return info;
}

std::string claim_cell(Position claim, std::string_view owner) {
  return fmt::format("{:08}-{}", claim.value, owner.substr(0, 8));
}

}  // namespace swarmout
