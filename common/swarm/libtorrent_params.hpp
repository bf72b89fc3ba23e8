// How libtorrent is set up for one seeder and many clones on a fast local network.
// Included only by files that wrap libtorrent.

#pragma once

#include "common/swarm/dial_rules.hpp"
#include "common/swarm/swarm_session.hpp"

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/ip_filter.hpp>
#include <libtorrent/session_params.hpp>

namespace swarmout {

/// Also lets this process have as many descriptors as it may, which must come before a session is made.
[[nodiscard]] lt::session_params session_params_for(const SwarmSettings& settings);
/// Connections a torrent may have: few on clones, because each piece is announced on each of them.
[[nodiscard]] int connections_for(const SwarmSettings& settings);

/// What decides how long queues of requests may be.
struct SwarmShape {
  std::size_t hosts = 0;  ///< that share what this one sends
  Bytes piece = 0;        ///< length of the longest pieces
  bool fetching = true;
};

/// How many requests of each other host are taken (BEP 10, reqq). What waits in one host's queue cannot come from
/// another that is idle, and behind a deep queue a new connection gets its share late.
[[nodiscard]] int requests_taken(SwarmRole role, const SwarmShape& shape);
/// How many a host has outstanding with one other at most.
[[nodiscard]] int requests_made(const SwarmShape& shape);

/// A torrent's own, without plugins and peers; trackers, limits, and the pieces that its content says are there.
/// Throws, for bytes that are no torrent. `checking`: what is there is hashed first.
[[nodiscard]] lt::add_torrent_params torrent_params_for(const SwarmSettings& settings, const SwarmContent& content,
                                                        bool checking);

/// libtorrent asks a tracker on loopback for no other path than this one.
[[nodiscard]] std::string announce_url(const Endpoint& tracker);

/// As libtorrent has it: -1 is none.
[[nodiscard]] int rate_of(Bytes limit);

/// Errors: refused: one of the two is for TLS and the other is not, or for another certificate.
[[nodiscard]] Result<void> check_certificate(const SwarmSettings& settings, const TorrentContents& contents);

/// RFC 7919, ffdhe2048. libtorrent wants to be given a group, though TLS 1.3 and P-256 do without it.
inline constexpr const char* kDhGroup = R"(-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
)";

/// libtorrent puts hosts on private addresses into a class of their own, which the session's limits do not bind. With
/// this, all are in the class that they bind.
[[nodiscard]] lt::ip_filter one_class_for_all();

/// The same rules for libtorrent: at accept, for peers whoever names them, and for trackers wherever these redirect to.
[[nodiscard]] lt::ip_filter filter_of(const DialRules& rules);
[[nodiscard]] lt::port_filter ports_of_hosts();

}  // namespace swarmout
