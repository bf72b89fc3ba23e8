#include "common/swarm_gate.hpp"

#include "common/clock.hpp"
#include "common/upload_gate.hpp"

#include <libtorrent/bitfield.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_request.hpp>
#include <libtorrent/torrent_info.hpp>

#include <array>
#include <random>

namespace swarmout {

namespace {

// Messages of BEP 6.
constexpr char kSuggest = 0x0d;
constexpr char kReject = 0x10;
constexpr char kFastBit = 0x04;  ///< in the last of the handshake's reserved bytes

template <std::size_t Numbers>
std::array<char, 5 + 4 * Numbers> message(char kind, const std::array<int, Numbers>& numbers) {
  std::array<char, 5 + 4 * Numbers> bytes{0, 0, 0, static_cast<char>(1 + 4 * Numbers), kind};
  auto* at = bytes.data() + 5;
  for (const int number : numbers) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      *at++ = static_cast<char>(number >> shift);
    }
  }
  return bytes;
}

/// Everything below is called on libtorrent's network thread.
class GatedConnection final : public lt::peer_plugin {
public:
  GatedConnection(std::shared_ptr<UploadGate> gate, lt::peer_connection_handle connection, UploadGate::Host host)
      : gate_(std::move(gate)), connection_(std::move(connection)), host_(host) {}

  lt::string_view type() const override { return "swarmout-gate"; }

  bool on_handshake(lt::span<char const> reserved) override {
    fast_ = reserved.size() == 8 && (reserved[7] & kFastBit) != 0;
    return fast_;  // others cannot be refused anything: they are served as ever
  }

  bool on_bitfield(const lt::bitfield& has) override {
    for (int piece = 0; piece < has.size(); ++piece) {
      if (has.get_bit(piece)) {
        gate_->exists(static_cast<UploadGate::Piece>(piece));
      }
    }
    suggest(gate_->joined(host_));
    return false;
  }
  bool on_have_none() override {
    suggest(gate_->joined(host_));
    return false;
  }
  bool on_have_all() override {
    gate_->all_exist();
    return false;
  }
  bool on_have(lt::piece_index_t piece) override {
    gate_->exists(static_cast<UploadGate::Piece>(static_cast<int>(piece)));
    return false;
  }

  bool on_request(const lt::peer_request& request) override {
    const int piece = static_cast<int>(request.piece);
    if (!fast_ || piece < 0) {
      return false;
    }
    const auto answer = gate_->asked(host_, static_cast<UploadGate::Piece>(piece), system_clock().now());
    suggest(answer.suggest);  // first: the host asks anew as soon as it reads the refusal
    if (!answer.serve) {
      const auto bytes = message<3>(kReject, {piece, request.start, request.length});
      connection_.send_buffer(bytes.data(), static_cast<int>(bytes.size()));
    }
    return !answer.serve;
  }

  void on_disconnect(const lt::error_code&) override { gate_->left(host_, system_clock().now()); }

private:
  void suggest(const std::vector<UploadGate::Piece>& pieces) {
    for (const UploadGate::Piece piece : pieces) {
      const auto bytes = message<1>(kSuggest, {static_cast<int>(piece)});
      connection_.send_buffer(bytes.data(), static_cast<int>(bytes.size()));
    }
  }

  std::shared_ptr<UploadGate> gate_;
  lt::peer_connection_handle connection_;
  UploadGate::Host host_;
  bool fast_ = false;
};

class GatedTorrent final : public lt::torrent_plugin {
public:
  explicit GatedTorrent(std::size_t pieces)
      : gate_(std::make_shared<UploadGate>(pieces, static_cast<std::uint32_t>(std::random_device{}()))) {}

  std::shared_ptr<lt::peer_plugin> new_connection(const lt::peer_connection_handle& connection) override {
    if (connection.type() != lt::connection_type::bittorrent) {
      return nullptr;
    }
    return std::make_shared<GatedConnection>(gate_, connection, ++hosts_);
  }

private:
  std::shared_ptr<UploadGate> gate_;
  UploadGate::Host hosts_ = 0;
};

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_upload_gate(const lt::torrent_handle& torrent, lt::client_data_t) {
  const auto info = torrent.torrent_file();
  return info ? std::make_shared<GatedTorrent>(static_cast<std::size_t>(info->num_pieces())) : nullptr;
}

}  // namespace swarmout
