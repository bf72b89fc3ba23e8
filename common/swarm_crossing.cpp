#include "common/swarm_crossing.hpp"

#include "common/swarm_plugin.hpp"

#include <libtorrent/error_code.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include <map>

namespace swarmout {

namespace {

/// Connections that this host made, by the host at the other end. On libtorrent's network thread.
using Made = std::map<Endpoint, lt::peer_connection_handle>;

class CrossingConnection final : public lt::peer_plugin {
public:
  CrossingConnection(std::shared_ptr<Made> made, const Endpoint& self, lt::peer_connection_handle connection)
      : made_(std::move(made)), self_(self), connection_(std::move(connection)), host_(listening_host(connection_)) {
    if (connection_.is_outgoing()) {
      made_->insert_or_assign(host_, connection_);
    }
  }

  lt::string_view type() const override { return "swarmout-crossing"; }

  /// Comes before libtorrent looks for a second connection.
  bool on_extension_handshake(const lt::bdecode_node& said) override {
    take_listening_port(said, connection_, host_);
    const auto ours = connection_.is_outgoing() ? made_->end() : made_->find(host_);
    if (ours != made_->end() && host_ < self_) {
      lt::peer_connection_handle given_up = ours->second;
      made_->erase(ours);
      given_up.disconnect(lt::errors::make_error_code(lt::errors::duplicate_peer_id), lt::operation_t::bittorrent);
    }
    return true;
  }

  void on_disconnect(const lt::error_code&) override {
    const auto ours = made_->find(host_);
    if (ours != made_->end() && ours->second == connection_) {
      made_->erase(ours);
    }
  }

private:
  std::shared_ptr<Made> made_;
  Endpoint self_;
  lt::peer_connection_handle connection_;
  Endpoint host_;
};

}  // namespace

std::function<std::shared_ptr<lt::torrent_plugin>(const lt::torrent_handle&, lt::client_data_t)> make_crossing(
    Endpoint self) {
  return [self = std::move(self)](const lt::torrent_handle&, lt::client_data_t) {
    return on_each_connection([made = std::make_shared<Made>(), self](const lt::peer_connection_handle& connection) {
      return std::make_shared<CrossingConnection>(made, self, connection);
    });
  };
}

}  // namespace swarmout
