// May the job begin? What is known of log, fleet and this host at one moment goes in; an answer comes out, with what is
// missing and who lags behind, in words.
//
// Pure: no files, no share, no clock. The driver is gate_watch.hpp.

#pragma once

#include "common/fleet/peer_record.hpp"
#include "common/release/descriptor.hpp"
#include "peer/run/active_tree.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Whoever is at work, or was.
struct LeaderSight {
  std::string host;
  std::string phase;  ///< "exporting"; empty: it is silent
};

/// Of a fleet that was asked for.
struct FleetSight {
  std::vector<PeerRecord> live;
};

struct GateSight {
  std::string wanted;                        ///< "slot 2026-11-23T12:00:00Z/3600", "the newest release": for people
  std::optional<SignedDescriptor> goal{};    ///< the release that is wanted; nothing: not published yet
  std::optional<SignedDescriptor> newest{};  ///< what the log says is current; nothing: nothing, or not known
  std::optional<ActiveTree> active{};        ///< here
  bool here = false;                         ///< active is the goal
  std::optional<LeaderSight> leader{};       ///< nothing: nobody is at work
  std::string share_trouble{};               ///< why the share could not be read this time; empty: it could
  std::optional<FleetSight> fleet{};         ///< where it matters
  std::string own_host{};                    ///< this one's name, to find its record
};

/// Hosts that have one thing in common.
struct Laggards {
  std::string why;  ///< "fetches it", "on release 41"
  std::vector<std::string> hosts;
};

struct GateAnswer {
  enum class Kind {
    go,
    wait,
    passed,  ///< the fleet has gone on to another release, so this one will not become active any more
  };
  Kind kind = Kind::wait;
  std::string missing{};             ///< a sentence without its full stop; empty with `go`
  std::size_t live = 0;              ///< hosts, as far as the fleet was looked at
  std::size_t there = 0;             ///< of these, active on the goal
  std::vector<Laggards> laggards{};  ///< those with most hosts first
};

/// `quorum`: the part of the live hosts, from 0 to 1, that must be active on it, too; 0: nobody else matters. A fleet
/// of nobody is no quorum: it has not been seen yet.
[[nodiscard]] GateAnswer judge_gate(const GateSight& sight, double quorum);

/// Why a host that lives is not active on `goal`; empty: it is.
[[nodiscard]] std::string why_not_there(const PeerRecord& host, const Descriptor& goal);

/// "web[01-03] fetch it; web07 on release 41", at most `most` kinds.
[[nodiscard]] std::string in_words(const std::vector<Laggards>& laggards, std::size_t most = 5);

}  // namespace swarmout
