#include "peer/fetch/kept_releases.hpp"

#include "tests/peer/fetch/swarming.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class KeptReleasesTest : public testing::Test {
protected:
  /// Fetched and recorded by an earlier run, with a session that is gone.
  SealedRelease earlier(const Tree& tree, std::uint64_t position) {
    SealedRelease sealed = leader_.release(tree, position);
    EXPECT_THAT(host_.fetch(host_.goal(sealed, leader_)), IsOk());
    EXPECT_THAT(host_.store().record(sealed.release), IsOk());
    host_.session().remove(sealed.release.descriptor.info_hash);
    torrents_[position] = sealed.torrent;
    return sealed;
  }
  std::vector<std::uint64_t> serve_all() {
    const auto served = kept_.serve_all([this](const Descriptor& release) -> Result<std::string> {
      const auto found = torrents_.find(release.position.value);
      return found == torrents_.end() ? Result<std::string>(fail(ErrorCode::temporary, "not there")) : found->second;
    });
    EXPECT_THAT(served, IsOk());
    std::vector<std::uint64_t> positions;
    for (const SignedDescriptor& each : served.value_or(std::vector<SignedDescriptor>())) {
      positions.push_back(each.descriptor.position.value);
    }
    return positions;
  }
  bool in_session(const SealedRelease& sealed) {
    return host_.session().status(sealed.release.descriptor.info_hash).wanted > 0;
  }
  std::vector<std::string> layouts() { return list_directory(host_.path("state/swarm")).value(); }

  Tree tree_ = {file_of("file", noise(500 * kKiB)), file_of("other", "x")};
  Tree next_ = {file_of("file", noise(500 * kKiB)), file_of("other", noise(100 * kKiB, 2))};
  Leader leader_;
  Clone host_;
  KeptReleases kept_{host_.store(), host_.session()};
  std::map<std::uint64_t, std::string> torrents_;
};

}  // namespace

TEST_F(KeptReleasesTest, AnEmptyStoreServesNothing) {
  EXPECT_THAT(serve_all(), IsEmpty());
}

TEST_F(KeptReleasesTest, WhatTheStoreHasIsServedNewestFirst) {
  earlier(tree_, 2);
  earlier(next_, 4);

  EXPECT_THAT(serve_all(), ElementsAre(4, 2));
}

TEST_F(KeptReleasesTest, OthersCanFetchWhatIsServed) {
  const SealedRelease sealed = earlier(tree_, 2);
  serve_all();
  ASSERT_TRUE(is_serving(host_.session(), sealed.release.descriptor.info_hash));
  Clone other;
  RetrievalGoal goal = other.goal(sealed, leader_);
  goal.peers = {host_.session().endpoint()};

  ASSERT_OK(other.fetch(std::move(goal)));

  EXPECT_EQ(listing(other.tree({2})), listing_of(tree_));
}

TEST_F(KeptReleasesTest, AReleaseWhosePackIsMissingIsLeftOut) {
  earlier(tree_, 2);
  const SealedRelease second = earlier(next_, 4);
  ASSERT_OK(remove_tree(host_.store().pack_path(leader_.manifest(second).packs.back().root)));

  EXPECT_THAT(serve_all(), ElementsAre(2));
  EXPECT_FALSE(in_session(second)) << "it would fetch";
}

TEST_F(KeptReleasesTest, AReleaseWhoseManifestIsDamagedIsLeftOut) {
  const SealedRelease sealed = earlier(tree_, 2);
  const Path manifest = host_.path("state/manifests") / sealed.release.descriptor.manifest.hex();
  ASSERT_OK(remove_tree(manifest));
  write_file(manifest, "garbage");

  EXPECT_THAT(serve_all(), IsEmpty());
}

TEST_F(KeptReleasesTest, AReleaseWhoseTorrentIsGoneIsLeftOut) {
  earlier(tree_, 2);
  earlier(next_, 4);
  torrents_.erase(4);

  EXPECT_THAT(serve_all(), ElementsAre(2));
}

TEST_F(KeptReleasesTest, AReleaseWithAnotherOnesTorrentIsLeftOut) {
  const SealedRelease first = earlier(tree_, 2);
  earlier(next_, 4);
  torrents_[4] = first.torrent;

  EXPECT_THAT(serve_all(), ElementsAre(2));
}

TEST_F(KeptReleasesTest, ARecordThatIsGarbageIsLeftOut) {
  earlier(tree_, 2);
  write_file(host_.path("state/releases/00000004"), "garbage");

  EXPECT_THAT(serve_all(), ElementsAre(2));
}

TEST_F(KeptReleasesTest, WhatIsDroppedIsNotServedAnyMore) {
  const SealedRelease sealed = earlier(tree_, 2);
  serve_all();

  EXPECT_TRUE(kept_.drop(sealed.release.descriptor.info_hash));

  EXPECT_FALSE(in_session(sealed));
  EXPECT_FALSE(kept_.drop(sealed.release.descriptor.info_hash)) << "it is gone already";
}

TEST_F(KeptReleasesTest, WhatTheSessionGotFromSomebodyElseIsNotDropped) {
  const SealedRelease sealed = leader_.release(tree_, 2);
  ASSERT_OK(host_.fetch(host_.goal(sealed, leader_)));

  EXPECT_FALSE(kept_.drop(sealed.release.descriptor.info_hash));

  EXPECT_TRUE(in_session(sealed));
}

TEST_F(KeptReleasesTest, WhatTheStoreForgotIsTakenOutWithItsDirectory) {
  const SealedRelease first = earlier(tree_, 2);
  const SealedRelease second = earlier(next_, 4);
  serve_all();
  ASSERT_EQ(layouts().size(), 2U);
  ASSERT_OK(host_.store().prune(1));

  ASSERT_OK(kept_.drop_forgotten());

  EXPECT_FALSE(in_session(first));
  EXPECT_TRUE(in_session(second));
  EXPECT_EQ(layouts().size(), 1U);
}

TEST_F(KeptReleasesTest, WhatWasFetchedAndAddedIsForgottenLikeTheRest) {
  const SealedRelease sealed = leader_.release(tree_, 2);
  ASSERT_OK(host_.fetch(host_.goal(sealed, leader_)));
  kept_.add(sealed.release.descriptor.info_hash);  // but no record of it

  ASSERT_OK(kept_.drop_forgotten());

  EXPECT_FALSE(in_session(sealed));
}

TEST_F(KeptReleasesTest, DirectoriesOfAFetchByHandAreNotTouched) {
  std::filesystem::create_directories(host_.path("state/swarm/fetch-" + std::string(40, 'a')));

  ASSERT_OK(kept_.drop_forgotten());

  EXPECT_EQ(layouts().size(), 1U);
}

}  // namespace swarmout::test
