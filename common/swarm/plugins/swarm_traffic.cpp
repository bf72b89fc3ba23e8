#include "common/swarm/plugins/swarm_traffic.hpp"

#include <libtorrent/peer_request.hpp>

namespace swarmout {

namespace {

/// On libtorrent's network thread.
class CountedConnection final : public HostPlugin {
public:
  CountedConnection(std::shared_ptr<TrafficLedger> ledger, Clock& clock, lt::peer_connection_handle connection)
      : HostPlugin(std::move(connection)), ledger_(std::move(ledger)), clock_(clock) {}

  lt::string_view type() const override { return "swarmout-traffic"; }

  bool on_piece(const lt::peer_request&, lt::span<char const> block) override {
    ledger_->received(host(), static_cast<Bytes>(block.size()));
    return false;
  }
  void sent_payload(int bytes) override { ledger_->sent(host(), static_cast<Bytes>(bytes), clock_.now()); }
  void on_piece_pass(lt::piece_index_t) override { ledger_->piece_passed(clock_.now()); }
  void on_piece_failed(lt::piece_index_t) override { ledger_->piece_failed(host()); }

private:
  std::shared_ptr<TrafficLedger> ledger_;
  Clock& clock_;
};

}  // namespace

MakePlugin make_traffic_counter(std::shared_ptr<TrafficLedger> ledger, Clock& clock) {
  return [ledger = std::move(ledger), &clock](const lt::torrent_handle&, lt::client_data_t) {
    return on_each_connection([ledger, &clock](const lt::peer_connection_handle& connection) {
      return std::make_shared<CountedConnection>(ledger, clock, connection);
    });
  };
}

}  // namespace swarmout
