// The coordinator of the fetching side: follow → swarm → unpack → activate, and serve what is there.

#pragma once

#include "common/clock.hpp"
#include "common/files.hpp"
#include "common/result.hpp"
#include "common/swarm_session.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

struct PeerOptions {
  std::string share;
  Path dest;
  Path state;
  Path keys;
  SwarmSettings swarm;
  bool once = false;  ///< end when the newest release is active
  std::chrono::milliseconds poll{2000};
  std::size_t keep = 3;  ///< releases, trees as well as packs
};

using Narrator = std::function<void(const std::string&)>;

/// How far a fetch is.
struct FetchProgress {
  std::string revision;
  Bytes wanted = 0;
  Bytes have = 0;
  Bytes tree_size = 0;
  Bytes unpacked = 0;
  double rate = 0;  ///< bytes a second
  int connected = 0;
  bool checking = false;
};
using ProgressReport = std::function<void(const FetchProgress&)>;

/// Runs until `stop`, or with `once` until the newest release is active. The share being away does not end it.
/// Errors: unavailable; temporary: another service uses the state directory, the port is taken; with `once` also refused,
/// cannot_write and not_found (nothing is published).
[[nodiscard]] Result<void> run_peer(const PeerOptions& options, Clock& clock, std::stop_token stop,
                                    const Narrator& narrate, const ProgressReport& progress);

struct FetchOptions {
  PeerOptions peer;
  std::string revision;    ///< "latest", a revision or its beginning, or a release number
  std::optional<Path> to;  ///< must not exist; default: below peer.dest
};

/// One published revision, in the foreground. Returns its directory. Errors: not_found, naming the newest revisions.
[[nodiscard]] Result<Path> run_fetch(const FetchOptions& options, Clock& clock, std::stop_token stop,
                                     const ProgressReport& progress);

}  // namespace swarmout
