#include "seeder/staging.hpp"

#include "common/base/remove_tree.hpp"
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
  TRY(trying_on(epoch, [&] {
    return epoch.share.write_blob(torrent_blob(descriptor), sealed.torrent).and_then([&] {
      return epoch.share.write_cell(CellKind::stage, stage.cell_, cell);
    });
  }));
  return stage;
}

Result<void> Stage::withdraw(Share& share, SwarmSession& session) {
  session.remove(info_hash_);
  TRY(share.remove_cell(CellKind::stage, cell_));
  return remove_tree(layout_);
}

}  // namespace swarmout
