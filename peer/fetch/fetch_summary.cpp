#include "peer/fetch/fetch_summary.hpp"

#include "common/base/duration.hpp"
#include "common/fleet/peer_record.hpp"

#include <fmt/format.h>

namespace swarmout {

void add_transfer(PeerRecord& record, const SwarmStatus& status, const TransferReport& transfer) {
  // Of one moment: what came in between the two calls is not in `status`.
  record.downloaded = transfer.traffic.in();
  record.uploaded = transfer.traffic.out();
  record.duplicate = status.duplicate;
  record.failed = status.failed;
  record.first_piece = transfer.first_piece;
  record.fetched_in = status.complete ? transfer.last_piece : std::nullopt;
  record.traffic = transfer.traffic;
}

std::string fetch_summary(const SwarmStatus& status, const TransferReport& transfer, double line_rate) {
  const HostTraffic* most = nullptr;
  std::size_t hosts = transfer.traffic.others;
  std::string bad;
  for (const HostTraffic& each : transfer.traffic.hosts) {
    hosts += each.in > 0 ? 1 : 0;
    most = most == nullptr || each.in > most->in ? &each : most;
    bad += each.banned ? (bad.empty() ? "; banned for bad data: " : ", ") + to_string(each.host) : "";
  }
  if (most == nullptr || transfer.traffic.in() == 0) {
    return "nothing had to be fetched";
  }
  PeerRecord record;
  add_transfer(record, status, transfer);
  std::string text = fmt::format("{:.1f} MiB from {} {}, most of it from {} ({:.1f} MiB)", in_mib(record.downloaded),
                                 hosts, hosts == 1 ? "host" : "hosts", to_string(most->host), in_mib(most->in));
  if (transfer.first_piece && transfer.last_piece) {
    text += fmt::format("; first piece after {}, last after {}", to_text(*transfer.first_piece),
                        to_text(*transfer.last_piece));
    if (const auto times = times_bound(*transfer.last_piece, record.needed(), line_rate)) {
      text += fmt::format(" ({:.2f} times the bound at {:.1f} MiB/s)", *times, line_rate / kMiB);
    }
  }
  return text +
         fmt::format("; {:.1f} MiB came twice, {:.1f} MiB was bad", in_mib(status.duplicate), in_mib(status.failed)) +
         bad;
}

std::string size_text(Bytes size) {
  return size < kKiB   ? fmt::format("{} bytes", size)
         : size < kMiB ? fmt::format("{:.1f} KiB", in_kib(size))
                       : fmt::format("{:.1f} MiB", in_mib(size));
}

std::string fetch_summary(const SwarmSession& session, const InfoHash& release, double line_rate) {
  return fetch_summary(session.status(release), session.transfer(release), line_rate);
}

std::string fetch_beginning(const RetrievalGoal& goal) {
  const Descriptor& release = goal.release.descriptor;
  const Bytes deltas = size_of(goal.deltas);
  const std::string way = goal.deltas.size() == 1 ? "by a delta of " + size_text(deltas)
                          : !goal.deltas.empty()
                              ? fmt::format("by {} deltas of {}", goal.deltas.size(), size_text(deltas))
                          : goal.why_packs.empty() ? std::string("in packs")
                                                   : "in packs: " + goal.why_packs;
  return fmt::format("release {}: fetching {} ({:.1f} MiB packed, {} files) {}", release.position.value,
                     release.revision, in_mib(release.packed_size), release.files, way);
}

}  // namespace swarmout
