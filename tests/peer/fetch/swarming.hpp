// One host that serves releases and others that fetch them, with real swarm sessions on 127.0.0.1.

#pragma once

#include "common/delta/delta_torrent.hpp"
#include "common/release/store.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/fetch/retrieval.hpp"
#include "seeder/seal.hpp"
#include "tests/peer/fetch/following.hpp"
#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <functional>
#include <memory>
#include <string>

namespace swarmout::test {

inline std::unique_ptr<SwarmSession> open_session(SwarmRole role = SwarmRole::clone, Bytes upload_limit = 0) {
  SwarmSettings settings;
  settings.role = role;
  settings.limits.upload = upload_limit;
  auto session = SwarmSession::open(settings);
  EXPECT_THAT(session, IsOk());
  return std::move(session).value_or(nullptr);
}

/// A session does nothing for a torrent until its owner has taken the first events.
[[nodiscard]] inline bool is_serving(SwarmSession& session, const InfoHash& info_hash) {
  return wait_for([&] {
    session.poll(std::chrono::milliseconds(10));
    return session.status(info_hash).complete;
  });
}

/// Other bytes in an offer, which is in order otherwise: what a leader with a mistake in it signs.
inline void put_in(ReleaseDelta& offer, std::string bytes) {
  offer.delta = std::move(bytes);
  offer.ref.size = offer.delta.size();
  offer.file = offer.delta;
  offer.info_hash.reset();
  if (offer.ref.in_swarm()) {
    SealedTorrent torrent = seal_delta(offer.delta, offer.ref.before, "").value();
    offer.file = std::move(torrent.bytes);
    offer.info_hash = torrent.info_hash;
  }
  offer.ref.file = sha256(offer.file);
  offer.ref.file_size = offer.file.size();
}

/// Packs, seals and serves.
class Leader {
public:
  explicit Leader(Bytes upload_limit = 0) : session_(open_session(SwarmRole::seeder, upload_limit)) {}

  /// Serves it, unless told otherwise.
  SealedRelease release(const Tree& tree, std::uint64_t position, bool served = true) {
    auto packed = pack(store_, tree, basis_);
    EXPECT_THAT(packed, IsOk());
    SealInput input;
    input.packed = std::move(packed).value_or(PackedRelease{});
    input.position = {position};
    input.revision = "r" + std::to_string(position);
    auto sealed = seal(std::move(input), store_, signer_.key());
    EXPECT_THAT(sealed, IsOk());
    basis_ = manifest(*sealed);
    if (served) {
      serve(*sealed);
    }
    return *std::move(sealed);
  }
  using Spoil = std::function<void(ReleaseDelta&)>;
  /// As `seed` publishes it: with a delta from the release before, if that makes it. `spoil`: before it is signed.
  SealedRelease update(const Tree& tree, std::uint64_t position, const Spoil& spoil = {}) {
    SealInput input;
    input.packed = pack(store_, tree, basis_).value();
    input.position = {position};
    input.basis = newest_;
    input.revision = "r" + std::to_string(position);
    Draft drafted = draft(std::move(input), store_).value();
    auto offer =
        release_delta(store_, drafted.manifest, {newest_, DeltaRef::kMaxSize, kDefaultZstdLevel, ""}, {}).value();
    if (offer && spoil) {
      spoil(*offer);
    }
    SealedRelease sealed = seal(std::move(drafted), std::move(offer), signer_.key()).value();
    EXPECT_THAT(store_.record(sealed.release), IsOk());
    basis_ = manifest(sealed);
    newest_ = {position};
    return sealed;
  }
  /// What is too large for the share.
  void serve_delta(const SealedRelease& sealed) {
    const ReleaseDelta& delta = sealed.delta.value();
    SwarmContent content;
    content.torrent = delta.file;
    content.directory = rooms_.make(delta.info_hash.value(), delta.delta, delta.ref.before).value();
    content.complete = {std::string(kDeltaName), std::string(kDeltaBeforeName)};
    EXPECT_THAT(session_->add(content), IsOk());
    EXPECT_TRUE(is_serving(*session_, *delta.info_hash));
  }
  void serve(const SealedRelease& sealed) {
    SwarmContent content;
    content.torrent = sealed.torrent;
    content.directory =
        store_
            .lay_out("seed", read_torrent(sealed.torrent).value(), sealed.release.descriptor.manifest, content.complete)
            .value();
    EXPECT_THAT(session_->add(content), IsOk());
    EXPECT_TRUE(is_serving(*session_, sealed.release.descriptor.info_hash));
  }
  std::string manifest_bytes(const SealedRelease& sealed) const {
    return store_.manifest_bytes(sealed.release.descriptor.manifest).value();
  }
  Manifest manifest(const SealedRelease& sealed) const { return decode_manifest(manifest_bytes(sealed)).value(); }
  /// As each run of `seed`, at another port: who was met lately is dialled again only after some seconds.
  void move() { session_ = open_session(SwarmRole::seeder); }
  [[nodiscard]] const Store& store() const { return store_; }
  [[nodiscard]] Endpoint endpoint() const { return session_->endpoint(); }
  [[nodiscard]] const Signer& signer() const { return signer_; }

private:
  TempDir dir_;
  Signer signer_;
  Store store_ = Store::open(dir_.path()).value();
  DeltaRooms rooms_{store_.state(), "seed"};
  std::unique_ptr<SwarmSession> session_;
  std::optional<Manifest> basis_;
  Position newest_;
};

/// Fetches into `tree(position)`.
class Clone {
public:
  RetrievalGoal goal(const SealedRelease& sealed, const Leader& leader) const {
    RetrievalGoal goal;
    goal.release = sealed.release;
    goal.torrent = sealed.torrent;
    goal.tree = tree(sealed.release.descriptor.position);
    goal.peers = {leader.endpoint()};
    return goal;
  }
  Result<std::unique_ptr<Retrieval>> start(RetrievalGoal goal) {
    if (!goal.tree_exists) {
      TRY(remove_tree(goal.tree));
      TRY(make_directories(goal.tree));
    }
    return Retrieval::start(store_, *session_, std::move(goal));
  }
  /// Hands events on until `enough`.
  template <typename Enough>
  [[nodiscard]] bool drive(Retrieval& retrieval, Enough enough) {
    return wait_for([&] {
      for (const SwarmEvent& event : session_->poll(std::chrono::milliseconds(10))) {
        retrieval.on_event(event);
      }
      retrieval.tick(clock_.now());
      session_->connect(retrieval.swarm(), retrieval.goal().peers);  // as contacts do
      return enough();
    });
  }
  /// Drives it to its end, and takes it apart. The error if it failed.
  Result<void> fetch(RetrievalGoal goal) {
    TRY_ASSIGN(const auto retrieval, start(std::move(goal)));
    EXPECT_TRUE(drive(*retrieval, [&] { return !retrieval->at_work(); }));
    return retrieval->state() == Retrieval::State::ready ? Result<void>() : tl::unexpected(retrieval->error());
  }

  [[nodiscard]] Path tree(Position position) const { return dir_ / ("tree-" + std::to_string(position.value)); }
  [[nodiscard]] Path path(const std::string& name) const { return dir_ / name; }
  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] SwarmSession& session() { return *session_; }
  /// By which it loses patience.
  [[nodiscard]] FakeClock& clock() { return clock_; }

private:
  TempDir dir_;
  FakeClock clock_;
  Store store_ = Store::open(dir_ / "state").value();
  std::unique_ptr<SwarmSession> session_ = open_session();
};

}  // namespace swarmout::test
