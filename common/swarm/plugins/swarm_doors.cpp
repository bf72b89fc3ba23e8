#include "common/swarm/plugins/swarm_doors.hpp"

#include "common/swarm/plugins/connection_shares.hpp"

#include <libtorrent/peer_request.hpp>

#include <array>
#include <map>
#include <optional>
#include <utility>

namespace swarmout {

namespace {

constexpr std::array<char, 5> kChokeMessage{0, 0, 0, 1, 0};
constexpr std::array<char, 5> kUnchokeMessage{0, 0, 0, 1, 1};
constexpr lt::disconnect_severity_t kFailure{1};  ///< after max_failcount of these libtorrent tries no more
constexpr char kFastExtension = 0x04;             ///< in the last of the handshake's reserved bytes

/// Of one torrent.
struct Entrance {
  std::shared_ptr<SwarmDoors> doors;
  ConnectionShares shares;
  std::shared_ptr<std::atomic<int>> hosts;
  std::map<ConnectionShares::Host, lt::peer_connection_handle> connections{};

  [[nodiscard]] auto of_fleet() const {
    return [this, now = doors->clock.now()](const IpBytes& owner) { return doors->known->fleet.has_owner(owner, now); };
  }
  void count() { *hosts = static_cast<int>(shares.others(of_fleet())); }
};

class DoorConnection final : public HostPlugin {
public:
  DoorConnection(std::shared_ptr<Entrance> entrance, lt::peer_connection_handle connection)
      : HostPlugin(std::move(connection)),
        entrance_(std::move(entrance)),
        doors_(*entrance_->doors),
        number_(doors_.next++),
        owner_(owner_of(remote_ip(this->connection()))) {}
  ~DoorConnection() override { leave(); }

  lt::string_view type() const override { return "swarmout-doors"; }

  void on_connected() override {
    if (!doors_.known->book.reached(host(), doors_.clock.now())) {
      lt::peer_connection_handle(connection())
          .disconnect(lt::errors::make_error_code(lt::errors::timed_out), lt::operation_t::connect, kFailure);
    }
  }

  bool on_handshake(lt::span<char const> reserved) override {
    fast_ = reserved.size() == 8 && (reserved[7] & kFastExtension) != 0;
    enter();
    return true;
  }

  bool on_request(const lt::peer_request& request) override {
    if (doors_.turns.asked(number_, doors_.clock.now())) {
      return false;
    }
    if (!std::exchange(choked_, true)) {
      send(kChokeMessage);
    }
    if (fast_) {
      refuse(request);
    }
    return true;
  }

  /// Once a second.
  void tick() override {
    if (choked_ && doors_.turns.may_ask(number_, doors_.clock.now())) {
      choked_ = false;
      send(kUnchokeMessage);
    }
  }

  void on_disconnect(const lt::error_code&) override { leave(); }

private:
  void on_known_host() override {
    if (inside_ && !met_) {
      met_ = host();
      doors_.known->book.met(*met_, doors_.clock.now());
    }
  }

  void enter() {
    if (std::exchange(inside_, true)) {
      return;
    }
    doors_.turns.joined(number_, owner_);
    entrance_->shares.joined(number_, owner_);
    entrance_->connections.emplace(number_, connection());
    if (connection().is_outgoing()) {
      on_known_host();
    }
    entrance_->count();
    if (const auto leaves = entrance_->shares.too_many(number_, entrance_->of_fleet())) {
      const lt::peer_connection_handle other = entrance_->connections.at(*leaves);
      end_connection(other, lt::errors::too_many_connections);
    }
  }

  void leave() {
    if (std::exchange(inside_, false)) {
      doors_.turns.left(number_);
      entrance_->shares.left(number_);
      entrance_->connections.erase(number_);
      entrance_->count();
      if (met_) {
        doors_.known->book.left(*met_, doors_.clock.now());
      }
    }
  }

  void send(const std::array<char, 5>& message) {
    lt::peer_connection_handle(connection()).send_buffer(message.data(), static_cast<int>(message.size()));
  }
  void refuse(const lt::peer_request& request) { send_reject(connection(), request); }

  std::shared_ptr<Entrance> entrance_;
  SwarmDoors& doors_;
  const ServingTurns::Host number_;
  const IpBytes owner_;
  std::optional<Endpoint> met_;  ///< as the book was told
  bool inside_ = false;
  bool fast_ = false;
  bool choked_ = false;
};

}  // namespace

IpBytes remote_ip(const lt::peer_connection_handle& connection) {
  return ip_bytes(connection.remote().address().to_string()).value_or(IpBytes{});
}

MakePlugin make_doors(std::shared_ptr<SwarmDoors> doors, const DoorRules& rules,
                      std::shared_ptr<std::atomic<int>> hosts) {
  return [doors = std::move(doors), rules, hosts = std::move(hosts)](const lt::torrent_handle&, lt::client_data_t) {
    auto entrance =
        std::make_shared<Entrance>(Entrance{doors, ConnectionShares(rules.most, rules.of_an_address), hosts});
    return on_each_connection([entrance](const lt::peer_connection_handle& connection) {
      return std::make_shared<DoorConnection>(entrance, connection);
    });
  };
}

}  // namespace swarmout
