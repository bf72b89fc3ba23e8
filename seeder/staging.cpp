#include "seeder/staging.hpp"

#include "common/base/remove_tree.hpp"
#include "common/delta/delta_torrent.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/swarm/release_content.hpp"

namespace swarmout {

Result<Stage> Stage::open(const Epoch& epoch, SwarmSession& session, const std::optional<Endpoint>& tracker,
                          const SealedRelease& sealed) {
  const Descriptor& descriptor = sealed.release.descriptor;
  TRY_ASSIGN(const std::string cell,
             encode(StagedRelease{epoch.claim(), sealed.release, session.endpoint(), tracker}, epoch.signer));
  TRY_ASSIGN(const SwarmContent content, release_content(epoch.store, descriptor, sealed.torrent, kSeedPurpose));
  Stage stage;
  stage.cell_ = epoch.cell();
  stage.layout_ = content.directory;
  TRY_ASSIGN(stage.info_hash_, session.add(content));
  TRY(DeltaRooms(epoch.store.state(), kSeedPurpose).clear());  // of one that was killed
  if (sealed.delta) {
    TRY(stage.open_delta(epoch, session, *sealed.delta));
  }
  const auto tell = [&]() -> Result<void> {
    TRY(epoch.share.write_blob(torrent_blob(descriptor), sealed.torrent));
    if (sealed.delta) {
      TRY(epoch.share.write_blob(delta_blob(descriptor), sealed.delta->file));
    }
    return epoch.share.write_cell(CellKind::stage, stage.cell_, cell);
  };
  TRY(trying_on(epoch, tell));
  return stage;
}

Result<void> Stage::open_delta(const Epoch& epoch, SwarmSession& session, const ReleaseDelta& delta) {
  if (delta.info_hash) {
    const DeltaRooms rooms(epoch.store.state(), kSeedPurpose);
    SwarmContent content;
    content.torrent = delta.file;
    TRY_ASSIGN(content.directory, rooms.make(*delta.info_hash, delta.delta, delta.ref.before));
    delta_room_ = content.directory;
    content.complete = {std::string(kDeltaName), std::string(kDeltaBeforeName)};
    TRY_ASSIGN(delta_, session.add(content));
  }
  return {};
}

Result<void> Stage::withdraw(Share& share, SwarmSession& session) {
  session.remove(info_hash_);
  if (delta_) {
    session.remove(*delta_);
  }
  TRY(share.remove_cell(CellKind::stage, cell_));
  TRY(remove_tree(layout_));
  return delta_ ? remove_tree(delta_room_) : Result<void>();
}

}  // namespace swarmout
