// Which releases get a delta, and what it is offered as.

#include "seeder/delta/release_delta.hpp"

#include "common/delta/delta_torrent.hpp"
#include "seeder/delta/offer_delta.hpp"
#include "seeder/seal.hpp"
#include "seeder/staging.hpp"
#include "tests/seeder/epoch_fixture.hpp"
#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Tree with_text(unsigned number) {
  return {file_of("a", noise(100 * kKiB)), file_of("b", prose(50 * kKiB) + std::to_string(number) + '\n'),
          file_of("c", "the end\n")};
}
Tree with_noise(unsigned number) {
  return {file_of("a", noise(100 * kKiB, number)), file_of("c", "the end\n")};
}

/// A store with the releases of this host.
class ReleaseDeltaTest : public EpochTest {
protected:
  Draft drafted(const Tree& tree, std::uint64_t position, std::optional<Position> basis = {}) {
    SealInput input;
    std::optional<Manifest> before;
    if (basis) {
      before = decode_manifest(store_.manifest_bytes(manifests_.at(*basis)).value()).value();
    }
    input.packed = pack(store_, tree, before).value();
    input.position = {position};
    input.basis = basis.value_or(Position{});
    input.revision = "r" + std::to_string(position);
    Draft made = draft(std::move(input), store_).value();
    manifests_[{position}] = made.descriptor.manifest;
    return made;
  }
  void publish(const Tree& tree, std::uint64_t position, std::optional<Position> basis = {}) {
    const SealedRelease sealed = seal(drafted(tree, position, basis), std::nullopt, key_).value();
    EXPECT_THAT(store_.record(sealed.release), IsOk());
  }
  Result<std::optional<ReleaseDelta>> offered(const Draft& draft, Bytes limit = DeltaRef::kMaxSize,
                                              const std::string& certificate = "") {
    return release_delta(store_, draft.manifest, {draft.descriptor.basis, limit, kDefaultZstdLevel, certificate},
                         stop_.get_token());
  }
  Manifest manifest(Position position) {
    return decode_manifest(store_.manifest_bytes(manifests_.at(position)).value()).value();
  }

  std::map<Position, Digest> manifests_;
};

using OfferDelta = ReleaseDeltaTest;
using StagedDelta = ReleaseDeltaTest;

/// The same files in another order, as a tar command may give them.
Tree turned(Tree tree) {
  std::reverse(tree.begin(), tree.end());
  return tree;
}

}  // namespace

TEST_F(ReleaseDeltaTest, ASmallOneIsTheFileOnTheShare) {
  publish(with_text(1), 2);
  const Draft next = drafted(with_text(2), 4, Position{2});

  ASSERT_OK_AND_ASSIGN(const auto offer, offered(next));

  ASSERT_TRUE(offer);
  EXPECT_LT(offer->delta.size(), 500U);
  EXPECT_EQ(offer->file, offer->delta);
  EXPECT_EQ(offer->ref.before, manifests_.at({2}));
  EXPECT_EQ(offer->ref.file, sha256(offer->file));
  EXPECT_EQ(offer->ref.size, offer->delta.size());
  EXPECT_EQ(offer->ref.file_size, offer->file.size());
  EXPECT_EQ(offer->ref.level, kDefaultZstdLevel);
  EXPECT_FALSE(offer->info_hash);
}

TEST_F(ReleaseDeltaTest, ALargeOneIsATorrentOfItsOwn) {
  publish(with_noise(1), 2);
  const Draft next = drafted(with_noise(2), 4, Position{2});

  ASSERT_OK_AND_ASSIGN(const auto offer, offered(next));

  ASSERT_TRUE(offer && offer->info_hash);
  EXPECT_TRUE(offer->ref.in_swarm());
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(offer->file));
  EXPECT_EQ(contents.info_hash, *offer->info_hash);
  EXPECT_EQ(contents.files.at(0).size, offer->ref.size);
  EXPECT_EQ(offer->ref.file, sha256(offer->file));
  EXPECT_EQ(offer->ref.file_size, offer->file.size());
  ASSERT_OK_AND_ASSIGN(const auto encrypted, offered(next, DeltaRef::kMaxSize, "a certificate"));
  EXPECT_NE(encrypted->info_hash, offer->info_hash);
}

TEST_F(ReleaseDeltaTest, ItIsMadeFromTheReleaseThatTheOtherWasPackedAgainst) {
  publish(with_text(1), 2);
  publish(with_text(2), 4, Position{2});
  publish(with_text(3), 6, Position{4});
  const Draft back = drafted(with_text(2), 8, Position{6});

  ASSERT_OK_AND_ASSIGN(const auto offer, offered(back));

  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->ref.before, manifests_.at({6}));
}

TEST_F(ReleaseDeltaTest, OneThatIsNotSmallerThanThePacksIsNotMade) {
  publish(with_noise(1), 2);
  const Draft next = drafted(with_noise(2), 4, Position{2});

  ASSERT_OK_AND_ASSIGN(const auto large, offered(next));
  ASSERT_TRUE(large);
  ASSERT_OK_AND_ASSIGN(const auto as_large, offered(next, large->ref.size));
  ASSERT_OK_AND_ASSIGN(const auto none, offered(next, large->ref.size - 1));

  EXPECT_TRUE(as_large);
  EXPECT_FALSE(none);
}

TEST_F(ReleaseDeltaTest, OfAReleaseThatIsNotHereThereIsNone) {
  publish(with_text(1), 2);
  Draft next = drafted(with_text(2), 4, Position{2});
  next.descriptor.basis = {1};

  ASSERT_OK_AND_ASSIGN(const auto offer, offered(next));

  EXPECT_FALSE(offer);
}

TEST_F(ReleaseDeltaTest, ATreeInAnotherOrderThanThatOfPathsHasNone) {
  publish(turned(with_text(1)), 2);
  Tree tree = with_text(2);
  tree.push_back(file_of("d", "new\n"));
  const Draft next = drafted(turned(tree), 4, Position{2});

  EXPECT_FALSE(packed_by_path(manifest({2}), next.manifest));
  ASSERT_OK_AND_ASSIGN(const auto offer, offered(next));

  EXPECT_FALSE(offer) << "who applies it would make other packs";
}

TEST_F(ReleaseDeltaTest, OnlyTheOrderOfWhatIsNewCounts) {
  publish(turned(with_text(1)), 2);
  const Draft one_file = drafted(turned(with_text(2)), 4, Position{2});

  EXPECT_TRUE(packed_by_path(manifest({2}), one_file.manifest));
  EXPECT_TRUE(packed_by_path(Manifest{}, Manifest{}));
  EXPECT_FALSE(packed_by_path(Manifest{}, manifest({2})));
}

TEST_F(ReleaseDeltaTest, ADamagedPackIsNamed) {
  publish(with_text(1), 2);
  const Draft next = drafted(with_text(2), 4, Position{2});
  const Path pack = store_.pack_path(manifest({2}).packs.at(0).root);
  std::string bytes = read_file(pack, kMiB).value();
  bytes[bytes.size() - 100] ^= 1;  // within the text
  ASSERT_OK(remove_tree(pack));
  write_file(pack, bytes);

  EXPECT_THAT(offered(next), FailsWith(ErrorCode::refused, ".pack"));
}

TEST_F(ReleaseDeltaTest, ToldToStopItStops) {
  publish(with_text(1), 2);
  const Draft next = drafted(with_text(2), 4, Position{2});
  stop_.request_stop();

  EXPECT_THAT(offered(next), FailsWith(ErrorCode::temporary));
}

// What becomes of it in a leader's work.

TEST_F(OfferDelta, IsSaidWithItsSizeAndWhereItBegins) {
  publish(with_text(1), 2);
  const Draft next = drafted(with_text(2), 4, Position{2});

  EXPECT_TRUE(offer_delta(epoch_, next, kMiB));

  EXPECT_THAT(said_, ElementsAre(testing::AllOf(HasSubstr("a delta of 0."), HasSubstr("from release 2"))));
}

TEST_F(OfferDelta, OfTheFirstReleaseNothingIsOfferedOrSaid) {
  EXPECT_FALSE(offer_delta(epoch_, drafted(with_text(1), 2), kMiB));

  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(OfferDelta, ADamagedPackIsNoReasonNotToPublish) {
  publish(with_text(1), 2);
  const Draft next = drafted(with_text(2), 4, Position{2});
  ASSERT_OK(remove_tree(store_.pack_path(manifest({2}).packs.at(0).root)));

  EXPECT_FALSE(offer_delta(epoch_, next, kMiB));
}

TEST_F(OfferDelta, IsSignedWithTheRelease) {
  publish(with_text(1), 2);
  Draft next = drafted(with_text(2), 4, Position{2});
  auto offer = offer_delta(epoch_, next, kMiB);
  const DeltaRef ref = offer.value().ref;

  ASSERT_OK_AND_ASSIGN(const SealedRelease sealed, seal(std::move(next), std::move(offer), key_));

  ASSERT_OK_AND_ASSIGN(const Descriptor read, decode_descriptor(sealed.release.text));
  EXPECT_EQ(read.delta, ref);
  EXPECT_THAT(keys_.verify(sealed.release.text, sealed.release.signature), IsOk());
}

// On the share and in the swarm.

TEST_F(StagedDelta, ASmallOneLiesBesideTheTorrent) {
  publish(with_text(1), 2);
  Draft next = drafted(with_text(2), 4, Position{2});
  auto offer = offer_delta(epoch_, next, kMiB);
  const SealedRelease sealed = seal(std::move(next), std::move(offer), key_).value();
  const auto session = SwarmSession::open({.role = SwarmRole::seeder}).value();

  ASSERT_OK_AND_ASSIGN(Stage stage, Stage::open(epoch_, *session, {}, sealed));

  const Descriptor& release = sealed.release.descriptor;
  EXPECT_THAT(share_->list_blobs().value(), testing::UnorderedElementsAre(torrent_blob(release), delta_blob(release)));
  EXPECT_EQ(share_->read_blob(delta_blob(release), kMiB).value(), sealed.delta->delta);
  EXPECT_FALSE(path_exists(temp_ / "state/deltas"));
  EXPECT_THAT(stage.withdraw(*share_, *session), IsOk());
}

TEST_F(StagedDelta, ALargeOneIsServedUntilItIsWithdrawn) {
  publish(with_noise(1), 2);
  Draft next = drafted(with_noise(2), 4, Position{2});
  auto offer = offer_delta(epoch_, next, kMiB);
  const SealedRelease sealed = seal(std::move(next), std::move(offer), key_).value();
  const InfoHash info_hash = sealed.delta.value().info_hash.value();
  const auto session = SwarmSession::open({.role = SwarmRole::seeder}).value();
  ASSERT_OK(DeltaRooms(temp_ / "state", kSeedPurpose).make({sha256("of one that was killed")}));

  ASSERT_OK_AND_ASSIGN(Stage stage, Stage::open(epoch_, *session, {}, sealed));

  EXPECT_EQ(share_->read_blob(delta_blob(sealed.release.descriptor), kMiB).value(), sealed.delta->file);
  EXPECT_TRUE(wait_for([&] {
    session->poll(std::chrono::milliseconds(10));
    return session->status(info_hash).complete;
  }));
  EXPECT_THAT(list_directory(temp_ / "state/deltas").value(), ElementsAre("seed-" + info_hash.hex()));
  ASSERT_OK(stage.withdraw(*share_, *session));
  EXPECT_EQ(session->status(info_hash).wanted, 0U);
  EXPECT_THAT(list_directory(temp_ / "state/deltas").value(), IsEmpty());
}

}  // namespace swarmout::test
