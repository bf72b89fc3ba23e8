// What a host keeps between runs, in its state directory: packs, manifests, and the signed descriptors of releases.
//
// Packs are content-addressed and never change, so the `seed` and the `peer` of one host share them. Whoever serves or
// fetches a release lays it out in a directory of its own, with hard links to the packs that are here.
// Threads: any; the file system does the ordering. Processes: several; see lock_for_writing().
// Layout: docs/formats/state.md.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"
#include "common/release/pack.hpp"
#include "common/release/scratch.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

class Store {
public:
  /// Makes the directories if need be. Errors: cannot_write.
  [[nodiscard]] static Result<Store> open(const Path& state);
  /// For whoever only looks, as another user perhaps: makes nothing, and has no scratch. What cannot be read fails
  /// then.
  [[nodiscard]] static Store open_to_read(const Path& state) { return {resolved_root(state), nullptr}; }

  [[nodiscard]] const Path& state() const { return state_; }
  /// This object's own; it goes with the last copy.
  [[nodiscard]] const Path& scratch() const { return scratch_->path(); }

  [[nodiscard]] Path pack_path(const Digest& root) const;
  [[nodiscard]] bool has_pack(const Digest& root, Bytes size) const;
  /// Reads the whole pack; one that is damaged is removed. False: it is not here, or no longer.
  [[nodiscard]] Result<bool> check_pack(const Digest& root, Bytes size);
  /// Moves a finished pack in and remembers its leaves.
  [[nodiscard]] Result<void> add_pack(const PackFile& pack);
  /// Links a pack that arrived through the swarm, after hashing it. Errors: refused, if it is not `root`.
  [[nodiscard]] Result<void> adopt_pack(const Path& file, const Digest& root);
  /// Kept beside the pack, else computed from it. Errors: refused, if they do not fold to `root`.
  [[nodiscard]] Result<LeafHashes> leaves_of(const Digest& root) const;

  [[nodiscard]] Result<void> put_manifest(std::string_view bytes);
  /// Checked against `digest`. Errors: not_found; refused.
  [[nodiscard]] Result<std::string> manifest_bytes(const Digest& digest) const;
  /// What it names; read once by this object and its copies. Errors: as manifest_bytes().
  [[nodiscard]] Result<std::vector<ListedPack>> packs_of(const Digest& manifest) const;

  /// Remembers that everything of this release is here.
  [[nodiscard]] Result<void> record(const SignedDescriptor& release);
  /// Newest first, by the time that they were made: numbers begin anew with a new share. Damaged records are left out.
  [[nodiscard]] Result<std::vector<SignedDescriptor>> releases() const { return releases(Unreadable::left_out); }

  /// A directory <state>/swarm/<purpose>-<info-hash>/ with links to every file of the torrent that is here; what is not
  /// stays to be fetched. `complete` gets the names of the linked ones.
  [[nodiscard]] Result<Path> lay_out(std::string_view purpose, const TorrentContents& contents, const Digest& manifest,
                                     std::set<std::string>& complete);

  /// Removes the directories that lay_out() made for `purpose`, but for those of the torrents in `keep`.
  [[nodiscard]] Result<void> remove_layouts(std::string_view purpose, const std::set<InfoHash>& keep = {});

  /// Removes packs, manifests and records that none of the newest `keep` releases names, none of those in `needed`,
  /// none that somebody has pinned: a file in <state>/pins/ with the digest of its manifest for a name; and none that
  /// is laid out without a record: it is on its way, or waits to become active, in whatever process. Does nothing while
  /// a writer holds the lock: what it wrote may not be named by a record yet.
  [[nodiscard]] Result<void> prune(std::size_t keep, const std::set<InfoHash>& needed = {});
  /// The same but for these records, of the digest_of() each, as far as they are not pinned by now; what the
  /// manifests `needed` name stays, too. Gives those that are gone. Nullopt: nothing was done, a writer or somebody who
  /// pins holds a lock. Errors: something cannot be removed; or it cannot be read what is to stay, and nothing was
  /// done.
  [[nodiscard]] Result<std::optional<std::set<Digest>>> forget(const std::set<Digest>& forgotten,
                                                               const std::set<Digest>& needed = {});

  /// Held by whoever pins a release by hand, from his look whether it is here until the pin is, and by whoever removes
  /// one, from his look at the pins until it is out of sight. Nullopt: somebody else holds it for that long.
  [[nodiscard]] Result<std::optional<Fd>> lock_pins(std::chrono::milliseconds patience = kPinPatience) const;
  static constexpr std::chrono::milliseconds kPinPatience{5000};  ///< it is held for a moment, as a rule

  /// Removes the scratch and the temporary files of processes that were killed, and of nobody else.
  [[nodiscard]] Result<void> clear_scratch();

  /// Held by whoever adds packs before a record names them. Waits for one that prunes, and says so. Errors: temporary,
  /// if stopped.
  [[nodiscard]] Result<Fd> lock_for_writing(const std::stop_token& stop = {}) const;

private:
  /// Names in pins/. Errors: they cannot be read, so that nobody can say.
  [[nodiscard]] Result<std::set<std::string>> pinned() const;
  [[nodiscard]] Result<void> add_named(const Digest& manifest, std::set<std::string>& named) const;
  /// A record that is there and cannot be read, for want of a descriptor, say. A damaged one is always left out.
  enum class Unreadable { left_out, error };
  [[nodiscard]] Result<std::vector<SignedDescriptor>> releases(Unreadable unreadable) const;
  /// Manifests of what is laid out and not one of these. Errors: it cannot be read, so that nobody can say.
  [[nodiscard]] Result<std::set<Digest>> on_their_way(const std::vector<SignedDescriptor>& recorded) const;
  Store(Path state, std::shared_ptr<const Scratch> scratch) : state_(std::move(state)), scratch_(std::move(scratch)) {}
  Path state_;
  std::shared_ptr<const Scratch> scratch_;
  std::shared_ptr<KnownPacks> known_packs_ = std::make_shared<KnownPacks>();
};

}  // namespace swarmout
