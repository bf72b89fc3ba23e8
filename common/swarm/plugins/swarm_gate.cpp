#include "common/swarm/plugins/swarm_gate.hpp"

#include "common/base/clock.hpp"
#include "common/swarm/plugins/swarm_doors.hpp"
#include "common/swarm/plugins/upload_gate.hpp"

#include <libtorrent/bitfield.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_request.hpp>
#include <libtorrent/torrent_info.hpp>

#include <map>
#include <random>
#include <utility>
#include <vector>

namespace swarmout {

namespace {

// Messages of BEP 6.
constexpr char kSuggest = 0x0d;
constexpr char kFastBit = 0x04;  ///< in the last of the handshake's reserved bytes

/// Requests that wait; others are refused at once. Twice what a thousand clones have outstanding, at 32 each.
constexpr std::size_t kMostWaiting = 65'536;

class GatedConnection;

/// Everything below is used on libtorrent's network thread only.
struct Gated {
  struct Waiting {
    std::weak_ptr<GatedConnection> from;
    lt::peer_request request;
  };
  Clock& clock;
  std::shared_ptr<Acquaintances> known;
  std::shared_ptr<const lt::torrent_info> info;
  UploadGate gate;
  std::multimap<int, Waiting> waiting;  ///< by piece

  void refuse_waiting(int piece);
  void refuse_all_waiting();
};

class GatedConnection final : public lt::peer_plugin, public std::enable_shared_from_this<GatedConnection> {
public:
  GatedConnection(std::shared_ptr<Gated> gated, lt::peer_connection_handle connection, UploadGate::Host host)
      : gated_(std::move(gated)), connection_(std::move(connection)), host_(host) {}

  lt::string_view type() const override { return "swarmout-gate"; }

  bool on_handshake(lt::span<char const> reserved) override {
    fast_ = reserved.size() == 8 && (reserved[7] & kFastBit) != 0;
    return fast_;  // others cannot be refused anything: they are served as ever
  }

  // What a stranger says it has is not believed: by one HAVE_ALL everybody would be served everything twice.

  bool on_bitfield(const lt::bitfield& has) override {
    for (int piece = 0; piece < has.size(); ++piece) {
      if (has.get_bit(piece)) {
        note(piece);
      }
    }
    joins_ = true;
    tell_gate();
    return false;
  }
  bool on_have_none() override {
    joins_ = true;
    tell_gate();
    return false;
  }
  bool on_have_all() override {
    for (int piece = 0; piece < gated_->info->num_pieces(); ++piece) {
      note(piece);
    }
    return false;
  }
  bool on_have(lt::piece_index_t piece) override {
    note(static_cast<int>(piece));
    return false;
  }

  bool on_request(const lt::peer_request& request) override {
    const int piece = static_cast<int>(request.piece);
    if (!fast_ || piece < 0 || !of_fleet()) {
      return false;
    }
    const auto answer = gated_->gate.asked(host_, static_cast<UploadGate::Piece>(piece), gated_->clock.now());
    suggest(answer.suggest);  // first: the host asks anew as soon as it reads the refusal
    if (answer.verdict == UploadGate::Verdict::serve) {
      return false;
    }
    if (answer.verdict == UploadGate::Verdict::wait && gated_->waiting.size() < kMostWaiting) {
      gated_->waiting.emplace(piece, Gated::Waiting{weak_from_this(), request});
    } else {
      refuse(request);
    }
    return true;
  }

  bool on_cancel(const lt::peer_request& request) override {
    const auto [first, last] = gated_->waiting.equal_range(static_cast<int>(request.piece));
    for (auto each = first; each != last; ++each) {
      if (each->second.request == request && each->second.from.lock().get() == this) {
        gated_->waiting.erase(each);
        refuse(request);  // as BEP 6 wants: every request is answered
        return true;
      }
    }
    return false;
  }

  void sent_piece(const lt::peer_request& request) override {
    const int piece = static_cast<int>(request.piece);
    int& sent = sent_[piece];
    sent += request.length;
    if (sent >= gated_->info->files().piece_size2(request.piece)) {  // nobody asks for padding
      sent_.erase(piece);
      gated_->gate.sent(host_, static_cast<UploadGate::Piece>(piece), gated_->clock.now());
      gated_->refuse_waiting(piece);
      if (gated_->gate.leaving() == 0) {
        gated_->refuse_all_waiting();
      }
    }
  }

  /// Once a second: nobody waits for longer, whatever slow link the first copies are on.
  void tick() override {
    tell_gate();
    std::vector<lt::peer_request> mine;
    std::erase_if(gated_->waiting, [&](const auto& each) {
      const bool own = each.second.from.lock().get() == this;
      if (own) {
        mine.push_back(each.second.request);
      }
      return own;
    });
    for (const lt::peer_request& request : mine) {
      refuse(request);
    }
  }

  void on_disconnect(const lt::error_code&) override {
    gated_->gate.left(host_, gated_->clock.now());
    gated_->refuse_all_waiting();
  }

  void refuse(const lt::peer_request& request) { send_reject(connection_, request); }
  [[nodiscard]] bool open() const { return !connection_.is_disconnecting(); }

private:
  [[nodiscard]] bool of_fleet() {
    of_fleet_ = of_fleet_ || gated_->known->fleet.has(remote_ip(connection_), gated_->clock.now());
    return of_fleet_;
  }
  void note(int piece) {
    const auto at = static_cast<UploadGate::Piece>(piece);
    if (of_fleet()) {
      tell_gate();
      gated_->gate.exists(host_, at);
      return;
    }
    untold_.resize(static_cast<std::size_t>(gated_->info->num_pieces()));
    if (piece >= 0 && at < untold_.size()) {
      untold_[at] = true;
    }
  }
  /// What it has said before a record named it.
  void tell_gate() {
    if ((untold_.empty() && !joins_) || !of_fleet()) {
      return;
    }
    const std::vector<bool> has = std::exchange(untold_, {});
    for (UploadGate::Piece piece = 0; piece < has.size(); ++piece) {
      if (has[piece]) {
        gated_->gate.exists(host_, piece);
      }
    }
    if (std::exchange(joins_, false)) {
      suggest(gated_->gate.joined(host_));
    }
  }
  void suggest(const std::vector<UploadGate::Piece>& pieces) {
    for (const UploadGate::Piece piece : pieces) {
      const auto bytes = message<1>(kSuggest, {static_cast<int>(piece)});
      connection_.send_buffer(bytes.data(), static_cast<int>(bytes.size()));
    }
  }

  std::shared_ptr<Gated> gated_;
  lt::peer_connection_handle connection_;
  UploadGate::Host host_;
  bool fast_ = false;
  bool of_fleet_ = false;
  bool joins_ = false;        ///< it wants something, and the gate does not know it yet
  std::vector<bool> untold_;  ///< pieces; the gate does not know yet that it has them
  std::map<int, int> sent_;   ///< bytes, by piece that has left in part
};

void Gated::refuse_waiting(int piece) {
  const auto [first, last] = waiting.equal_range(piece);
  std::vector<Waiting> refused;
  for (auto each = first; each != last; ++each) {
    refused.push_back(each->second);
  }
  waiting.erase(first, last);
  for (const Waiting& each : refused) {
    if (const auto from = each.from.lock(); from && from->open()) {
      from->refuse(each.request);
    }
  }
}

void Gated::refuse_all_waiting() {
  while (!waiting.empty()) {
    refuse_waiting(waiting.begin()->first);
  }
}

/// Without padding, which nobody asks for.
std::vector<std::uint16_t> blocks_of(const lt::torrent_info& info) {
  std::vector<std::uint16_t> blocks;
  blocks.reserve(static_cast<std::size_t>(info.num_pieces()));
  for (const lt::piece_index_t piece : info.piece_range()) {
    blocks.push_back(static_cast<std::uint16_t>((info.files().piece_size2(piece) + lt::default_block_size - 1) /
                                                lt::default_block_size));
  }
  return blocks;
}

std::shared_ptr<lt::torrent_plugin> gate_of(const lt::torrent_handle& torrent, Clock& clock,
                                            std::shared_ptr<Acquaintances> known) {
  const auto info = torrent.torrent_file();
  if (!info) {
    return nullptr;
  }
  auto gated =
      std::make_shared<Gated>(Gated{clock,
                                    std::move(known),
                                    info,
                                    UploadGate(blocks_of(*info), static_cast<std::uint32_t>(std::random_device{}())),
                                    {}});
  return on_each_connection([gated, hosts = UploadGate::Host{0}](const lt::peer_connection_handle& connection) mutable {
    return std::make_shared<GatedConnection>(gated, connection, ++hosts);
  });
}

}  // namespace

MakePlugin make_upload_gate(Clock& clock, std::shared_ptr<Acquaintances> known) {
  return [&clock, known = std::move(known)](const lt::torrent_handle& torrent, lt::client_data_t) {
    return gate_of(torrent, clock, known);
  };
}

}  // namespace swarmout
