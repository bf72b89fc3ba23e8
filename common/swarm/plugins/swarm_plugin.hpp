// What the plugins for a torrent's connections have in common. Included only by files that wrap libtorrent.

#pragma once

#include "common/base/endpoint.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_request.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace swarmout {

/// For add_torrent_params::extensions.
using MakePlugin = std::function<std::shared_ptr<lt::torrent_plugin>(const lt::torrent_handle&, lt::client_data_t)>;

/// A plugin that gives every connection with a host (others are web seeds) what `make` returns for it, a
/// std::shared_ptr<lt::peer_plugin>. Called on libtorrent's network thread.
template <typename Make>
[[nodiscard]] std::shared_ptr<lt::torrent_plugin> on_each_connection(Make make) {
  class Plugin final : public lt::torrent_plugin {
  public:
    explicit Plugin(Make make) : make_(std::move(make)) {}
    std::shared_ptr<lt::peer_plugin> new_connection(const lt::peer_connection_handle& connection) override {
      return connection.type() == lt::connection_type::bittorrent ? make_(connection) : nullptr;
    }

  private:
    Make make_;
  };
  return std::make_shared<Plugin>(std::move(make));
}

/// Of one connection, and knows who is at the other end. On libtorrent's network thread.
class HostPlugin : public lt::peer_plugin {
public:
  explicit HostPlugin(lt::peer_connection_handle connection)
      : connection_(std::move(connection)),
        host_{connection_.remote().address().to_string(), connection_.remote().port()} {}

  bool on_extension_handshake(const lt::bdecode_node& said) final {
    const auto port = said.type() == lt::bdecode_node::dict_t ? said.dict_find_int_value("p") : 0;
    if (!connection_.is_outgoing() && port > 0 && port <= 0xffff) {
      host_.port = static_cast<std::uint16_t>(port);
    }
    on_known_host();
    return true;
  }

protected:
  /// host() is final now. Comes before libtorrent itself looks at the handshake.
  virtual void on_known_host() {}

  [[nodiscard]] const lt::peer_connection_handle& connection() const { return connection_; }
  /// Where the other host listens, as far as is known: of one that connected to us only its address is right at first.
  [[nodiscard]] const Endpoint& host() const { return host_; }

private:
  lt::peer_connection_handle connection_;
  Endpoint host_;
};

inline void end_connection(lt::peer_connection_handle connection, lt::errors::error_code_enum why) {
  connection.disconnect(lt::errors::make_error_code(why), lt::operation_t::bittorrent);
}

/// A message of BEP 3 or BEP 6 that is made of numbers.
template <std::size_t Numbers>
[[nodiscard]] std::array<char, 5 + 4 * Numbers> message(char kind, const std::array<int, Numbers>& numbers) {
  std::array<char, 5 + 4 * Numbers> bytes{0, 0, 0, static_cast<char>(1 + 4 * Numbers), kind};
  auto* at = bytes.data() + 5;
  for (const int number : numbers) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      *at++ = static_cast<char>(number >> shift);
    }
  }
  return bytes;
}

/// Refuses a request (BEP 6); only for hosts that know of it.
inline void send_reject(lt::peer_connection_handle connection, const lt::peer_request& request) {
  constexpr char kReject = 0x10;
  const auto bytes = message<3>(kReject, {static_cast<int>(request.piece), request.start, request.length});
  connection.send_buffer(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace swarmout
