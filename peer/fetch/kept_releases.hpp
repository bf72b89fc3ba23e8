// The releases that this host has whole, and goes on serving to others.

#pragma once

#include "common/release/store.hpp"
#include "common/swarm/swarm_session.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace swarmout {

/// One thread. Both references must outlive it.
class KeptReleases {
public:
  KeptReleases(Store& store, SwarmSession& session) : store_(store), session_(session) {}

  /// Serves everything that the store has a record of; `torrent_of` gets a .torrent. Returns what is served; releases
  /// with a missing file or torrent are left out.
  [[nodiscard]] Result<std::vector<SignedDescriptor>> serve_all(
      const std::function<Result<std::string>(const Descriptor&)>& torrent_of);

  /// The session serves it already.
  void add(const InfoHash& info_hash) { serving_.insert(info_hash); }
  [[nodiscard]] const std::set<InfoHash>& serving() const { return serving_; }
  /// Takes it out of the session. False if it was not served.
  bool drop(const InfoHash& info_hash);
  /// Takes out what the store has no record of any more, and its directories; but not `kept`.
  [[nodiscard]] Result<void> drop_forgotten(std::set<InfoHash> kept = {});

private:
  Store& store_;
  SwarmSession& session_;
  std::set<InfoHash> serving_;
};

}  // namespace swarmout
