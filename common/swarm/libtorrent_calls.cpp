#include "common/swarm/libtorrent_calls.hpp"

#include <fmt/format.h>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/torrent_status.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace swarmout {

namespace {

constexpr std::chrono::seconds kPatienceToListen{5};
/// A piece that so many hosts have can be had from others than the seeder.
constexpr int kWellSpread = 3;

}  // namespace

Result<std::uint16_t> wait_until_listening(lt::session& session, const SwarmSettings& settings) {
  const auto deadline = std::chrono::steady_clock::now() + kPatienceToListen;
  while (std::chrono::steady_clock::now() < deadline) {
    session.wait_for_alert(std::chrono::milliseconds(100));
    std::vector<lt::alert*> alerts;
    session.pop_alerts(&alerts);
    for (const lt::alert* each : alerts) {
      if (const auto* good = lt::alert_cast<lt::listen_succeeded_alert>(each)) {
        return static_cast<std::uint16_t>(good->port);
      }
      if (const auto* bad = lt::alert_cast<lt::listen_failed_alert>(each)) {
        return fail(ErrorCode::temporary,
                    fmt::format("cannot listen on {}:{}: {}", settings.listen_address, settings.listen_port,
                                bad->error.message()),
                    "give another --listen ADDRESS[:PORT]");
      }
    }
  }
  return fail(ErrorCode::temporary, fmt::format("cannot listen on {}", settings.listen_address));
}

void hurry_pieces(const lt::torrent_handle& torrent, PieceRange wanted, const PassedPieces& passed) {
  std::vector<int> hosts;
  torrent.piece_availability(hosts);
  const int enough = std::clamp(torrent.status({}).num_peers, 1, kWellSpread);
  std::vector<std::pair<lt::piece_index_t, lt::download_priority_t>> next;
  for (std::size_t piece = wanted.first; piece < std::min(wanted.end, hosts.size()); ++piece) {
    if (hosts[piece] >= enough && !passed.has(piece)) {
      next.emplace_back(static_cast<int>(piece), lt::top_priority);
    }
  }
  torrent.prioritize_pieces(next);
}

}  // namespace swarmout
