#include "common/swarm/plugins/swarm_pex.hpp"

#include "common/swarm/swarm_options.hpp"

#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>

namespace swarmout {

namespace {

/// The number by which libtorrent 2.0.8 wants to be sent PEX messages.
constexpr int kPexMessage = 1;

/// The first list is the long one, later ones say only what changed; by then there are connections to those told of.
constexpr std::chrono::seconds kSettles{10};

/// Of one torrent; used on libtorrent's network thread only.
struct Known {
  Clock& clock;
  MonotonicTime quiet_until;
  std::size_t open = 0;

  [[nodiscard]] bool enough() const { return open >= kFewConnections || clock.now() < quiet_until; }
};

class FilteredConnection final : public lt::peer_plugin {
public:
  explicit FilteredConnection(std::shared_ptr<Known> known) : known_(std::move(known)) {}

  lt::string_view type() const override { return "swarmout-pex"; }

  bool on_handshake(lt::span<char const>) override {
    if (!counted_) {
      counted_ = true;
      ++known_->open;
    }
    return true;
  }
  void on_disconnect(const lt::error_code&) override {
    if (counted_) {
      counted_ = false;
      --known_->open;
    }
  }
  bool on_extended(int, int message, lt::span<char const>) override {
    return message == kPexMessage && known_->enough();
  }

private:
  std::shared_ptr<Known> known_;
  bool counted_ = false;
};

}  // namespace

MakePlugin make_pex_filter(std::size_t told, Clock& clock) {
  return [told, &clock](const lt::torrent_handle&, lt::client_data_t) {
    const MonotonicTime quiet_until = clock.now() + (told >= kPeersToBegin ? kSettles : std::chrono::seconds(0));
    return on_each_connection(
        [known = std::make_shared<Known>(Known{clock, quiet_until})](const lt::peer_connection_handle&) {
          return std::make_shared<FilteredConnection>(known);
        });
  };
}

}  // namespace swarmout
