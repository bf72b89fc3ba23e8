#include "common/swarm/swarm_session.hpp"

#include "common/swarm/acquaintances.hpp"
#include "common/swarm/libtorrent_calls.hpp"
#include "common/swarm/libtorrent_params.hpp"
#include "common/swarm/plugins/swarm_doors.hpp"
#include "common/swarm/plugins/swarm_gate.hpp"
#include "common/swarm/plugins/swarm_nudge.hpp"
#include "common/swarm/plugins/swarm_traffic.hpp"
#include "common/swarm/plugins/swarm_watch.hpp"

#include <fmt/format.h>
#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/announce_entry.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/torrent_flags.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <libtorrent/torrent_info.hpp>
#include <libtorrent/torrent_status.hpp>
#include <spdlog/spdlog.h>

#include <map>
#include <optional>

namespace swarmout {

namespace {

/// Peers of a release that are remembered in case it is begun anew.
constexpr std::size_t kMostMet = 256;

Error disk_error(const lt::file_error_alert& alert) {
  const int value = alert.error.value();
  return fail_errno("cannot read or write", alert.filename(), value).value();
}

class LibtorrentSession final : public SwarmSession {
public:
  LibtorrentSession(const SwarmSettings& settings, lt::session_params params, Clock& clock)
      : settings_(settings),
        clock_(clock),
        known_(std::make_shared<Acquaintances>(DialRules(settings.allow, settings.listen_address))),
        doors_(std::make_shared<SwarmDoors>(SwarmDoors{clock, known_})),
        watch_(std::make_shared<SwarmWatch>(clock)),
        session_(std::move(params)) {
    session_.set_peer_class_filter(one_class_for_all());
    session_.set_ip_filter(filter_of(known_->rules));
    session_.set_port_filter(ports_of_hosts());
  }

  Endpoint endpoint() const override { return {settings_.listen_address, port_}; }

  Result<void> wait_until_listening() {
    TRY_ASSIGN(port_, swarmout::wait_until_listening(session_, settings_));
    return {};
  }

  Result<InfoHash> add(const SwarmContent& content) override {
    TRY_ASSIGN(const TorrentContents contents, read_torrent(content.torrent));
    TRY(check_certificate(settings_, contents));
    Torrent torrent{contents.info_hash, content, std::make_shared<TrafficLedger>(clock_.now()),
                    std::make_shared<PieceBlame>(), std::make_shared<PassedPieces>(contents.pieces)};
    torrent.content.peers = known_->to_dial(content.peers, endpoint(), clock_.now());
    torrent.content.trackers = known_->allowed(content.trackers, endpoint());
    torrent.checking = content.check_existing;
    TRY(begin(std::move(torrent)));
    return contents.info_hash;
  }

  void expect(std::size_t hosts) override { hosts_ = hosts; }

  void know(const std::vector<Endpoint>& hosts) override { known_->fleet.name(hosts, clock_.now()); }

  void connect(const InfoHash& info_hash, const std::vector<Endpoint>& peers) override {
    if (const auto found = find(info_hash); found != torrents_.end() && found->first.is_valid()) {
      for (const Endpoint& peer : known_->to_dial(peers, endpoint(), clock_.now())) {
        lt::error_code ignored;
        // Only for one that a tracker names libtorrent forgets a failure, and tries once more.
        found->first.connect_peer({lt::make_address(peer.address, ignored), peer.port}, lt::peer_info::tracker);
        if (found->second.met.size() < kMostMet) {
          found->second.met.insert(peer);
        }
      }
    }
  }

  void set_trackers(const InfoHash& info_hash, const std::vector<Endpoint>& named) override {
    const std::vector<Endpoint> trackers = known_->allowed(named, endpoint());
    const auto found = find(info_hash);
    if (found == torrents_.end() || found->second.content.trackers == trackers || !found->first.is_valid()) {
      return;
    }
    found->second.content.trackers = trackers;
    std::vector<lt::announce_entry> entries;
    std::transform(trackers.begin(), trackers.end(), std::back_inserter(entries),
                   [](const Endpoint& each) { return lt::announce_entry(announce_url(each)); });
    found->first.replace_trackers(entries);
  }

  void set_limits(const InfoHash& info_hash, const RateLimits& limits) override {
    if (const auto found = find(info_hash); found != torrents_.end() && found->first.is_valid()) {
      found->second.content.limits = limits;
      found->first.set_upload_limit(rate_of(limits.upload));
      found->first.set_download_limit(rate_of(limits.download));
    }
  }

  std::shared_ptr<const PassedPieces> passed(const InfoHash& info_hash) const override {
    const auto found = find(info_hash);
    return found != torrents_.end() ? found->second.passed : nullptr;
  }

  void hurry(const InfoHash& info_hash, PieceRange wanted) override {
    if (const auto found = find(info_hash); found != torrents_.end() && found->first.is_valid()) {
      hurry_pieces(found->first, wanted, *found->second.passed);
    }
  }

  void remove(const InfoHash& info_hash) override {
    if (const auto found = find(info_hash); found != torrents_.end()) {
      if (found->first.is_valid()) {
        session_.remove_torrent(found->first);
      }
      torrents_.erase(found);
      set_queues();
    }
  }

  std::vector<SwarmEvent> poll(std::chrono::milliseconds patience) override {
    std::vector<SwarmEvent> events;
    if (session_.wait_for_alert(patience) == nullptr) {
      return events;
    }
    std::vector<lt::alert*> alerts;
    session_.pop_alerts(&alerts);
    for (const lt::alert* each : alerts) {
      take(*each, events);
    }
    for (Endpoint& host : watch_->take_bad()) {
      for (const auto& [handle, torrent] : torrents_) {
        torrent.ledger->banned(host);
      }
      events.emplace_back(
          BadData{std::move(host), "sent data that does not match its hash; this host asks it for nothing any more"});
    }
    return events;
  }

  SwarmStatus status(const InfoHash& info_hash) const override {
    const auto found = find(info_hash);
    if (found == torrents_.end() || !found->first.is_valid()) {
      return {};
    }
    const lt::torrent_status from = found->first.status(lt::torrent_handle::query_accurate_download_counters);
    SwarmStatus to;
    to.wanted = static_cast<Bytes>(from.total_wanted);
    // While a file's last, padded piece is partly there, libtorrent counts more as done than it wants.
    to.have = static_cast<Bytes>(std::min(from.total_wanted_done, from.total_wanted));
    to.downloaded = found->second.ledger->in();
    to.duplicate = found->second.before.duplicate + static_cast<Bytes>(from.total_redundant_bytes);
    to.failed = found->second.before.failed + static_cast<Bytes>(from.total_failed_bytes);
    to.uploaded = found->second.ledger->out();
    to.download_rate = from.download_payload_rate;
    to.upload_rate = from.upload_payload_rate;
    to.connected = from.num_peers;
    to.hosts = *found->second.hosts;
    to.checking = found->second.checking;
    to.complete = found->second.announced;
    return to;
  }

  TransferReport transfer(const InfoHash& info_hash) const override {
    const auto found = find(info_hash);
    return found == torrents_.end() ? TransferReport{} : found->second.ledger->report();
  }

private:
  struct Torrent {
    InfoHash info_hash;
    SwarmContent content;  ///< as it was added; limits and trackers as they are now
    std::shared_ptr<TrafficLedger> ledger;
    std::shared_ptr<PieceBlame> blame;
    std::shared_ptr<PassedPieces> passed;
    std::set<Endpoint> met{};  ///< hosts to connect to, beside those of the content
    std::shared_ptr<std::atomic<int>> hosts = std::make_shared<std::atomic<int>>(0);
    SwarmStatus before{};  ///< duplicate, failed: before it was last begun anew
    Bytes piece = 0;       ///< length of its pieces
    bool checking = false;
    bool spoilt = false;     ///< a piece failed its hash; waiting for the flush, then it is begun anew
    bool finished = false;   ///< all pieces passed; waiting for the flush
    bool announced = false;  ///< AllArrived was sent
    bool failed = false;     ///< SwarmFailed was sent; libtorrent would repeat it hundreds of times a second
  };
  using Torrents = std::map<lt::torrent_handle, Torrent>;

  static auto find_in(auto& torrents, const InfoHash& info_hash) {
    return std::find_if(torrents.begin(), torrents.end(),
                        [&](const auto& each) { return each.second.info_hash == info_hash; });
  }
  Torrents::iterator find(const InfoHash& info_hash) { return find_in(torrents_, info_hash); }
  Torrents::const_iterator find(const InfoHash& info_hash) const { return find_in(torrents_, info_hash); }

  /// Hands it to libtorrent. `have`: what is there and right; nullopt: as its content says.
  Result<void> begin(Torrent torrent, std::optional<lt::typed_bitfield<lt::piece_index_t>> have = std::nullopt) {
    const SwarmContent& content = torrent.content;
    try {
      lt::add_torrent_params params = torrent_params_for(settings_, content, torrent.checking);
      if (have) {
        params.have_pieces = *have;
      }
      const DoorRules doors{static_cast<std::size_t>(params.max_connections),
                            static_cast<std::size_t>(settings_.connections_per_address)};
      params.extensions.push_back(make_doors(doors_, doors, torrent.hosts));
      params.extensions.push_back(make_traffic_counter(torrent.ledger, clock_));
      if (settings_.role == SwarmRole::seeder) {
        params.extensions.push_back(make_upload_gate(clock_, known_));
      } else {
        params.extensions.push_back(make_nudge);
        params.extensions.push_back(make_watch(watch_, torrent.blame, torrent.passed));
      }
      torrent.met.insert(content.peers.begin(), content.peers.end());
      for (const Endpoint& peer : torrent.met) {
        lt::error_code ignored;
        params.peers.emplace_back(lt::make_address(peer.address, ignored), peer.port);
      }
      torrent.piece = static_cast<Bytes>(params.ti->piece_length());
      set_queues(torrent.piece);  // connections are told at their beginning
      lt::torrent_handle handle = session_.add_torrent(std::move(params));
      if (settings_.certificate) {
        handle.set_ssl_certificate_buffer(settings_.certificate->certificate, settings_.certificate->key, kDhGroup);
      }
      torrents_.insert_or_assign(handle, std::move(torrent));
    } catch (const std::exception& error) {
      return fail(ErrorCode::refused, fmt::format("cannot add the torrent: {}", error.what()));
    }
    return {};
  }

  /// Removes a spoilt torrent (plugins/swarm_watch) and adds it again with the pieces that passed; they are on disk.
  void begin_anew(Torrents::iterator found, std::vector<SwarmEvent>& events) {
    const lt::torrent_status status = found->first.status(lt::torrent_handle::query_pieces);
    session_.remove_torrent(found->first);
    Torrent torrent = std::move(torrents_.extract(found).mapped());
    torrent.before.duplicate += static_cast<Bytes>(status.total_redundant_bytes);
    torrent.before.failed += static_cast<Bytes>(status.total_failed_bytes);
    torrent.spoilt = false;
    const InfoHash info_hash = torrent.info_hash;
    if (const auto begun = begin(std::move(torrent), status.pieces); !begun) {
      events.emplace_back(SwarmFailed{info_hash, begun.error()});
    }
  }

  /// Queues of requests as long as what is exchanged now allows, and `more`, which is added next.
  void set_queues(Bytes more = 0) {
    SwarmShape shape{hosts_, more, more > 0};
    for (const auto& [handle, torrent] : torrents_) {
      shape.piece = std::max(shape.piece, torrent.piece);
      shape.fetching = shape.fetching || !torrent.announced;
    }
    const std::pair<int, int> now{requests_taken(settings_.role, shape), requests_made(shape)};
    if (now != queues_) {
      queues_ = now;
      lt::settings_pack pack;
      pack.set_int(lt::settings_pack::max_allowed_in_request_queue, now.first);
      pack.set_int(lt::settings_pack::max_out_request_queue, now.second);
      session_.apply_settings(std::move(pack));
    }
  }

  void take(const lt::alert& alert, std::vector<SwarmEvent>& events) {
    const auto* about = dynamic_cast<const lt::torrent_alert*>(&alert);
    const auto found = about == nullptr ? torrents_.end() : torrents_.find(about->handle);
    if (found == torrents_.end()) {
      return;
    }
    Torrent& torrent = found->second;
    if (lt::alert_cast<lt::torrent_checked_alert>(&alert) != nullptr) {
      torrent.checking = false;
      about->handle.resume();  // only now do the peers given at add() get connected at once
      if (about->handle.status().is_finished) {
        torrent.finished = true;
        about->handle.flush_cache();
      }
    } else if (const auto* file = lt::alert_cast<lt::file_completed_alert>(&alert)) {
      const auto info = about->handle.torrent_file();
      if (info && !info->files().pad_file_at(file->index)) {
        events.emplace_back(FileArrived{torrent.info_hash, std::string(info->files().file_name(file->index))});
      }
    } else if (lt::alert_cast<lt::torrent_finished_alert>(&alert) != nullptr) {
      torrent.finished = true;
      about->handle.flush_cache();
    } else if (lt::alert_cast<lt::cache_flushed_alert>(&alert) != nullptr) {
      if (torrent.spoilt) {
        begin_anew(found, events);
      } else if (torrent.finished && !torrent.announced) {
        torrent.announced = true;
        set_queues();
        events.emplace_back(AllArrived{torrent.info_hash});
      }
    } else if (lt::alert_cast<lt::hash_failed_alert>(&alert) != nullptr) {
      if (!torrent.spoilt) {
        torrent.spoilt = true;
        about->handle.flush_cache();
      }
    } else if (const auto* disk = lt::alert_cast<lt::file_error_alert>(&alert)) {
      if (!torrent.failed) {
        torrent.failed = true;
        about->handle.pause();
        events.emplace_back(SwarmFailed{torrent.info_hash, disk_error(*disk)});
      }
    } else if (const auto* tracker = lt::alert_cast<lt::tracker_error_alert>(&alert)) {
      spdlog::debug("{}", tracker->message());  // it may be gone with its leader; there are other ways to peers
    } else if (const auto* error = lt::alert_cast<lt::torrent_error_alert>(&alert)) {
      if (!torrent.failed) {
        torrent.failed = true;
        events.emplace_back(SwarmFailed{torrent.info_hash, {ErrorCode::temporary, error->error.message(), {}}});
      }
    }
  }

  SwarmSettings settings_;
  Clock& clock_;
  std::shared_ptr<Acquaintances> known_;
  std::shared_ptr<SwarmDoors> doors_;
  std::shared_ptr<SwarmWatch> watch_;
  lt::session session_;
  Torrents torrents_;
  std::uint16_t port_ = 0;
  std::size_t hosts_ = 0;
  std::pair<int, int> queues_{};  ///< as libtorrent was told last
};

}  // namespace

Result<std::unique_ptr<SwarmSession>> SwarmSession::open(const SwarmSettings& settings, Clock& clock) {
  try {
    auto session = std::make_unique<LibtorrentSession>(settings, session_params_for(settings), clock);
    TRY(session->wait_until_listening());
    return session;
  } catch (const std::exception& error) {
    return fail(ErrorCode::temporary, fmt::format("cannot start the swarm session: {}", error.what()));
  }
}

}  // namespace swarmout
