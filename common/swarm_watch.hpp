// Watches what hosts deliver. A host that is asked and sends nothing keeps others waiting: libtorrent takes back one
// block every few seconds from it and asks it for another. Here it is left, and not asked for anything for some time. A
// host that sent bad data is not asked again; libtorrent forgets its ban when the host comes back from another port.
// Included only by files that wrap libtorrent. See docs/decisions/0018-hosts-that-stall-or-lie.md.

#pragma once

#include "common/avoided_hosts.hpp"
#include "common/clock.hpp"

#include <libtorrent/extensions.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace swarmout {

/// Of one session, whose network thread writes it.
class SwarmWatch {
public:
  explicit SwarmWatch(Clock& clock) : clock_(clock) {}

  void stalled(const Endpoint& host);
  void delivered(const Endpoint& host);
  void sent_bad_data(const Endpoint& host);
  [[nodiscard]] bool avoided(const Endpoint& host) const;
  [[nodiscard]] bool bad(const Endpoint& host) const;

  /// Hosts that sent bad data, each of them once. Any thread.
  [[nodiscard]] std::vector<Endpoint> take_bad();

  Clock& clock() const { return clock_; }

private:
  Clock& clock_;
  mutable std::mutex mutex_;
  AvoidedHosts hosts_;
  std::vector<Endpoint> news_;
};

/// For a torrent that is fetched.
[[nodiscard]] std::function<std::shared_ptr<lt::torrent_plugin>(const lt::torrent_handle&, lt::client_data_t)>
make_watch(std::shared_ptr<SwarmWatch> watch);

}  // namespace swarmout
