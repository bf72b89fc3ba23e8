#include "common/swarm_traffic.hpp"

#include "common/swarm_plugin.hpp"

#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_request.hpp>

namespace swarmout {

namespace {

/// On libtorrent's network thread.
class CountedConnection final : public lt::peer_plugin {
public:
  CountedConnection(std::shared_ptr<TrafficLedger> ledger, Clock& clock, lt::peer_connection_handle connection)
      : ledger_(std::move(ledger)),
        clock_(clock),
        connection_(std::move(connection)),
        host_(listening_host(connection_)) {}

  lt::string_view type() const override { return "swarmout-traffic"; }

  bool on_extension_handshake(const lt::bdecode_node& said) override {
    take_listening_port(said, connection_, host_);
    return true;
  }
  bool on_piece(const lt::peer_request&, lt::span<char const> block) override {
    ledger_->received(host_, static_cast<Bytes>(block.size()));
    return false;
  }
  void sent_payload(int bytes) override { ledger_->sent(host_, static_cast<Bytes>(bytes), clock_.now()); }
  void on_piece_pass(lt::piece_index_t) override { ledger_->piece_passed(clock_.now()); }
  void on_piece_failed(lt::piece_index_t) override { ledger_->piece_failed(host_); }
  void on_disconnect(const lt::error_code& error) override {
    if (error == lt::errors::too_many_corrupt_pieces) {
      ledger_->banned(host_);
    }
  }

private:
  std::shared_ptr<TrafficLedger> ledger_;
  Clock& clock_;
  lt::peer_connection_handle connection_;
  Endpoint host_;
};

}  // namespace

std::function<std::shared_ptr<lt::torrent_plugin>(const lt::torrent_handle&, lt::client_data_t)> make_traffic_counter(
    std::shared_ptr<TrafficLedger> ledger, Clock& clock) {
  return [ledger = std::move(ledger), &clock](const lt::torrent_handle&, lt::client_data_t) {
    return on_each_connection([ledger, &clock](const lt::peer_connection_handle& connection) {
      return std::make_shared<CountedConnection>(ledger, clock, connection);
    });
  };
}

}  // namespace swarmout
