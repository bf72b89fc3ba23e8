#include "common/swarm_watch.hpp"

#include "common/swarm_plugin.hpp"

#include <libtorrent/error_code.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_info.hpp>

#include <chrono>

namespace swarmout {

namespace {

/// Asked, and not a byte of payload for this long. Clones take few requests at a time, and answer them in some seconds.
constexpr std::chrono::seconds kPatience{8};
/// With hosts that have everything: the seeder may have many to serve, or a low limit.
constexpr std::chrono::seconds kPatienceWithSeeds{15};

/// On libtorrent's network thread.
class WatchedConnection final : public lt::peer_plugin {
public:
  WatchedConnection(std::shared_ptr<SwarmWatch> watch, lt::peer_connection_handle connection)
      : watch_(std::move(watch)),
        connection_(std::move(connection)),
        host_(listening_host(connection_)),
        progress_at_(watch_->clock().now()) {}

  lt::string_view type() const override { return "swarmout-watch"; }

  bool on_extension_handshake(const lt::bdecode_node& said) override {
    take_listening_port(said, connection_, host_);
    if (watch_->bad(host_)) {
      leave(lt::errors::peer_banned);
    }
    return true;
  }
  /// Who is avoided has not unchoked us, as far as libtorrent knows. It may fetch from us.
  bool on_unchoke() override { return muted_ = watch_->avoided(host_); }
  bool on_piece(const lt::peer_request&, lt::span<char const>) override {
    watch_->delivered(host_);
    return false;
  }
  void on_disconnect(const lt::error_code& error) override {
    if (error == lt::errors::too_many_corrupt_pieces) {
      watch_->sent_bad_data(host_);
    }
  }

  /// Once a second.
  void tick() override {
    const bool avoided = watch_->avoided(host_);
    if (watch_->bad(host_) || (muted_ && !avoided)) {
      leave(watch_->bad(host_) ? lt::errors::peer_banned : lt::errors::timed_out);  // after a pause it begins anew
      return;
    }
    lt::peer_info now;
    connection_.get_peer_info(now);
    const MonotonicTime time = watch_->clock().now();
    if (now.download_queue_length == 0 || now.total_download != received_) {
      received_ = now.total_download;
      progress_at_ = time;
      return;
    }
    const bool seed = (now.flags & lt::peer_info::seed) != lt::peer_flags_t{};
    if (time - progress_at_ >= (seed ? kPatienceWithSeeds : kPatience)) {
      watch_->stalled(host_);
      leave(lt::errors::timed_out);
    }
  }

private:
  void leave(lt::errors::error_code_enum why) {
    connection_.disconnect(lt::errors::make_error_code(why), lt::operation_t::bittorrent);
  }

  std::shared_ptr<SwarmWatch> watch_;
  lt::peer_connection_handle connection_;
  Endpoint host_;
  MonotonicTime progress_at_;
  std::int64_t received_ = 0;  ///< payload, from it
  bool muted_ = false;
};

}  // namespace

void SwarmWatch::stalled(const Endpoint& host) {
  const std::lock_guard lock(mutex_);
  hosts_.stalled(host, clock_.now());
}

void SwarmWatch::delivered(const Endpoint& host) {
  const std::lock_guard lock(mutex_);
  hosts_.delivered(host);
}

void SwarmWatch::sent_bad_data(const Endpoint& host) {
  const std::lock_guard lock(mutex_);
  if (hosts_.sent_bad_data(host, clock_.now())) {
    news_.push_back(host);
  }
}

bool SwarmWatch::avoided(const Endpoint& host) const {
  const std::lock_guard lock(mutex_);
  return hosts_.avoided(host, clock_.now());
}

bool SwarmWatch::bad(const Endpoint& host) const {
  const std::lock_guard lock(mutex_);
  return hosts_.bad(host);
}

std::vector<Endpoint> SwarmWatch::take_bad() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

std::function<std::shared_ptr<lt::torrent_plugin>(const lt::torrent_handle&, lt::client_data_t)> make_watch(
    std::shared_ptr<SwarmWatch> watch) {
  return [watch = std::move(watch)](const lt::torrent_handle&, lt::client_data_t) {
    return on_each_connection([watch](const lt::peer_connection_handle& connection) {
      return std::make_shared<WatchedConnection>(watch, connection);
    });
  };
}

}  // namespace swarmout
