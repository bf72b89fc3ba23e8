#include "common/swarm/plugins/swarm_traffic.hpp"

#include <libtorrent/bitfield.hpp>
#include <libtorrent/peer_request.hpp>
#include <libtorrent/torrent_info.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace swarmout {

namespace {

/// On libtorrent's network thread.
class CountedConnection final : public HostPlugin {
public:
  CountedConnection(std::shared_ptr<TrafficLedger> ledger, Clock& clock, lt::peer_connection_handle connection,
                    int pieces)
      : HostPlugin(std::move(connection)),
        ledger_(std::move(ledger)),
        clock_(clock),
        has_(static_cast<std::size_t>(std::max(pieces, 0))),
        lacks_(has_.size()),
        known_(this->connection().is_outgoing()) {}

  lt::string_view type() const override { return "swarmout-traffic"; }

  bool on_piece(const lt::peer_request&, lt::span<char const> block) override {
    ledger_->received(host(), static_cast<Bytes>(block.size()));
    return false;
  }
  void sent_payload(int bytes) override { ledger_->sent(host(), static_cast<Bytes>(bytes), clock_.now()); }
  void on_piece_pass(lt::piece_index_t) override { ledger_->piece_passed(clock_.now()); }
  void on_piece_failed(lt::piece_index_t) override { ledger_->piece_failed(host()); }

  bool on_have_all() override {
    lacks_ = 0;
    note_whole();
    return false;
  }
  bool on_bitfield(const lt::bitfield& has) override {
    for (int piece = 0; piece < has.size(); ++piece) {
      if (has.get_bit(piece)) {
        note_piece(piece);
      }
    }
    note_whole();
    return false;
  }
  bool on_have(lt::piece_index_t piece) override {
    note_piece(static_cast<int>(piece));
    note_whole();
    return false;
  }

protected:
  void on_known_host() override {
    known_ = true;
    note_whole();
  }

private:
  void note_piece(int piece) {
    const auto at = static_cast<std::size_t>(piece);
    if (piece >= 0 && at < has_.size() && !has_[at]) {
      has_[at] = true;
      lacks_ -= lacks_ > 0 ? 1 : 0;
    }
  }
  void note_whole() {
    if (known_ && lacks_ == 0 && !has_.empty() && !std::exchange(noted_, true)) {
      ledger_->has_all(host());
    }
  }

  std::shared_ptr<TrafficLedger> ledger_;
  Clock& clock_;
  std::vector<bool> has_;
  std::size_t lacks_;  ///< pieces that the other host has not said it has
  bool known_;         ///< host() is where it listens
  bool noted_ = false;
};

}  // namespace

MakePlugin make_traffic_counter(std::shared_ptr<TrafficLedger> ledger, Clock& clock) {
  return [ledger = std::move(ledger), &clock](const lt::torrent_handle& torrent, lt::client_data_t) {
    const auto info = torrent.torrent_file();
    const int pieces = info ? info->num_pieces() : 0;
    return on_each_connection([ledger, &clock, pieces](const lt::peer_connection_handle& connection) {
      return std::make_shared<CountedConnection>(ledger, clock, connection, pieces);
    });
  };
}

}  // namespace swarmout
