#include "common/swarm_watch.hpp"

#include <libtorrent/peer_info.hpp>

#include <chrono>

namespace swarmout {

namespace {

/// Asked, and not a byte of payload for this long. Clones take few requests at a time, and answer them in some seconds.
constexpr std::chrono::seconds kPatience{8};
/// With hosts that have everything: the seeder may have many to serve, or a low limit.
constexpr std::chrono::seconds kPatienceWithSeeds{15};

class WatchedConnection final : public HostPlugin {
public:
  WatchedConnection(std::shared_ptr<SwarmWatch> watch, lt::peer_connection_handle connection)
      : HostPlugin(std::move(connection)), watch_(std::move(watch)), progress_at_(watch_->now()) {}

  lt::string_view type() const override { return "swarmout-watch"; }

  /// Who is avoided has not unchoked us, as far as libtorrent knows. It may fetch from us.
  bool on_unchoke() override { return muted_ = watch_->hosts().avoided(host(), watch_->now()); }
  bool on_piece(const lt::peer_request&, lt::span<char const>) override {
    watch_->hosts().delivered(host());
    return false;
  }
  void on_disconnect(const lt::error_code& error) override {
    if (sent_bad_data(error)) {
      watch_->sent_bad_data(host());
    }
  }

  /// Once a second.
  void tick() override {
    const MonotonicTime time = watch_->now();
    if (watch_->hosts().bad(host())) {
      end_connection(connection(), lt::errors::peer_banned);
    } else if (muted_ && !watch_->hosts().avoided(host(), time)) {
      end_connection(connection(), lt::errors::timed_out);  // after the pause it begins anew
    } else if (stalls(time)) {
      watch_->hosts().stalled(host(), time);
      end_connection(connection(), lt::errors::timed_out);
    }
  }

private:
  void on_known_host() override {
    if (watch_->hosts().bad(host())) {
      end_connection(connection(), lt::errors::peer_banned);
    }
  }

  bool stalls(MonotonicTime time) {
    lt::peer_info now;
    connection().get_peer_info(now);
    if (now.download_queue_length == 0 || now.total_download != received_) {
      received_ = now.total_download;
      progress_at_ = time;
    }
    const bool seed = (now.flags & lt::peer_info::seed) != lt::peer_flags_t{};
    return time - progress_at_ >= (seed ? kPatienceWithSeeds : kPatience);
  }

  std::shared_ptr<SwarmWatch> watch_;
  MonotonicTime progress_at_;
  std::int64_t received_ = 0;  ///< payload, from it
  bool muted_ = false;
};

}  // namespace

void SwarmWatch::sent_bad_data(const Endpoint& host) {
  if (hosts_.sent_bad_data(host, clock_.now())) {
    const std::lock_guard lock(mutex_);
    news_.push_back(host);
  }
}

std::vector<Endpoint> SwarmWatch::take_bad() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

MakePlugin make_watch(std::shared_ptr<SwarmWatch> watch) {
  return [watch = std::move(watch)](const lt::torrent_handle&, lt::client_data_t) {
    return on_each_connection([watch](const lt::peer_connection_handle& connection) {
      return std::make_shared<WatchedConnection>(watch, connection);
    });
  };
}

}  // namespace swarmout
