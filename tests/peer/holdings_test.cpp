// What a host holds and which release is active, with real trees, packs and a swarm session, on a disk that fails.

#include "peer/tree/private_copy.hpp"
#include "peer/tree/tree_stamps.hpp"
#include "tests/peer/holdings_fixture.hpp"

namespace swarmout::test {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

}  // namespace

TEST_F(HoldingsTest, WhatTheStoreHasNotYetIsActiveAndNotRecorded) {
  const SealedRelease one = sealed(2);
  const auto retrieval = retrieved(one);

  ASSERT_OK(holdings_->activate(retrieval->goal(), false));
  holdings_->record_again();
  holdings_->prune();

  EXPECT_TRUE(holdings_->in_use());
  EXPECT_FALSE(path_exists(record_of_release(one))) << "a record says that its packs are here";
  ASSERT_OK(holdings_->finish(*retrieval));
  EXPECT_TRUE(path_exists(record_of_release(one)));
}

TEST_F(HoldingsTest, WhatTheStoreCouldNotTakeIsActiveAndToBeFetchedAgain) {
  const SealedRelease one = sealed(2);
  ASSERT_OK(holdings_->activate(fetched(one), false));
  ASSERT_OK_AND_ASSIGN(RetrievalGoal goal, holdings_->prepare(one.release, release_at_));
  ASSERT_OK_AND_ASSIGN(const auto failed, Retrieval::start(holdings_->store(), *session_, std::move(goal)));
  failed->on_event(SwarmFailed{one.release.descriptor.info_hash, {ErrorCode::cannot_write, "a damaged pack", {}}});

  EXPECT_THAT(holdings_->finish(*failed), FailsWith(ErrorCode::cannot_write));

  EXPECT_TRUE(holdings_->in_use());
  EXPECT_FALSE(path_exists(record_of_release(one)));
  Here here;
  holdings_->describe(here);
  EXPECT_TRUE(here.incomplete);
}

TEST_F(HoldingsTest, WhatAKilledServiceHadFetchedStaysUntilItIsInTheStore) {
  const SealedRelease one = sealed(2);
  const RetrievalGoal goal = fetched(one);
  ASSERT_OK(holdings_->activate(goal, false));
  ASSERT_OK_AND_ASSIGN(const auto layouts, list_directory(options_.state / "swarm"));
  ASSERT_EQ(layouts.size(), 1U);

  restart();
  ASSERT_OK(holdings_->switch_to(one.release));
  holdings_->prune();

  EXPECT_EQ(list_directory(options_.state / "swarm").value(), layouts) << "else all of it is fetched again";
  Here here;
  holdings_->describe(here);
  EXPECT_TRUE(here.incomplete);
}

TEST_F(HoldingsTest, AnActivationThatCannotBeRecordedIsOneAllTheSame) {
  const SealedRelease one = sealed(2);
  ASSERT_OK(holdings_->activate(fetched(one), true));
  const SealedRelease two = sealed(4);
  const RetrievalGoal goal = fetched(two);
  block(record_of_release(two));

  ASSERT_OK_AND_ASSIGN(const bool switched, holdings_->activate(goal, true));

  EXPECT_TRUE(switched);
  EXPECT_EQ(holdings_->active_digest(), digest_of(two.release));
  EXPECT_THAT(troubles_.current(), HasSubstr("releases/00000004")) << "the disk is named";
  const Path there = current();
  for (int look = 0; look < 3; ++look) {
    holdings_->inspect();
    holdings_->record_again();
    EXPECT_TRUE(holdings_->in_use()) << "nobody has changed `current` but we";
    holdings_->prune();
  }
  EXPECT_EQ(current(), there);
  EXPECT_THAT(holdings_->store().releases().value(), testing::SizeIs(1));
  EXPECT_TRUE(is_serving(*session_, two.release.descriptor.info_hash)) << "others still get it here";

  std::filesystem::remove_all(record_of_release(two));
  holdings_->record_again();

  EXPECT_THAT(holdings_->store().releases().value(), testing::SizeIs(2));
}

TEST_F(HoldingsTest, WhatWasSwitchedToForItsTreeNeedsNoRecord) {
  const SealedRelease one = sealed(2);
  ASSERT_OK(holdings_->activate(fetched(one), true));
  const SealedRelease two = sealed(4);
  ASSERT_OK(holdings_->activate(fetched(two), true));

  ASSERT_OK_AND_ASSIGN(const bool switched, holdings_->switch_to(one.release));

  EXPECT_TRUE(switched);
  EXPECT_TRUE(holdings_->in_use());
  EXPECT_THAT(troubles_.current(), IsEmpty());
}

TEST_F(HoldingsTest, TheServiceRemovesTheCopyOfAJobThatWasKilledAndLeavesOneThatIsInUse) {
  const SealedRelease one = sealed(2);
  ASSERT_OK(holdings_->activate(fetched(one), true));
  holdings_->tidy(MonotonicTime{} + std::chrono::seconds(1), nullptr);
  const Path left = options_.dest / ".copy-abcdef";  // nobody has a lock on it
  write_file(left / "file", "half done");
  ASSERT_OK_AND_ASSIGN(const PrivateCopy copy, PrivateCopy::make(options_.dest, holdings_->active_tree(), {}));

  holdings_->tidy(MonotonicTime{} + std::chrono::seconds(62), nullptr);

  EXPECT_FALSE(path_exists(left)) << "within a minute";
  EXPECT_TRUE(path_exists(copy.path() / "file"));
  write_file(left / "file", "half done");
  restart();
  holdings_->serve_all({});
  EXPECT_FALSE(path_exists(left)) << "and at its start";
  EXPECT_TRUE(path_exists(copy.path() / "file"));
  EXPECT_THAT(troubles_.current(), IsEmpty());
}

TEST_F(HoldingsTest, ATreeThatWouldGoBecomesTheNextOne) {
  options_.gc.keep = 2;
  const SealedRelease one = sealed(2);
  const SealedRelease two = sealed(4);
  goes_to(one);
  goes_to(two);
  const ino_t steady = inode_of(one, "steady");
  const SealedRelease three = sealed(6);

  goes_to(three);

  EXPECT_EQ(inode_of(three, "steady"), steady);
  EXPECT_EQ(read_file(options_.dest / "current/file", kMiB).value(), noise(100 * kKiB, 6));
  EXPECT_FALSE(holdings_->has_tree(one.release.descriptor));
  EXPECT_TRUE(holdings_->has_tree(two.release.descriptor));
  EXPECT_THAT(said_, testing::Contains(HasSubstr("release 6: made from the tree 00000002-r2")));
  EXPECT_THAT(troubles_.current(), IsEmpty());
  EXPECT_THAT(list_directory(options_.dest / "releases").value(), testing::SizeIs(2));
  EXPECT_THAT(list_directory(options_.state / "trees").value(), testing::SizeIs(2));
  EXPECT_THAT(list_directory(options_.state / "stamps").value(), testing::SizeIs(2));
  const TreeIdentity tree = identity_of(holdings_->tree(three.release.descriptor)).value();
  EXPECT_THAT(read_stamps(options_.state, tree, three.release.descriptor.manifest, 2), IsOk());

  const SealedRelease four = sealed(8);
  goes_to(four);
  goes_to(sealed(10));

  EXPECT_EQ(read_file(options_.dest / "current/file", kMiB).value(), noise(100 * kKiB, 10));
  EXPECT_TRUE(holdings_->has_tree(four.release.descriptor))
      << "the newest stay, whatever their directories were before";
}

TEST_F(HoldingsTest, AReleaseCanBeGoneBackToWhoseTreeWasTaken) {
  options_.gc.keep = 2;
  const SealedRelease one = sealed(2);
  goes_to(one);
  goes_to(sealed(4));
  goes_to(sealed(6));
  ASSERT_FALSE(holdings_->has_tree(one.release.descriptor));

  goes_to(one);

  EXPECT_EQ(read_file(options_.dest / "current/file", kMiB).value(), noise(100 * kKiB, 2));
}

TEST_F(HoldingsTest, WhereOneReleaseIsKeptTheNextIsMadeOfCopies) {
  options_.gc.keep = 1;
  goes_to(sealed(2));
  goes_to(sealed(4));

  EXPECT_THAT(said_, testing::Not(testing::Contains(HasSubstr("made from"))));
  EXPECT_EQ(read_file(options_.dest / "current/file", kMiB).value(), noise(100 * kKiB, 4));
}

// Ways to a release.

namespace {

/// A line of `text` is another one in each release; where `large`, a file is, too.
Tree edition(unsigned number, bool large = false) {
  return {file_of("kept", noise(200 * kKiB)), file_of("noise", noise(40 * kKiB, large ? 100 + number : 100)),
          file_of("text", prose(20 * kKiB) + "edition " + std::to_string(number) + '\n')};
}

}  // namespace

TEST_F(HoldingsTest, AHostThatHasNothingTakesPacksAndSaysWhy) {
  const SealedRelease one = published(edition(1), 2);

  ASSERT_OK_AND_ASSIGN(const RetrievalGoal goal, holdings_->prepare(one.release, release_at_));

  EXPECT_THAT(goal.deltas, IsEmpty());
  EXPECT_EQ(goal.torrent, one.torrent);
  EXPECT_EQ(goal.why_packs, "nothing is here yet");
}

TEST_F(HoldingsTest, AHostThatHasTheReleaseBeforeTakesTheDeltaAndNeedsNoTorrentFromTheShare) {
  ASSERT_OK(holdings_->activate(fetched(published(edition(1), 2)), true));
  const SealedRelease two = published(edition(2), 4);
  ASSERT_OK(share_.remove_blob(torrent_blob(two.release.descriptor)));

  const RetrievalGoal goal = fetched(two);
  ASSERT_OK(holdings_->activate(goal, true));

  EXPECT_THAT(goal.deltas, testing::SizeIs(1));
  EXPECT_EQ(goal.why_packs, "");
  EXPECT_EQ(listing(options_.dest / "current"), listing_of(edition(2)));
  EXPECT_EQ(session_->status(two.release.descriptor.info_hash).downloaded, 0U);
  holdings_.reset();
  session_ = open_session();
  restart();
  holdings_->serve_all(leader_.signer().trusted());
  EXPECT_TRUE(holdings_->in_use());
  EXPECT_TRUE(is_serving(*session_, two.release.descriptor.info_hash)) << "from the .torrent that it made itself";
  EXPECT_THAT(troubles_.current(), IsEmpty());
}

TEST_F(HoldingsTest, AHostThatIsTwoReleasesBehindTakesTwoDeltas) {
  ASSERT_OK(holdings_->activate(fetched(published(edition(1), 2)), true));
  const SealedRelease two = published(edition(2, true), 4);
  const SealedRelease three = published(edition(3, true), 7);
  leader_.serve_delta(two);

  const RetrievalGoal goal = fetched(three);
  ASSERT_OK(holdings_->activate(goal, true));

  EXPECT_THAT(goal.deltas, testing::SizeIs(2));
  EXPECT_EQ(listing(options_.dest / "current"), listing_of(edition(3, true)));
  EXPECT_THAT(delta_rooms(), testing::SizeIs(2)) << "both are served on";
  EXPECT_EQ(session_->status(three.release.descriptor.info_hash).downloaded, 0U);
}

TEST_F(HoldingsTest, WhatIsHereWholeWithItsTorrentIsNotMadeAgain) {
  ASSERT_OK(holdings_->activate(fetched(published(edition(1), 2)), true));
  const SealedRelease two = published(edition(2), 4);
  ASSERT_OK(holdings_->activate(fetched(two), true));
  ASSERT_OK(remove_tree(holdings_->active_tree()));

  ASSERT_OK_AND_ASSIGN(const RetrievalGoal goal, holdings_->prepare(two.release, release_at_));

  EXPECT_THAT(goal.deltas, IsEmpty());
  EXPECT_EQ(goal.torrent, two.torrent);
}

TEST_F(HoldingsTest, OfTheDeltasThatCameThroughTheSwarmTheNewestThreeAreServedOn) {
  const DeltaRooms rooms(options_.state, kPeerPurpose);
  std::vector<InfoHash> deltas;
  for (unsigned i = 0; i < 5; ++i) {
    const std::string delta = noise(20 * kKiB, i);
    const SealedTorrent torrent = seal_delta(delta, Digest{}, "").value();
    SwarmContent content;
    content.torrent = torrent.bytes;
    content.directory = rooms.make(torrent.info_hash, delta, Digest{}).value();
    content.complete = {std::string(kDeltaName), std::string(kDeltaBeforeName)};
    ASSERT_OK(session_->add(content));
    deltas.push_back(torrent.info_hash);
  }

  holdings_->serve_deltas({deltas[0]});
  holdings_->serve_deltas({deltas[1], deltas[2], deltas[3]});
  holdings_->serve_deltas({deltas[4]});

  EXPECT_THAT(delta_rooms(), testing::SizeIs(3));
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    EXPECT_EQ(session_->status(deltas[i]).wanted > 0, i >= 2) << i;
  }
  restart();
  holdings_->serve_all(leader_.signer().trusted());
  EXPECT_THAT(delta_rooms(), IsEmpty()) << "after a restart there is nobody who serves them";
}

TEST_F(HoldingsTest, ADeltaThatIsServedAndComesAgainIsServedOnce) {
  ASSERT_OK(holdings_->activate(fetched(published(edition(1), 2)), true));
  const SealedRelease two = published(edition(2, true), 4);
  ASSERT_OK(holdings_->activate(fetched(two), true));
  ASSERT_OK(remove_tree(options_.state / "torrents"));  // so that it is looked for again
  ASSERT_OK(remove_tree(holdings_->active_tree()));

  const RetrievalGoal again = fetched(two);
  ASSERT_OK(holdings_->activate(again, true));

  EXPECT_THAT(again.deltas, testing::SizeIs(1));
  EXPECT_EQ(listing(options_.dest / "current"), listing_of(edition(2, true)));
  holdings_->serve_deltas({{sha256("a")}, {sha256("b")}});
  EXPECT_THAT(delta_rooms(), testing::SizeIs(1)) << "it is the third";
  holdings_->serve_deltas({{sha256("c")}});
  EXPECT_THAT(delta_rooms(), IsEmpty());
}

}  // namespace swarmout::test
