// The releases that this host holds: packs and trees, what it serves of them, and which one is active.

#pragma once

#include "common/fleet/troubles.hpp"
#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/course.hpp"
#include "peer/fetch/choose_way.hpp"
#include "peer/fetch/kept_releases.hpp"
#include "peer/fetch/kept_torrents.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/keep/collector.hpp"
#include "peer/own_record.hpp"
#include "peer/peer_options.hpp"
#include "peer/tree/release_trees.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace swarmout {

// What a peer's troubles are about.
inline constexpr std::string_view kOfShare = "share";
inline constexpr std::string_view kOfLog = "log";
inline constexpr std::string_view kOfKeys = "keys";
inline constexpr std::string_view kOfStage = "stage";
inline constexpr std::string_view kOfForeign = "foreign";
inline constexpr std::string_view kOfAge = "age";
inline constexpr std::string_view kOfRelease = "release";
inline constexpr std::string_view kOfTree = "tree";
inline constexpr std::string_view kOfSwarm = "swarm";
inline constexpr std::string_view kOfDisk = "disk";

/// Where they are unpacked to. What version 0.1 has left there is taken over. Errors: cannot_write.
[[nodiscard]] Result<ReleaseTrees> open_trees(const PeerOptions& options, const Store& store);

[[nodiscard]] Pursuit pursuit_of(const Retrieval& retrieval);

/// One thread. The references must outlive it.
class Holdings {
public:
  Holdings(const PeerOptions& options, Share& share, Store store, ReleaseTrees trees, SwarmSession& session,
           Troubles& troubles, const Narrator& narrate)
      : options_(options),
        share_(share),
        store_(std::move(store)),
        trees_(std::move(trees)),
        torrents_(options.state, share),
        kept_(store_, session),
        session_(session),
        delta_rooms_(options.state, kPeerPurpose),
        troubles_(troubles),
        narrate_(narrate) {}

  /// After a restart: serves what is here already, and finds out what is active. Only what one of `keys` has signed is
  /// believed to be it.
  void serve_all(const TrustedKeys& keys);

  /// Looks whether the active tree is still what we made, and where `current` leads.
  void inspect();
  /// As of the last inspect().
  void describe(Here& here) const;
  /// What is active, held and pinned here. Good until something of that changes.
  void describe(OwnState& own) const;
  /// What was activated last; null: nothing.
  [[nodiscard]] const Descriptor* active() const { return active_ ? &active_->descriptor : nullptr; }
  [[nodiscard]] const SignedDescriptor* last_active() const { return active_ ? &*active_ : nullptr; }
  /// Of it. There must be one.
  [[nodiscard]] Path active_tree() const { return trees_.tree(active_->descriptor); }
  [[nodiscard]] bool is_current(const Descriptor& release) const { return trees_.is_current(release); }
  /// By a service that was killed before it had recorded that: there is nothing left to allow, or to ask.
  [[nodiscard]] bool was_switched_to(const Descriptor& release) const { return !active_ && is_current(release); }
  [[nodiscard]] std::optional<Digest> active_digest() const {
    return active_ ? std::optional(digest_of(*active_)) : std::nullopt;
  }
  /// Its tree is there.
  [[nodiscard]] bool whole() const { return active_ && tree_there_; }
  /// Its tree is here, whole.
  [[nodiscard]] bool has_tree(const Descriptor& release) const { return trees_.has(release); }
  [[nodiscard]] Path tree(const Descriptor& release) const { return trees_.tree(release); }
  /// And `current` leads to it.
  [[nodiscard]] bool in_use() const { return whole() && !astray_; }

  /// All that a retrieval must know but its peers; with a tree to unpack into. It is no longer served as one of the
  /// kept ones. Errors: cannot_write; temporary; refused.
  [[nodiscard]] Result<RetrievalGoal> prepare(const SignedDescriptor& release, const ReleaseAt& release_at);
  /// What was retrieved, and accepted, becomes active. True: `current` was changed. Once it was, nothing fails any
  /// more: what the disk does not take is trouble, and tried again by record_again(). Without `kept` the store has not
  /// all of it yet: finish() follows.
  [[nodiscard]] Result<bool> activate(const RetrievalGoal& retrieved, bool kept);
  /// It has; or it could not: then that is the error, and what is missing is to be fetched again. `retrieval` is at
  /// work no more.
  [[nodiscard]] Result<void> finish(const Retrieval& retrieval);
  /// The session has these; the newest few are served on, to hosts that begin later.
  void serve_deltas(const std::vector<InfoHash>& fetched);
  /// What came of deltas for the active release.
  [[nodiscard]] Bytes delta_bytes() const { return delta_bytes_; }
  /// The tree that was retrieved gets its name. Errors: cannot_write; temporary.
  [[nodiscard]] Result<void> accept(const RetrievalGoal& retrieved);
  /// A release whose tree is here becomes active; what of its packs is missing is fetched later. True: `current` was
  /// changed. Errors: temporary; cannot_write.
  [[nodiscard]] Result<bool> switch_to(const SignedDescriptor& release);
  /// That the active release is here, if the disk did not take that yet. To be called at each look.
  void record_again();
  [[nodiscard]] Result<void> point_back();
  /// Removes what need not be kept (keep/collector.hpp); what there is of `pursued`, which is being fetched or waits to
  /// become active, stays.
  void prune(const RetrievalGoal* pursued = nullptr);
  /// The same once a minute: also for what `gc` by hand has removed, whose packs are only gone when nothing serves
  /// them.
  void tidy(MonotonicTime now, const RetrievalGoal* pursued);

  /// A kept release cannot be served any more. False: it is none.
  bool drop(const InfoHash& info_hash) { return kept_.drop(info_hash); }
  [[nodiscard]] Store& store() { return store_; }

private:
  void note(const Result<void>& result);
  [[nodiscard]] Result<bool> make_current(const Descriptor& release);
  void count_holds();
  void take_spare_for(RetrievalGoal& goal);
  [[nodiscard]] Needs needs_of(const RetrievalGoal* pursued) const;
  void collect_garbage(const RetrievalGoal* pursued = nullptr);

  const PeerOptions& options_;
  Share& share_;
  Store store_;
  ReleaseTrees trees_;
  KeptTorrents torrents_;
  KeptReleases kept_;
  SwarmSession& session_;
  DeltaRooms delta_rooms_;
  Troubles& troubles_;
  const Narrator& narrate_;
  std::optional<SignedDescriptor> active_;
  std::string pinned_;  ///< by hand, in words, as of the last time that something was removed
  MonotonicTime next_tidy_{};
  bool tree_there_ = false;  ///< of active_
  bool astray_ = false;      ///< `current` does not lead there
  bool incomplete_ = false;  ///< packs of active_ are missing
  bool unrecorded_ = false;  ///< they are not, and the store does not know yet
  bool unkept_ = false;      ///< nor has it all of them
  std::vector<Position> holds_;
  Bytes delta_bytes_ = 0;
  std::deque<InfoHash> deltas_;  ///< that are served, the newest first
};

}  // namespace swarmout
