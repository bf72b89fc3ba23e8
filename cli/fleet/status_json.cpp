#include "cli/fleet/status_json.hpp"

#include "cli/fleet/status_words.hpp"

#include <chrono>
#include <optional>

namespace swarmout {

namespace {

using Json = nlohmann::ordered_json;

void add_traffic(Json& to, const Traffic& traffic) {
  to["traffic"] = Json::array();
  for (const HostTraffic& each : traffic.hosts) {
    to["traffic"].push_back({{"endpoint", to_string(each.host)},
                             {"downloaded_bytes", each.in},
                             {"uploaded_bytes", each.out},
                             {"bad_pieces", each.bad_pieces},
                             {"banned", each.banned}});
  }
  to["traffic_others"] = {
      {"hosts", traffic.others}, {"downloaded_bytes", traffic.others_in}, {"uploaded_bytes", traffic.others_out}};
}

Json seconds_or_null(std::optional<std::chrono::milliseconds> time) {
  return time ? Json(std::chrono::duration<double>(*time).count()) : Json(nullptr);
}

Json as_json(const PublishedRelease& each) {
  Json release = {{"release", each.commit.position.value},
                  {"revision", each.commit.revision},
                  {"published", each.commit.time},
                  {"by", each.commit.host},
                  {"slot", each.commit.slot},
                  {"active_on", each.active_on}};
  release["files"] = each.descriptor.files;
  release["tree_bytes"] = each.descriptor.tree_size;
  release["packed_bytes"] = each.descriptor.packed_size;
  release["source"] = each.descriptor.source;
  return release;
}

Json as_json(const LeaderSeen& each) {
  Json leader = {{"epoch", each.claim.position.value}, {"host", each.claim.host},
                 {"since", each.claim.time},           {"slot", each.claim.slot},
                 {"attempt", each.claim.attempt},      {"phase", "silent"}};
  if (!each.info) {
    return leader;
  }
  const HeartbeatInfo& info = *each.info;
  const auto sent = static_cast<double>(info.traffic.out());
  leader["phase"] = name_of(info.phase);
  leader["last_beat_seconds"] = std::chrono::duration<double>(each.since_beat).count();
  leader["files"] = info.files;
  leader["read_bytes"] = info.read;
  leader["packed_bytes"] = info.packed;
  leader["copies"] = info.copies;
  leader["peers"] = info.peers;
  leader["endpoint"] = info.endpoint ? to_string(*info.endpoint) : "";
  leader["tracker"] = info.tracker ? to_string(*info.tracker) : "";
  leader["offered_bytes"] = info.offered;
  leader["uploaded_bytes"] = info.traffic.out();
  leader["copies_sent"] = info.offered == 0 ? 0 : sent / static_cast<double>(info.offered);
  leader["line_rate"] = info.line_rate;
  add_traffic(leader, info.traffic);
  return leader;
}

Json as_json(const JobRecord& job) {
  return {{"name", job.name},     {"release", job.release.value},
          {"status", job.status}, {"seconds", std::chrono::duration<double>(job.took).count()},
          {"ended", job.ended},   {"output", job.output}};
}

Json as_json(const PeerRecord& record, std::optional<double> times) {
  Json shown = {{"id", record.id},
                {"host", record.host},
                {"endpoint", to_string(record.endpoint)},
                {"release", record.active.value},
                {"revision", record.revision},
                {"target", record.target.value},
                {"have_bytes", record.have},
                {"wanted_bytes", record.wanted},
                {"complete", record.complete},
                {"download_rate", record.download_rate},
                {"downloaded_bytes", record.downloaded},
                {"uploaded_bytes", record.uploaded},
                {"trouble", record.trouble},
                {"version", record.version},
                {"pinned", record.pinned}};
  shown["held_back"] = record.held_back;
  shown["holds"] = Json::array();
  for (const Position each : record.holds) {
    shown["holds"].push_back(each.value);
  }
  shown["job"] = record.job ? as_json(*record.job) : Json(nullptr);
  shown["duplicate_bytes"] = record.duplicate;
  shown["failed_bytes"] = record.failed;
  shown["first_piece_seconds"] = seconds_or_null(record.first_piece);
  shown["fetched_seconds"] = seconds_or_null(record.fetched_in);
  shown["bound_multiple"] = times ? Json(*times) : Json(nullptr);
  add_traffic(shown, record.traffic);
  return shown;
}

/// None: nothing is signed, or what is has a time that is not yet.
std::optional<std::chrono::milliseconds> age_of(const std::optional<Freshness>& newest) {
  return newest && !newest->ahead ? std::optional(newest->age) : std::nullopt;
}

Json as_json(const Hold& hold, const std::optional<Position>& current) {
  return {{"release", current ? Json(current->value) : Json(nullptr)},
          {"reason", hold.reason},
          {"by", hold.host},
          {"since", hold.time}};
}

}  // namespace

Json status_json(const FleetOverview& fleet) {
  Json out;
  out["sentence"] = status_sentence(fleet);
  out["remarks"] = status_remarks(fleet);
  out["share"] = fleet.share;
  out["time"] = utc(fleet.time);
  out["newest_signed"] = fleet.newest_word ? Json(fleet.newest_word->said) : Json(nullptr);
  out["newest_signed_seconds"] = seconds_or_null(age_of(fleet.newest_word));
  out["not_signed"] = Json::array();
  for (const Error& each : fleet.foreign) {
    out["not_signed"].push_back(each.message);
  }
  out["releases"] = Json::array();
  for (const PublishedRelease& each : fleet.releases) {
    out["releases"].push_back(as_json(each));
  }
  out["current"] = fleet.current ? Json(fleet.current->value) : Json(nullptr);
  out["hold"] = fleet.hold ? as_json(*fleet.hold, fleet.current) : Json(nullptr);
  out["leader"] = fleet.leader ? as_json(*fleet.leader) : Json(nullptr);
  out["peers"] = Json::array();
  for (const SeenPeer& each : fleet.peers) {
    out["peers"].push_back(as_json(each.record, bound_multiple(fleet, each.record)));
  }
  out["silent"] = Json::array();
  for (const SeenPeer& each : fleet.silent) {
    out["silent"].push_back({{"id", each.record.id},
                             {"host", each.record.host},
                             {"endpoint", to_string(each.record.endpoint)},
                             {"seconds", std::chrono::duration<double>(fleet.time - each.written).count()}});
  }
  return out;
}

}  // namespace swarmout
