// One release on its way to this host: swarm → unpack → a verified tree, with everything in the store. Where deltas
// lead to it, they are tried first (shortcut.hpp), and the swarm is only for serving then.
//
// The owner's thread drives it with tick() and hands it the swarm's events; unpacking runs on a thread of its own,
// frame by frame, while the rest is still being fetched. Once the tree is whole, it may become active; only then packs
// are hashed for the store.

#pragma once

#include "common/release/store.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/delta/shortcut.hpp"
#include "peer/tree/taken_tree.hpp"
#include "peer/tree/unpack.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace swarmout {

/// How long who drives it waits for the swarm's events, between two ticks.
constexpr auto kBusyWait = std::chrono::milliseconds(100);
/// Likewise where it is nearly ready: the fleet waits for its last host.
constexpr auto kShortWait = std::chrono::milliseconds(20);

struct RetrievalGoal {
  SignedDescriptor release;
  std::string torrent;                                 ///< its .torrent; empty: `deltas` make it, or it is asked for
  std::vector<DeltaStep> deltas{};                     ///< that lead to it from what is in the store; empty: none
  std::string why_packs{};                             ///< why there are none, for people
  std::function<Result<std::string>()> ask_torrent{};  ///< of the owner's thread; needed where there are deltas
  std::string certificate{};                           ///< of the swarm, as ShortcutGoal has it
  Path tree;                                           ///< where to unpack it: an empty directory, or `taken`
  bool tree_exists = false;                            ///< the tree is there already, complete: only fetch and serve
  std::optional<SignedDescriptor> previous;            ///< to take unchanged files from
  Path previous_tree;
  std::optional<TakenTree> taken{};  ///< it is at `tree`, and becomes the new one
  std::string purpose = "peer";      ///< names the directory that it is fetched into; one process at a time uses one
  std::vector<Endpoint> peers;       ///< tried at once
  std::vector<Endpoint> trackers;
};

class Retrieval {
public:
  enum class State { working, ready, failed };

  /// Starts. Errors: refused; cannot_write, also if there is not enough space.
  [[nodiscard]] static Result<std::unique_ptr<Retrieval>> start(Store& store, SwarmSession& session,
                                                                RetrievalGoal goal);
  /// Leaves the torrent in the session (it goes on serving) unless it is not ready.
  ~Retrieval();

  /// The same content is now staged or published as another release, by the successor of a leader that died: goes on
  /// with what there is. `release` must have the same info-hash.
  void adopt(SignedDescriptor release);

  /// To be called between events.
  void tick(MonotonicTime now);

  /// The tree of what is ready was given its name, and is no other release's any more.
  void tree_accepted() { goal_.tree_exists = true; }

  void on_event(const SwarmEvent& event);
  /// Ready: the tree is whole, and everything has arrived. It may fail after that, while packs are kept.
  [[nodiscard]] State state() const;
  /// It is ready, and the store has all of it: the release may be recorded.
  [[nodiscard]] bool kept() const;
  /// Something is still to come of it: it did not fail, and is not kept yet.
  [[nodiscard]] bool at_work() const { return state() != State::failed && !kept(); }
  /// All has arrived, and it will be ready in a moment.
  [[nodiscard]] bool nearly_ready() const;
  /// Why it failed.
  [[nodiscard]] Error error() const;

  [[nodiscard]] const Descriptor& descriptor() const { return goal_.release.descriptor; }
  [[nodiscard]] const RetrievalGoal& goal() const { return goal_; }
  /// What is being fetched now, by this host's connections: a delta, or the release.
  [[nodiscard]] InfoHash swarm() const;
  /// It was made by deltas.
  [[nodiscard]] bool by_deltas() const { return shortcut_ != nullptr && begun_; }
  /// Bytes that came from anywhere; of deltas.
  [[nodiscard]] Bytes fetched() const { return session_.status(info_hash_).downloaded + delta_bytes(); }
  [[nodiscard]] Bytes delta_bytes() const { return shortcut_ ? shortcut_->size() : 0; }
  /// Deltas that the session serves since it is ready.
  [[nodiscard]] std::vector<InfoHash> served_deltas() const;

  /// Bytes of the tree that are in place; any thread.
  [[nodiscard]] Bytes unpacked() const;

private:
  Retrieval(Store& store, SwarmSession& session, RetrievalGoal goal);
  [[nodiscard]] Result<void> begin_shortcut();
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<void> begin_packs(const Error& why);
  void end_shortcut();
  void hurry_manifest();
  void arrived(const std::string& name);
  void run(std::stop_token stop);
  [[nodiscard]] Result<Manifest> make_tree(const std::stop_token& stop);
  [[nodiscard]] Result<void> build(const Manifest& manifest, const PreviousTree* previous, const OldTree* taken,
                                   const std::stop_token& stop);
  [[nodiscard]] Result<void> await_all(const std::stop_token& stop);
  [[nodiscard]] Result<void> unpack_packs(Unpacker& unpacker, const Manifest& manifest, const std::stop_token& stop);
  struct Arriving;
  [[nodiscard]] Result<bool> await_more(std::vector<Arriving>& packs, std::size_t& seen, const std::stop_token& stop);
  [[nodiscard]] Result<bool> unpack_some(Unpacker& unpacker, const Manifest& manifest, const Arriving& pack,
                                         bool flushed);
  [[nodiscard]] Result<void> take_previous(Manifest& previous, std::optional<PreviousTree>& tree);
  void recall_taken(Manifest& manifest, OldTree& tree) const;
  [[nodiscard]] Result<void> seal(const Unpacker& unpacker) const;
  [[nodiscard]] Result<std::string> await_manifest(std::stop_token stop);
  [[nodiscard]] Result<Manifest> take_manifest(const std::stop_token& stop);
  [[nodiscard]] Result<void> pause_for_the_disk(const std::stop_token& stop);
  [[nodiscard]] Result<void> keep_in_store(const Manifest& manifest, const std::stop_token& stop);
  [[nodiscard]] Result<void> drop_damaged(const Manifest& manifest);

  Store& store_;
  SwarmSession& session_;
  RetrievalGoal goal_;        ///< of the owner's thread
  const Descriptor content_;  ///< what the worker compares with; adopt() does not change what it says of the content
  std::unique_ptr<Shortcut> shortcut_;
  MadeRelease made_;    ///< by deltas; the worker's from begin() on
  bool begun_ = false;  ///< the release is in the session
  Path layout_;
  const InfoHash info_hash_;
  std::map<std::string, std::size_t> files_;  ///< in the torrent: their first pieces
  PieceRange manifest_pieces_;
  Bytes piece_length_ = 0;
  std::shared_ptr<const PassedPieces> passed_;
  MonotonicTime next_hurry_{};

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<std::string> arrived_;
  bool all_arrived_ = false;
  State state_ = State::working;
  bool kept_ = false;
  Error error_;
  std::shared_ptr<Unpacker> unpacker_;
  std::jthread worker_;
};

}  // namespace swarmout
