#include "common/fleet/live_records.hpp"

#include "common/base/key_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace swarmout {

namespace {

constexpr std::string_view kHeartbeatMagic = "swarmout-heartbeat 1";
constexpr std::string_view kStageMagic = "swarmout-stage 1";
constexpr std::string_view kPeerMagic = "swarmout-peer 1";
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);

std::string short_text(const std::string& text) {
  return text.substr(0, 200);
}

std::string text_of(const std::optional<Endpoint>& endpoint) {
  return endpoint ? to_string(*endpoint) : "";
}

/// Empty is none.
Result<std::optional<Endpoint>> endpoint_or_none(const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  return parse_endpoint(text).map([](Endpoint endpoint) { return std::optional(std::move(endpoint)); });
}

// Fields that came later: records of older versions do not have them.

Result<std::uint64_t> number_if_there(const KeyValues& record, std::string_view key) {
  return record.find(key) ? record.number(key) : Result<std::uint64_t>(0);
}

Result<std::optional<std::chrono::milliseconds>> time_if_there(const KeyValues& record, std::string_view key) {
  if (!record.find(key)) {
    return std::nullopt;
  }
  TRY_ASSIGN(const std::uint64_t value, record.number(key));
  return std::chrono::milliseconds(std::min<std::uint64_t>(value, kLongest.count()));
}

Result<Traffic> traffic_if_there(const KeyValues& record) {
  const auto text = record.find("traffic");
  return text ? decode_traffic(*text) : Result<Traffic>(Traffic{});
}

}  // namespace

std::chrono::milliseconds share_interval(std::size_t hosts, std::chrono::milliseconds least,
                                         std::chrono::milliseconds most) {
  constexpr std::chrono::milliseconds kEach{5};
  return std::min(most, std::max(least, kEach * static_cast<std::chrono::milliseconds::rep>(hosts)));
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
      .add("phase", info.phase)
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
  TRY_ASSIGN(info.phase, record.get("phase"));
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
  info.phase = printable(std::move(info.phase));
  return info;
}

std::string encode(const PeerRecord& record) {
  KeyValues values{std::string(kPeerMagic)};
  values.add("id", record.id)
      .add("counter", record.counter)
      .add("host", short_text(record.host))
      .add("endpoint", to_string(record.endpoint))
      .add("active", record.active.value)
      .add("revision", record.revision)
      .add("target", record.target.value)
      .add("info-hash", record.info_hash ? record.info_hash->hex() : "")
      .add("wanted", record.wanted)
      .add("have", record.have)
      .add("complete", record.complete ? 1 : 0)
      .add("download-rate", static_cast<std::uint64_t>(record.download_rate))
      .add("downloaded", record.downloaded)
      .add("uploaded", record.uploaded)
      .add("duplicate", record.duplicate)
      .add("failed", record.failed);
  if (record.first_piece) {
    values.add("first-piece", static_cast<std::uint64_t>(record.first_piece->count()));
  }
  if (record.fetched_in) {
    values.add("fetched-in", static_cast<std::uint64_t>(record.fetched_in->count()));
  }
  values.add("traffic", encode(shortened(record.traffic, kNamedHosts)));
  return values.add("trouble", short_text(record.trouble)).text();
}

Result<PeerRecord> decode_peer(std::string_view bytes) {
  TRY_ASSIGN(const KeyValues values, KeyValues::parse(bytes, kPeerMagic));
  PeerRecord record;
  TRY_ASSIGN(record.id, values.get("id"));
  TRY_ASSIGN(record.counter, values.number("counter"));
  TRY_ASSIGN(record.host, values.get("host"));
  TRY_ASSIGN(const std::string endpoint, values.get("endpoint"));
  TRY_ASSIGN(record.endpoint, parse_endpoint(endpoint));
  TRY_ASSIGN(record.active.value, values.number("active"));
  TRY_ASSIGN(record.revision, values.get("revision"));
  TRY_ASSIGN(record.target.value, values.number("target"));
  TRY_ASSIGN(const std::string info_hash, values.get("info-hash"));
  if (!info_hash.empty()) {
    TRY_ASSIGN(const Digest digest, Digest::from_hex(info_hash));
    record.info_hash = InfoHash{digest};
  }
  TRY_ASSIGN(record.wanted, values.number("wanted"));
  TRY_ASSIGN(record.have, values.number("have"));
  TRY_ASSIGN(const std::uint64_t complete, values.number("complete"));
  record.complete = complete != 0;
  TRY_ASSIGN(const std::uint64_t rate, values.number("download-rate"));
  record.download_rate = static_cast<double>(rate);
  TRY_ASSIGN(record.downloaded, values.number("downloaded"));
  TRY_ASSIGN(record.uploaded, values.number("uploaded"));
  TRY_ASSIGN(record.trouble, values.get("trouble"));
  TRY_ASSIGN(record.duplicate, number_if_there(values, "duplicate"));
  TRY_ASSIGN(record.failed, number_if_there(values, "failed"));
  TRY_ASSIGN(record.first_piece, time_if_there(values, "first-piece"));
  TRY_ASSIGN(record.fetched_in, time_if_there(values, "fetched-in"));
  TRY_ASSIGN(record.traffic, traffic_if_there(values));
  for (std::string* const shown : {&record.id, &record.host, &record.revision, &record.trouble}) {
    *shown = printable(std::move(*shown));
  }
  return record;
}

std::string claim_cell(Position claim, std::string_view owner) {
  return fmt::format("{:08}-{}", claim.value, owner.substr(0, 8));
}

Result<std::size_t> peers_on(Share& share) {
  TRY_ASSIGN(const auto names, share.list_cells(CellKind::peer));
  return names.size();
}

Result<std::vector<SeenPeer>> live_peers(Share& share, std::size_t limit, WallTime reference) {
  TRY_ASSIGN(auto names, share.list_cells(CellKind::peer));
  if (limit > 0 && names.size() > limit) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    std::shuffle(names.begin(), names.end(), random);
    names.resize(limit);
  }
  std::vector<SeenPeer> seen;
  WallTime newest = reference;
  for (const std::string& name : names) {
    const auto cell = share.read_cell(CellKind::peer, name);
    if (!cell || !*cell) {
      continue;
    }
    if (auto record = decode_peer((*cell)->bytes)) {
      newest = std::max(newest, (*cell)->written);
      seen.push_back({*std::move(record), (*cell)->written});
    }
  }
  std::erase_if(seen, [&](const SeenPeer& peer) { return peer.written + kPeerSilence < newest; });
  return seen;
}

}  // namespace swarmout
