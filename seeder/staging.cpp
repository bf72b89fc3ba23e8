#include "seeder/staging.hpp"

#include "common/base/remove_tree.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/registry.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>

namespace swarmout {

Spread spread_of(const std::vector<SeenPeer>& peers, const Descriptor& release) {
  Spread spread;
  for (const SeenPeer& peer : peers) {
    ++spread.live;
    spread.active += peer.record.is_active_on(release) ? 1 : 0;
    spread.complete += peer.record.has_all_of(release) ? 1 : 0;
    if (peer.record.info_hash == release.info_hash && peer.record.fetched_in &&
        (!spread.slowest || spread.slowest->fetched_in < peer.record.fetched_in)) {
      spread.slowest = peer.record;
    }
  }
  return spread;
}

std::chrono::milliseconds registry_interval(std::size_t peers) {
  return share_interval(peers, std::chrono::milliseconds(250), std::chrono::milliseconds(5000));
}

bool may_publish(const Spread& spread, const StageRule& rule, std::chrono::milliseconds waited) {
  if (spread.live == 0) {
    return true;
  }
  // 0.55 × 100 is a little more than 55 in binary
  const double wanted = std::ceil(rule.quorum * static_cast<double>(spread.live) - 1e-9);
  if (static_cast<double>(spread.complete) >= std::max(wanted, 1.0)) {
    return true;
  }
  return waited >= rule.timeout && spread.complete >= rule.min_copies;
}

Result<void> keep_serving(SwarmSession& session, std::chrono::milliseconds patience) {
  for (const SwarmEvent& event : session.poll(patience)) {
    if (const auto* failed = std::get_if<SwarmFailed>(&event)) {
      return tl::unexpected(failed->error);
    }
    if (const auto* bad = std::get_if<BadData>(&event)) {
      spdlog::warn("{} {}", to_string(bad->from), bad->what);
    }
  }
  return {};
}

Result<Stage> Stage::open(Share& share, Store& store, const Serving& serving, const SealedRelease& sealed,
                          const std::string& cell) {
  const Descriptor& descriptor = sealed.release.descriptor;
  TRY_ASSIGN(const SwarmContent content, release_content(store, descriptor, sealed.torrent, kSeedPurpose));
  Stage stage;
  stage.cell_ = cell;
  stage.layout_ = content.directory;
  TRY_ASSIGN(stage.info_hash_, serving.session->add(content));
  TRY(share.write_blob(torrent_blob(descriptor), sealed.torrent));
  const StagedRelease staged{sealed.release, serving.session->endpoint(), serving.tracker_endpoint()};
  TRY(share.write_cell(CellKind::stage, cell, encode(staged)));
  return stage;
}

Result<void> Stage::withdraw(Share& share, SwarmSession& session) {
  session.remove(info_hash_);
  TRY(share.remove_cell(CellKind::stage, cell_));
  return remove_tree(layout_);
}

}  // namespace swarmout
