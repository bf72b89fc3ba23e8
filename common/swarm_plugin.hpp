// What the plugins for a torrent's connections have in common. Included only by files that wrap libtorrent.

#pragma once

#include "common/endpoint.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include <memory>
#include <utility>

namespace swarmout {

/// Where the other host listens, as far as is known: of one that connected to us only its address is right, until its
/// extension handshake comes.
[[nodiscard]] inline Endpoint listening_host(const lt::peer_connection_handle& connection) {
  return {connection.remote().address().to_string(), connection.remote().port()};
}
inline void take_listening_port(const lt::bdecode_node& handshake, const lt::peer_connection_handle& connection,
                                Endpoint& host) {
  const auto port = handshake.type() == lt::bdecode_node::dict_t ? handshake.dict_find_int_value("p") : 0;
  if (!connection.is_outgoing() && port > 0 && port <= 0xffff) {
    host.port = static_cast<std::uint16_t>(port);
  }
}

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

}  // namespace swarmout
