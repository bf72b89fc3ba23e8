#include "common/fleet/leader_record.hpp"

#include "common/fleet/record_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

constexpr std::string_view kHeartbeatMagic = "swarmout-heartbeat 2";
constexpr std::string_view kStageMagic = "swarmout-stage 2";
constexpr std::string_view kSeatMagic = "swarmout-seat 1";
constexpr std::array<std::string_view, 6> kPhases{"resolving", "exporting", "sealing", "staged", "seeding", "other"};

KeyValues record_under(const ClaimId& claim, std::string_view magic) {
  KeyValues record{std::string(magic)};
  record.add("claim", claim.position.value).add("owner", claim.owner);
  return record;
}

/// What was signed under `claim`.
Result<KeyValues> signed_under(const ClaimId& claim, std::string_view bytes, std::string_view magic,
                               const TrustedKeys& keys) {
  TRY_ASSIGN(const std::string_view text, verified_text(bytes, keys));
  TRY_ASSIGN(KeyValues record, KeyValues::parse(text, magic));
  TRY_ASSIGN(const std::uint64_t position, record.number("claim"));
  TRY_ASSIGN(const std::string owner, record.get("owner"));
  REFUSE_UNLESS((ClaimId{{position}, owner} == claim), "it was signed for another claim");
  return record;
}

}  // namespace

std::string_view name_of(Phase phase) {
  return kPhases.at(static_cast<std::size_t>(phase));
}

Phase phase_of(std::string_view name) {
  const auto* const found = std::find(kPhases.begin(), kPhases.end(), name);
  return found == kPhases.end() ? Phase::other : static_cast<Phase>(found - kPhases.begin());
}

Result<std::string> encode(const StagedRelease& staged, const Signer& signer) {
  KeyValues record = record_under(staged.claim, kStageMagic);
  record.add("descriptor", staged.release.text)
      .add("signature", staged.release.signature)
      .add("tracker", text_of(staged.tracker))
      .add("endpoint", to_string(staged.endpoint));
  return signed_record(record.text(), signer);
}

Result<StagedRelease> decode_staged(std::string_view bytes, const ClaimId& claim, const TrustedKeys& keys) {
  TRY_ASSIGN(const KeyValues record, signed_under(claim, bytes, kStageMagic, keys));
  StagedRelease staged;
  staged.claim = claim;
  TRY_ASSIGN(staged.release.text, record.get("descriptor"));
  TRY_ASSIGN(staged.release.signature, record.get("signature"));
  TRY_ASSIGN(staged.release.descriptor, decode_descriptor(staged.release.text));
  TRY_ASSIGN(const std::string endpoint, record.get("endpoint"));
  TRY_ASSIGN(staged.endpoint, parse_endpoint(endpoint));
  TRY_ASSIGN(staged.tracker, endpoint_or_none(record.find("tracker").value_or("")));
  return staged;
}

Result<std::string> encode(const HeartbeatInfo& info, const Signer& signer) {
  KeyValues record = record_under(info.claim, kHeartbeatMagic);
  record.add("counter", info.counter)
      .add("time", utc(info.time))
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
      .add("endpoint", text_of(info.endpoint));
  return signed_record(record.text(), signer);
}

Result<HeartbeatInfo> decode_heartbeat(std::string_view bytes, const ClaimId& claim, const TrustedKeys& keys) {
  TRY_ASSIGN(const KeyValues record, signed_under(claim, bytes, kHeartbeatMagic, keys));
  HeartbeatInfo info;
  info.claim = claim;
  TRY_ASSIGN(info.counter, record.number("counter"));
  TRY_ASSIGN(const std::string time, record.get("time"));
  const auto beat = parse_utc(time);
  REFUSE_UNLESS(beat, "its time is none");
  info.time = *beat;
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

Result<std::string> encode(const DeputySeat& seat, const Signer& signer) {
  KeyValues record = record_under(seat.claim, kSeatMagic);
  record.add("number", seat.number).add("host", short_text(seat.host));
  return signed_record(record.text(), signer);
}

Result<void> check_seat(std::string_view bytes, const DeputySeat& seat, const TrustedKeys& keys) {
  TRY_ASSIGN(const KeyValues record, signed_under(seat.claim, bytes, kSeatMagic, keys));
  TRY_ASSIGN(const std::uint64_t number, record.number("number"));
  REFUSE_UNLESS(number == seat.number, "it was signed for another seat");
  return {};
}

std::string claim_cell(Position claim, std::string_view owner) {
  return fmt::format("{:08}-{}", claim.value, owner.substr(0, 8));
}

}  // namespace swarmout
