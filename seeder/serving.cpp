#include "seeder/serving.hpp"

#include "common/fleet/registry.hpp"
#include "common/fleet/torrent_on_share.hpp"
#include "common/swarm/dial_rules.hpp"
#include "common/swarm/release_content.hpp"
#include "seeder/election/away.hpp"
#include "seeder/sealed_release.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <set>

namespace swarmout {

namespace {

constexpr std::chrono::milliseconds kServeStep{200};

std::vector<Endpoint> endpoints_of(const std::vector<SeenPeer>& peers) {
  std::vector<Endpoint> endpoints;
  endpoints.reserve(peers.size());
  for (const SeenPeer& each : peers) {
    endpoints.push_back(each.record.endpoint);
  }
  return endpoints;
}

}  // namespace

std::size_t Serving::witnessed(const InfoHash& release, const std::vector<Endpoint>& holders) const {
  std::set<CompactPeer> met;
  for (const Endpoint& host : session->transfer(release).whole) {
    met.insert(compact_peer(host));
  }
  if (tracker) {
    met.merge(tracker->whole(swarm_key(release)));
  }
  std::set<CompactPeer> witnesses;
  for (const Endpoint& holder : holders) {
    const CompactPeer host = compact_peer(holder);
    if (!host.empty() && met.contains(host)) {
      witnesses.insert(host);
    }
  }
  return witnesses.size();
}

Result<Serving> open_serving(const Epoch& epoch, const std::vector<InfoHash>& torrents) {
  SwarmSettings swarm = epoch.options.swarm;
  swarm.role = SwarmRole::seeder;
  Serving serving;
  TRY_ASSIGN(serving.session, SwarmSession::open(swarm, epoch.clock));
  TrackerSettings settings;
  settings.listen_address = swarm.listen_address;
  settings.listen_port = epoch.options.tracker_port;
  settings.admits = [rules = DialRules(swarm.allow, swarm.listen_address)](const std::string& raw) {
    const auto address = ip_of_raw(raw);
    return address && rules.talks_to(*address);
  };
  auto tracker = TrackerServer::open(settings, epoch.clock);
  if (tracker) {
    serving.tracker = *std::move(tracker);
    for (const InfoHash& each : torrents) {
      serving.tracker->serve(swarm_key(each), serving.session->endpoint());
    }
  } else {
    spdlog::warn("hosts find each other by the share only: {}", to_string(tracker.error()));
  }
  serving.session->expect(peers_on(epoch.share).value_or(0));
  if (const auto now = epoch.share.now()) {
    serving.session->know(endpoints_of(live_peers(epoch.share, 0, *now).value_or(std::vector<SeenPeer>())));
  }
  epoch.status.serving(serving.session->endpoint(), serving.tracker_endpoint());
  return serving;
}

double Audience::line_rate(const TransferReport& transfer) const {
  const Bytes limit = epoch_.options.swarm.limits.upload;
  return limit > 0 ? static_cast<double>(limit) : transfer.line_rate;
}

void Audience::count() {
  const auto now = epoch_.share.now();
  const auto peers = now ? live_peers(epoch_.share, 0, *now) : tl::unexpected(now.error());
  counted_ = peers.has_value();
  if (!peers) {
    // The share may come back; what is staged stays staged.
    spdlog::log(level_of(peers.error()), "{}", to_string(peers.error()));
    return;
  }
  serving_.session->know(endpoints_of(*peers));
  spread_ = spread_of(*peers, release_);
  epoch_.status.spread(spread_);
  const TransferReport sent = transfer();
  epoch_.status.served(sent, release_.packed_size, line_rate(sent));
}

Result<void> Audience::keep_serving(std::chrono::milliseconds patience) {
  for (const SwarmEvent& event : serving_.session->poll(patience)) {
    if (const auto* failed = std::get_if<SwarmFailed>(&event)) {
      return tl::unexpected(failed->error);
    }
    if (const auto* bad = std::get_if<BadData>(&event)) {
      spdlog::warn("{} {}", to_string(bad->from), bad->what);
    }
  }
  return {};
}

Result<bool> Audience::serve_until(const Enough& enough, std::chrono::milliseconds limit) {
  const MonotonicTime started = epoch_.clock.now();
  std::optional<MonotonicTime> looked;
  do {
    if (epoch_.stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    if (!looked || epoch_.clock.now() - *looked >= registry_interval(spread_.live)) {
      looked = epoch_.clock.now();
      count();
      if (counted_ && enough(spread_)) {
        return true;
      }
      epoch_.progress(fmt::format("{}: {} of {} peers complete, {:.1f} MiB/s out",
                                  name_of(epoch_.status.collect().phase), spread_.complete, spread_.live,
                                  serving_.session->status(release_.info_hash).upload_rate / kMiB));
    }
    TRY(keep_serving(kServeStep));
  } while (epoch_.since(started) < limit);
  return false;
}

Result<void> Audience::linger() {
  epoch_.status.phase(Phase::seeding);
  const auto done = serve_until(
      [&](const Spread& spread) {
        return may_leave(spread, serving_.witnessed(release_.info_hash, spread.holders), epoch_.options.quorum);
      },
      epoch_.options.linger);
  if (!done && done.error().code != ErrorCode::temporary) {
    return tl::unexpected(done.error());
  }
  return {};
}

Result<void> serve_again(const Epoch& epoch, const Descriptor& release) {
  TRY_ASSIGN(const WallTime now, epoch.share.now());
  TRY_ASSIGN(const auto peers, live_peers(epoch.share, 0, now));
  const Spread spread = spread_of(peers, release);
  if (spread.active == spread.live || epoch.options.linger.count() == 0) {
    return {};
  }
  auto torrent = torrent_on_share(epoch.share, release);
  if (!torrent && torrent.error().code == ErrorCode::not_found) {
    return {};  // nobody can fetch it any more
  }
  TRY(torrent);
  const auto content = release_content(epoch.store, release, std::move(torrent->bytes), kSeedPurpose);
  if (!content && content.error().code == ErrorCode::not_found) {
    return {};  // this host has not got it all
  }
  TRY(content);
  TRY_ASSIGN(const Serving serving, open_serving(epoch, {release.info_hash}));
  TRY(serving.session->add(*content));
  epoch.narrate(fmt::format("release {}: seeding to {} peers that are not on it", release.position.value,
                            spread.live - spread.active));
  return Audience(epoch, serving, release).linger();
}

}  // namespace swarmout
