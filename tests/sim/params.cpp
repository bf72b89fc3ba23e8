#include "tests/sim/params.hpp"

#include "common/release/torrent_file.hpp"
#include "common/swarm/libtorrent_params.hpp"

#include <libtorrent/session_params.hpp>
#include <libtorrent/settings_pack.hpp>

namespace swarmout::sim {

namespace {

using sp = lt::settings_pack;

RoleParams role_params(SwarmRole role) {
  SwarmSettings settings;
  settings.role = role;
  const lt::session_params params = session_params_for(settings);
  const auto number = [&](int name) { return static_cast<std::size_t>(params.settings.get_int(name)); };
  return {static_cast<std::size_t>(connections_for(settings)), 0,
          number(sp::send_buffer_low_watermark) + number(sp::send_not_sent_low_watermark)};
}

}  // namespace

Params params_of_program() {
  Params params;
  params.seeder = role_params(SwarmRole::seeder);
  params.clone = role_params(SwarmRole::clone);
  params.clone.dials = kPeersToBegin + kPeersFromTracker + 2;  // as many were counted in the lab
  const lt::session_params clone = session_params_for(SwarmSettings{});
  params.queue_seconds = clone.settings.get_int(sp::request_queue_time);
  params.strict_end_game = clone.settings.get_bool(sp::strict_end_game_mode);
  params.partial_first = clone.settings.get_bool(sp::prioritize_partial_pieces);
  params.have_asks = true;  // common/swarm/plugins/swarm_nudge
  params.close_redundant = clone.settings.get_bool(sp::close_redundant_connections);
  return params;
}

Params decided(Params params) {
  for (const auto& [role, its] : {std::pair{SwarmRole::seeder, &params.seeder}, {SwarmRole::clone, &params.clone}}) {
    if (its->takes == 0) {
      its->takes = static_cast<std::size_t>(requests_taken(role, {params.hosts, piece_length(params), true}));
    }
  }
  if (params.max_out == 0) {
    params.max_out = static_cast<std::size_t>(requests_made({params.hosts, piece_length(params), true}));
  }
  return params;
}

Bytes piece_length(const Params& params) {
  return params.piece != 0 ? params.piece : piece_length_for(params.payload);
}

std::size_t pieces(const Params& params) {
  return static_cast<std::size_t>((params.payload + piece_length(params) - 1) / piece_length(params));
}

}  // namespace swarmout::sim
