// A clone that has the first release, and a leader that offers the next ones with deltas, with real sessions.

#pragma once

#include "common/pack/release_torrent.hpp"
#include "peer/delta/shortcut.hpp"
#include "tests/peer/fetch/swarming.hpp"
#include "tests/support/name_of.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

/// A line of the text is another one in each release; a large delta is one with noise in it.
inline Tree version(unsigned number, bool large = false) {
  return {file_of("data", noise(40 * kKiB, large ? 100 + number : 100)),
          file_of("kept", noise(200 * kKiB, 9)),
          {symlink("link", "run"), ""},
          file_of("run", "#!/bin/sh\n", true),
          file_of("text", prose(60 * kKiB) + "version " + std::to_string(number) + '\n')};
}
/// From the first release to another one than the second.
inline std::string delta_elsewhere(bool large) {
  Leader other;
  other.update(version(1), 2);
  return other.update(version(50, large), 4).delta.value().delta;
}

class ByDeltas : public testing::Test {
protected:
  /// The first release is here, by packs.
  ByDeltas() {
    EXPECT_THAT(clone_.fetch(clone_.goal(first_, leader_)), IsOk());
    EXPECT_THAT(clone_.store().record(first_.release), IsOk());
    leader_.move();
  }
  static SealedRelease served(Leader& leader, const Tree& tree, std::uint64_t position,
                              const Leader::Spoil& spoil = {}) {
    SealedRelease made = leader.update(tree, position, spoil);
    leader.serve(made);
    return made;
  }
  /// With its delta; the leader has no packs to give.
  SealedRelease offered(const Tree& tree, std::uint64_t position, const Leader::Spoil& spoil = {}) {
    SealedRelease made = leader_.update(tree, position, spoil);
    EXPECT_TRUE(made.delta);
    if (made.delta && made.delta->info_hash) {
      leader_.serve_delta(made);
    }
    return made;
  }
  RetrievalGoal goal(const std::vector<SealedRelease>& way) {
    RetrievalGoal goal = clone_.goal(way.back(), leader_);
    goal.torrent.clear();
    for (const SealedRelease& each : way) {
      goal.deltas.push_back({each.release.descriptor, each.delta.value().file});
    }
    goal.ask_torrent = [this, torrent = way.back().torrent]() -> Result<std::string> {
      ++asked_;
      return torrent;
    };
    return goal;
  }
  /// Everything of it is in the store, as if it had been fetched.
  void expect_whole(const SealedRelease& sealed) {
    const Descriptor& release = sealed.release.descriptor;
    ASSERT_OK_AND_ASSIGN(const std::string bytes, clone_.store().manifest_bytes(release.manifest));
    ASSERT_OK_AND_ASSIGN(const Manifest manifest, decode_manifest(bytes));
    for (const PackInfo& each : manifest.packs) {
      EXPECT_TRUE(clone_.store().check_pack(each.root, each.size).value_or(false));
    }
    ASSERT_OK_AND_ASSIGN(const ReleaseTorrent torrent, release_torrent(clone_.store(), manifest, bytes, ""));
    EXPECT_EQ(torrent.torrent.info_hash, release.info_hash);
    EXPECT_TRUE(clone_.session().status(release.info_hash).complete) << "and is served";
  }
  void expect_by_deltas(const SealedRelease& sealed, const Tree& tree) {
    EXPECT_EQ(listing(clone_.tree(sealed.release.descriptor.position)), listing_of(tree));
    expect_whole(sealed);
    EXPECT_EQ(asked_, 0) << "its .torrent is made here";
    EXPECT_EQ(packs_fetched(sealed), 0U);
  }
  void expect_by_packs(const SealedRelease& sealed, const Tree& tree) {
    EXPECT_EQ(listing(clone_.tree(sealed.release.descriptor.position)), listing_of(tree));
    expect_whole(sealed);
    EXPECT_EQ(asked_, 1);
    EXPECT_EQ(rooms(), std::vector<std::string>()) << "nothing of the delta is left";
  }
  Bytes packs_fetched(const SealedRelease& sealed) {
    return clone_.session().status(sealed.release.descriptor.info_hash).downloaded;
  }
  std::vector<std::string> rooms() {
    return list_directory(clone_.path("state/deltas")).value_or(std::vector<std::string>());
  }
  [[nodiscard]] bool ended(Retrieval& retrieval) {
    return clone_.drive(retrieval, [&] { return retrieval.state() != Retrieval::State::working; });
  }
  Leader leader_;
  Clone clone_;
  SealedRelease first_ = served(leader_, version(1), 2);
  int asked_ = 0;
};

}  // namespace swarmout::test
