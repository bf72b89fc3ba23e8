// The short way to a release: deltas, from one that is whole on this host. What is fetched is some hundred bytes to
// some megabytes; everything of the release is in the store afterwards, and its .torrent is made here, too.
//
// The owner's thread starts it, hands it the swarm's events and asks how far it is; deltas are applied on a thread of
// its own. It fails without harm: what the packs do, they do without it.

#pragma once

#include "common/base/clock.hpp"
#include "common/delta/delta_torrent.hpp"
#include "common/release/store.hpp"
#include "common/swarm/swarm_session.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace swarmout {

/// One delta, of a release that has one. The file is the one on the share, and is what was signed.
struct DeltaStep {
  Descriptor release;
  std::string file;
};

/// Of all these deltas.
[[nodiscard]] Bytes size_of(const std::vector<DeltaStep>& steps);

struct ShortcutGoal {
  std::vector<DeltaStep> steps;  ///< the first begins at what is here, each other one where the one before it ends
  Path tree{};                   ///< of what is here; empty: it has none
  std::string purpose = "peer";  ///< as RetrievalGoal has it
  std::string certificate{};     ///< of the swarm, in PEM; empty: in the clear
  std::vector<Endpoint> peers{};
  std::vector<Endpoint> trackers{};
};

/// A release that was made, and what it was made of.
struct MadeRelease {
  std::string torrent;  ///< its .torrent
  Manifest manifest;
  Manifest before;
  Digest before_digest;  ///< SHA-256 of the manifest file that `before` is
};

class Shortcut {
public:
  enum class State { working, made, failed };

  /// Nobody has sent anything of a delta for this long: packs are taken.
  static constexpr std::chrono::seconds kPatience{20};

  /// Errors: refused: a delta's torrent is damaged; cannot_write.
  [[nodiscard]] static Result<std::unique_ptr<Shortcut>> start(Store& store, SwarmSession& session, ShortcutGoal goal);
  /// Leaves the deltas in the session if it is made; they are served on.
  ~Shortcut();
  /// They are not: whatever comes of the release, it is not here.
  void withdraw();

  void on_event(const SwarmEvent& event);
  /// Gives up when nobody sends.
  void tick(MonotonicTime now);
  [[nodiscard]] State state() const;
  /// Why it failed.
  [[nodiscard]] Error error() const;
  /// Once it is made.
  [[nodiscard]] MadeRelease take();

  /// The deltas that come, or came, through the swarm; empty: all of them were on the share.
  [[nodiscard]] const std::vector<InfoHash>& swarms() const { return swarms_; }
  /// Of these the one that is waited for: whose hosts are to be met. Nothing: none is.
  [[nodiscard]] std::optional<InfoHash> awaited() const;
  /// Of all deltas.
  [[nodiscard]] Bytes size() const { return size_of(goal_.steps); }

private:
  Shortcut(Store& store, SwarmSession& session, ShortcutGoal goal);
  [[nodiscard]] Result<void> fetch(const DeltaStep& step);
  void run(const std::stop_token& stop);
  [[nodiscard]] Result<MadeRelease> make(const std::stop_token& stop);
  [[nodiscard]] Result<std::string> await(std::size_t step, const std::stop_token& stop);
  void fail_with(Error error);

  Store& store_;
  SwarmSession& session_;
  const ShortcutGoal goal_;
  const DeltaRooms rooms_;
  std::vector<InfoHash> swarms_;
  Bytes received_ = 0;
  MonotonicTime moved_{};

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<InfoHash> arrived_;
  State state_ = State::working;
  Error error_;
  MadeRelease made_;
  std::jthread worker_;
};

}  // namespace swarmout
