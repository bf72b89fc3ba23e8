// Watches what hosts deliver. A host that is asked and sends nothing keeps others waiting: libtorrent takes back one
// block every few seconds from it and asks it for another. Here it is left, and not asked for anything for some time. A
// host that sent bad data is not asked again; libtorrent forgets its ban when the host comes back from another port.
//
// A torrent of which a piece did not pass its hash is spoilt: libtorrent 2.0.8 would ask the next best host for the
// hashes of its blocks, and write where it must not if that one refuses. So all its connections end before they can be
// asked, and the owner of the session removes it and adds it again (at libtorrent's hash_failed_alert).
//
// Included only by files that wrap libtorrent. See docs/decisions/0018-hosts-that-stall-or-lie.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/swarm/passed_pieces.hpp"
#include "common/swarm/plugins/avoided_hosts.hpp"
#include "common/swarm/plugins/piece_blame.hpp"
#include "common/swarm/plugins/swarm_plugin.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace swarmout {

/// Of one session. All but take_bad() is for libtorrent's network thread.
class SwarmWatch {
public:
  explicit SwarmWatch(Clock& clock) : clock_(clock) {}

  [[nodiscard]] MonotonicTime now() const { return clock_.now(); }
  [[nodiscard]] AvoidedHosts& hosts() { return hosts_; }
  void sent_bad_data(const Endpoint& host);
  void judge(const PieceBlame::Verdict& verdict);

  /// Hosts that sent bad data, each of them once. Any thread.
  [[nodiscard]] std::vector<Endpoint> take_bad();

private:
  Clock& clock_;
  AvoidedHosts hosts_;
  std::mutex mutex_;  ///< of news_
  std::vector<Endpoint> news_;
};

/// For a torrent that is fetched. `blame` and `passed` are the same when the torrent is added again.
[[nodiscard]] MakePlugin make_watch(std::shared_ptr<SwarmWatch> watch, std::shared_ptr<PieceBlame> blame,
                                    std::shared_ptr<PassedPieces> passed);

}  // namespace swarmout
