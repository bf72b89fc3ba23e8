#include "common/swarm/plugins/swarm_watch.hpp"

#include <libtorrent/peer_info.hpp>
#include <libtorrent/peer_request.hpp>

#include <chrono>
#include <set>
#include <utility>

namespace swarmout {

namespace {

/// Asked, and not a byte of payload for this long. Clones take few requests at a time, and answer them in some seconds.
constexpr std::chrono::seconds kPatience{8};
/// With hosts that have everything: the seeder may have many to serve, or a low limit.
constexpr std::chrono::seconds kPatienceWithSeeds{15};

/// What the connections of a torrent share.
struct WatchedTorrent {
  std::shared_ptr<SwarmWatch> watch;
  std::shared_ptr<PieceBlame> blame;
  std::shared_ptr<PassedPieces> passed;
  bool spoilt = false;
};

class WatchedConnection final : public HostPlugin {
public:
  WatchedConnection(std::shared_ptr<WatchedTorrent> torrent, lt::peer_connection_handle connection)
      : HostPlugin(std::move(connection)),
        torrent_(std::move(torrent)),
        watch_(*torrent_->watch),
        progress_at_(watch_.now()) {}

  lt::string_view type() const override { return "swarmout-watch"; }

  // After these libtorrent would ask for the hashes of a spoilt torrent.
  bool on_handshake(lt::span<char const>) override {
    ends_as_spoilt();
    return true;
  }
  bool on_have(lt::piece_index_t) override { return ends_as_spoilt(); }
  bool on_have_all() override { return ends_as_spoilt(); }
  bool on_piece(const lt::peer_request& block, lt::span<char const> data) override {
    if (ends_as_spoilt()) {
      return true;
    }
    if (asked_.erase({block.piece, block.start}) > 0) {
      watch_.hosts().delivered(host());
      torrent_->blame->received(static_cast<int>(block.piece), block.start, host(),
                                {data.data(), static_cast<std::size_t>(data.size())});
    }
    return false;
  }

  bool write_request(const lt::peer_request& block) override {
    asked_.emplace(block.piece, block.start);
    return false;
  }
  bool on_reject(const lt::peer_request& block) override {
    asked_.erase({block.piece, block.start});
    return false;
  }

  /// Who is avoided has not unchoked us, as far as libtorrent knows. It may fetch from us.
  bool on_unchoke() override { return muted_ = watch_.hosts().avoided(host(), watch_.now()); }
  void on_disconnect(const lt::error_code& error) override {
    if (error == lt::errors::too_many_corrupt_pieces) {
      watch_.sent_bad_data(host());
    }
  }

  /// Once a second.
  void tick() override {
    const MonotonicTime time = watch_.now();
    if (ends_as_spoilt()) {
      return;
    }
    if (watch_.hosts().bad(host())) {
      end_connection(connection(), lt::errors::peer_banned);
    } else if (muted_ && !watch_.hosts().avoided(host(), time)) {
      end_connection(connection(), lt::errors::timed_out);  // after the pause it begins anew
    } else if (stalls(time)) {
      watch_.hosts().stalled(host(), time);
      end_connection(connection(), lt::errors::timed_out);
    }
  }

private:
  void on_known_host() override {
    if (watch_.hosts().bad(host())) {
      end_connection(connection(), lt::errors::peer_banned);
    }
  }

  bool ends_as_spoilt() {
    if (torrent_->spoilt) {
      end_connection(connection(), lt::errors::torrent_removed);
    }
    return torrent_->spoilt;
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

  std::shared_ptr<WatchedTorrent> torrent_;
  SwarmWatch& watch_;
  std::set<std::pair<lt::piece_index_t, int>> asked_;  ///< blocks, as piece and offset
  MonotonicTime progress_at_;
  std::int64_t received_ = 0;  ///< payload, from it
  bool muted_ = false;
};

class WatchPlugin final : public lt::torrent_plugin {
public:
  explicit WatchPlugin(WatchedTorrent torrent) : torrent_(std::make_shared<WatchedTorrent>(std::move(torrent))) {}

  std::shared_ptr<lt::peer_plugin> new_connection(const lt::peer_connection_handle& connection) override {
    return std::make_shared<WatchedConnection>(torrent_, connection);
  }
  void on_piece_pass(lt::piece_index_t piece) override {
    torrent_->passed->add(static_cast<std::size_t>(static_cast<int>(piece)));
    torrent_->watch->judge(torrent_->blame->passed(static_cast<int>(piece)));
  }
  /// Comes after libtorrent has noted that it wants the hashes, and before it can ask anybody for them.
  void on_piece_failed(lt::piece_index_t piece) override {
    torrent_->spoilt = true;
    torrent_->watch->judge(torrent_->blame->failed(static_cast<int>(piece)));
  }

private:
  std::shared_ptr<WatchedTorrent> torrent_;
};

}  // namespace

void SwarmWatch::sent_bad_data(const Endpoint& host) {
  if (hosts_.sent_bad_data(host, clock_.now())) {
    const std::lock_guard lock(mutex_);
    news_.push_back(host);
  }
}

void SwarmWatch::judge(const PieceBlame::Verdict& verdict) {
  for (const Endpoint& host : verdict.bad) {
    sent_bad_data(host);
  }
  for (const Endpoint& host : verdict.suspects) {
    hosts_.suspected(host, clock_.now());
  }
  for (const Endpoint& host : verdict.cleared) {
    hosts_.delivered(host);
  }
}

std::vector<Endpoint> SwarmWatch::take_bad() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

MakePlugin make_watch(std::shared_ptr<SwarmWatch> watch, std::shared_ptr<PieceBlame> blame,
                      std::shared_ptr<PassedPieces> passed) {
  return [torrent = WatchedTorrent{std::move(watch), std::move(blame), std::move(passed)}](
             const lt::torrent_handle&, lt::client_data_t) { return std::make_shared<WatchPlugin>(torrent); };
}

}  // namespace swarmout
