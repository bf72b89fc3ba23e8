// What the plugins for a torrent's connections have in common. Included only by files that wrap libtorrent.

#pragma once

#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include <memory>
#include <utility>

namespace swarmout {

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
