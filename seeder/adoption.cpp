#include "seeder/adoption.hpp"

#include "common/fleet/leader_record.hpp"
#include "common/fleet/torrent_on_share.hpp"
#include "common/swarm/release_content.hpp"
#include "seeder/election/away.hpp"
#include "seeder/pack/basis.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

/// What is staged under one claim. Errors: not_found; refused; what the share fails with.
Result<SealedRelease> staged_under(Share& share, const LogEntry& claim, const TrustedKeys& keys) {
  const ClaimId id{claim.position, claim.owner};
  TRY_ASSIGN(const auto cell, share.read_cell(CellKind::stage, claim_cell(id)));
  if (!cell) {
    return fail(ErrorCode::not_found, "nothing was staged");
  }
  TRY_ASSIGN(StagedRelease staged, decode_staged(cell->bytes, id, keys));
  const Descriptor& descriptor = staged.release.descriptor;
  TRY(keys.verify(staged.release.text, staged.release.signature));
  REFUSE_UNLESS(descriptor.position == claim.position.next(), "it was staged for another position");
  TRY_ASSIGN(auto torrent, torrent_on_share(share, descriptor));
  return SealedRelease{std::move(staged.release), std::move(torrent.bytes)};
}

}  // namespace

std::optional<SealedRelease> left_behind(Share& share, const LogView& log, Position claim, const TrustedKeys& keys) {
  const auto ended_nothing = [](const LogEntry* entry) {
    return entry != nullptr && (entry->kind == EntryKind::claim || entry->owner.empty());
  };
  for (const LogEntry* before = log.at(claim.previous()); ended_nothing(before);
       before = log.at(before->position.previous())) {
    if (before->kind != EntryKind::claim) {
      continue;  // void
    }
    auto staged = staged_under(share, *before, keys);
    if (staged) {
      return *std::move(staged);
    }
    if (staged.error().code != ErrorCode::not_found) {
      spdlog::log(level_of(staged.error()), "not going on with what epoch {} has staged: {}", before->position.value,
                  to_string(staged.error()));
    }
  }
  return std::nullopt;
}

std::optional<SealedRelease> as_sealed(Share& share, const SignedDescriptor& release) {
  auto torrent = torrent_on_share(share, release.descriptor);
  return torrent ? std::optional(SealedRelease{release, std::move(torrent->bytes)}) : std::nullopt;
}

Result<std::optional<SealedRelease>> adopt(const SealedRelease& staged, const Job& job, Store& store,
                                           const Signer& signer, const std::stop_token& stop) {
  const Descriptor& theirs = staged.release.descriptor;
  if (theirs.revision != job.revision || theirs.source != job.source.substr(0, kMaxSource)) {
    return std::nullopt;
  }
  const auto whole = [&]() -> Result<void> {
    TRY_ASSIGN(const TorrentContents contents, read_torrent(staged.torrent));
    REFUSE_UNLESS(contents.certificate == job.certificate, "its swarm has another certificate, or none");
    TRY_ASSIGN(const Fd lock, store.lock_for_writing(stop));
    TRY(whole_manifest(store, theirs));
    TRY(release_content(store, theirs, staged.torrent, kSeedPurpose));
    return {};
  }();
  if (!whole) {
    spdlog::debug("exporting what epoch {} had staged, too: {}", theirs.position.previous().value,
                  to_string(whole.error()));
    return std::nullopt;
  }
  Descriptor ours = theirs;
  ours.position = job.position;
  ours.delta.reset();  // it lies on the share under their number; who has begun with it has it
  ours.clone_limits = job.clone_limits;
  TRY_ASSIGN(SignedDescriptor release, sign(std::move(ours), signer));
  return SealedRelease{std::move(release), staged.torrent};
}

}  // namespace swarmout
