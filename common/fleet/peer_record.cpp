#include "common/fleet/peer_record.hpp"

#include "common/base/key_values.hpp"
#include "common/fleet/record_fields.hpp"

#include <fmt/format.h>

#include <charconv>

namespace swarmout {

namespace {

constexpr std::string_view kPeerMagic = "swarmout-peer 1";
constexpr std::size_t kMaxHeldBack = 160;  ///< the trouble says more, and a record has little room

/// Empty is none.
Result<std::optional<InfoHash>> info_hash_in(const KeyValues& values, std::string_view key) {
  TRY_ASSIGN(const std::string hex, values.get(key));
  if (hex.empty()) {
    return std::nullopt;
  }
  return Digest::from_hex(hex).map([](const Digest& digest) { return std::optional(InfoHash{digest}); });
}

std::string written(const std::vector<Position>& positions) {
  std::string text;
  for (std::size_t i = 0; i < positions.size() && i < kMaxHolds; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : " ", positions[i].value);
  }
  return text;
}

/// Of what a job printed; written, some bytes are three. A cell has 12,000 bytes for all.
constexpr std::size_t kMostJobOutput = 4 * kKiB;
constexpr std::size_t kMostJobOutputWritten = 7000;
constexpr std::size_t kMostJobName = 300;
constexpr int kMostJobStatus = 255;

/// The end of it, as much as fits once it is written.
std::string end_that_fits(std::string text) {
  text.erase(0, text.size() - std::min(text.size(), kMostJobOutput));
  for (std::size_t written = escape_value(text).size(); written > kMostJobOutputWritten;) {
    text.erase(0, (written - kMostJobOutputWritten + 2) / 3);
    written = escape_value(text).size();
  }
  return text;
}

/// Cut so that it takes no more than `most` bytes of the record, in which some bytes are three.
std::string fitting(std::string text, std::size_t most) {
  text = short_text(text);
  while (escape_value(text).size() > most) {
    text.pop_back();
  }
  return text;
}

/// Numbers with a blank between them; none where the field is missing.
Result<std::vector<Position>> positions_in(const KeyValues& values, std::string_view key) {
  std::vector<Position> positions;
  const std::string text = values.find(key).value_or("");
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    Position each;
    const auto [next, error] = std::from_chars(at, end, each.value);
    const bool more = next != end;
    REFUSE_UNLESS(error == std::errc() && (!more || (*next == ' ' && next + 1 != end)) && positions.size() < kMaxHolds,
                  fmt::format("{} of a peer's record is no list of at most {} releases", key, kMaxHolds));
    positions.push_back(each);
    at = more ? next + 1 : end;
  }
  return positions;
}

void add_job(KeyValues& values, const JobRecord& job) {
  values.add("job", fitting(job.name, kMostJobName))
      .add("job-release", job.release.value)
      .add("job-status", static_cast<std::uint64_t>(job.status))
      .add("job-took", static_cast<std::uint64_t>(job.took.count()))
      .add("job-ended", fitting(job.ended, kMostJobName))
      .add("job-output", end_that_fits(job.output));
}

Result<std::optional<JobRecord>> job_in(const KeyValues& values) {
  const auto name = values.find("job");
  if (!name) {
    return std::nullopt;
  }
  JobRecord job;
  job.name = printable(*name);
  TRY_ASSIGN(job.release.value, values.number("job-release"));
  TRY_ASSIGN(const std::uint64_t status, values.number("job-status"));
  job.status = static_cast<int>(std::min<std::uint64_t>(status, kMostJobStatus));
  TRY_ASSIGN(const auto took, time_if_there(values, "job-took"));
  job.took = took.value_or(std::chrono::milliseconds(0));
  TRY_ASSIGN(job.ended, values.get("job-ended"));
  job.ended = printable(std::move(job.ended));
  TRY_ASSIGN(job.output, values.get("job-output"));
  return job;
}

}  // namespace

std::string encode(const PeerRecord& record) {
  KeyValues values{std::string(kPeerMagic)};
  values.add("id", record.id)
      .add("counter", record.counter)
      .add("host", short_text(record.host))
      .add("endpoint", to_string(record.endpoint))
      .add("interval", static_cast<std::uint64_t>(record.interval.count()))
      .add("active", record.active.value)
      .add("active-info-hash", record.active_hash ? record.active_hash->hex() : "")
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
  if (record.job) {
    add_job(values, *record.job);
  }
  for (const auto& [key, value] : {std::pair("version", &record.version), std::pair("pinned", &record.pinned)}) {
    if (!value->empty()) {
      values.add(key, short_text(*value));
    }
  }
  values.add("trouble", short_text(record.trouble));
  if (!record.holds.empty()) {
    values.add("holds", written(record.holds));
  }
  if (!record.held_back.empty()) {
    values.add("held-back", fitting(record.held_back, kMaxHeldBack));
    if (record.passing) {
      values.add("held-back-passes", 1);
    }
  }
  return values.text();
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
  TRY_ASSIGN(record.info_hash, info_hash_in(values, "info-hash"));
  TRY_ASSIGN(record.active_hash, info_hash_in(values, "active-info-hash"));
  TRY_ASSIGN(const auto interval, time_if_there(values, "interval"));
  record.interval = interval.value_or(std::chrono::milliseconds(0));
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
  TRY_ASSIGN(record.job, job_in(values));
  TRY_ASSIGN(record.holds, positions_in(values, "holds"));
  record.held_back = values.find("held-back").value_or("");
  record.passing = values.find("held-back-passes").value_or("") == "1";
  record.version = values.find("version").value_or("");
  record.pinned = values.find("pinned").value_or("");
  for (std::string* const shown : {&record.id, &record.host, &record.revision, &record.trouble, &record.held_back,
                                   &record.version, &record.pinned}) {
    *shown = printable(std::move(*shown));
  }
  return record;
}

}  // namespace swarmout
