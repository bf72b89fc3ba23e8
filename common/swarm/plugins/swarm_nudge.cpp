#include "common/swarm/plugins/swarm_nudge.hpp"

#include "common/swarm/plugins/swarm_plugin.hpp"

#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_request.hpp>

#include <array>

namespace swarmout {

namespace {

constexpr std::array<char, 5> kUnchoke{0, 0, 0, 1, 1};

/// Used on libtorrent's network thread only.
class NudgedConnection final : public lt::peer_plugin {
public:
  explicit NudgedConnection(lt::peer_connection_handle connection) : connection_(std::move(connection)) {}

  lt::string_view type() const override { return "swarmout-nudge"; }

  bool on_request(const lt::peer_request&) override {
    ++outstanding_;
    return false;
  }
  void sent_piece(const lt::peer_request&) override { answered(); }
  void sent_reject_request(const lt::peer_request&) override { answered(); }

  void sent_have(lt::piece_index_t) override {
    if (outstanding_ == 0 && connection_.is_peer_interested() && !connection_.is_choked()) {
      connection_.send_buffer(kUnchoke.data(), static_cast<int>(kUnchoke.size()));
    }
  }

private:
  void answered() { outstanding_ -= outstanding_ > 0 ? 1 : 0; }

  lt::peer_connection_handle connection_;
  std::size_t outstanding_ = 0;  ///< of the other host's requests
};

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_nudge(const lt::torrent_handle&, lt::client_data_t) {
  return on_each_connection(
      [](const lt::peer_connection_handle& connection) { return std::make_shared<NudgedConnection>(connection); });
}

}  // namespace swarmout
