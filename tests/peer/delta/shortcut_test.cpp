// Releases that are made by deltas.

#include "tests/peer/delta/by_deltas.hpp"

namespace swarmout::test {

TEST_F(ByDeltas, ASmallOneMakesTheWholeReleaseAndNobodyIsNeeded) {
  const SealedRelease second = offered(version(2), 4);
  ASSERT_FALSE(second.delta->info_hash);
  RetrievalGoal goal = this->goal({second});
  goal.peers.clear();

  ASSERT_OK(clone_.fetch(std::move(goal)));

  expect_by_deltas(second, version(2));
  EXPECT_TRUE(rooms().empty());
}

TEST_F(ByDeltas, WhoTookOneServesTheReleaseToWhoHasNothing) {
  const SealedRelease second = offered(version(2), 4);
  ASSERT_OK(clone_.fetch(goal({second})));
  Clone cold;
  RetrievalGoal packs = cold.goal(second, leader_);
  packs.peers = {clone_.session().endpoint()};

  ASSERT_OK(cold.fetch(std::move(packs)));

  EXPECT_EQ(listing(cold.tree({4})), listing_of(version(2)));
}

TEST_F(ByDeltas, ALargeOneComesThroughTheSwarm) {
  const SealedRelease second = offered(version(2, true), 4);
  ASSERT_TRUE(second.delta->info_hash);
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(goal({second})));
  EXPECT_EQ(retrieval->swarm(), *second.delta->info_hash);

  ASSERT_TRUE(ended(*retrieval));

  ASSERT_EQ(retrieval->state(), Retrieval::State::ready) << to_string(retrieval->error());
  expect_by_deltas(second, version(2, true));
  EXPECT_TRUE(retrieval->by_deltas());
  EXPECT_EQ(retrieval->fetched(), second.delta->ref.size);
  EXPECT_EQ(retrieval->swarm(), second.release.descriptor.info_hash);
  EXPECT_EQ(retrieval->served_deltas(), std::vector<InfoHash>{*second.delta->info_hash});
  EXPECT_GE(clone_.session().status(*second.delta->info_hash).downloaded, second.delta->ref.size);
}

TEST_F(ByDeltas, ALargeOneIsHadFromWhoeverHasTakenIt) {
  const SealedRelease second = offered(version(2, true), 4);
  ASSERT_OK(clone_.fetch(goal({second})));
  Clone late;
  leader_.serve(first_);
  ASSERT_OK(late.fetch(late.goal(first_, leader_)));
  RetrievalGoal from_the_clone = goal({second});
  from_the_clone.tree = late.tree({4});
  from_the_clone.peers = {clone_.session().endpoint()};

  ASSERT_OK(late.fetch(std::move(from_the_clone)));

  EXPECT_EQ(listing(late.tree({4})), listing_of(version(2, true)));
  EXPECT_EQ(late.session().status(second.release.descriptor.info_hash).downloaded, 0U);
  EXPECT_EQ(asked_, 0);
}

TEST_F(ByDeltas, SeveralLeadThereOneAfterTheOther) {
  const SealedRelease second = offered(version(2), 4);
  const SealedRelease third = offered(version(3, true), 6);
  const SealedRelease fourth = offered(version(4), 8);
  ASSERT_TRUE(third.delta->info_hash);

  ASSERT_OK(clone_.fetch(goal({second, third, fourth})));

  expect_by_deltas(fourth, version(4));
  EXPECT_THAT(clone_.store().manifest_bytes(third.release.descriptor.manifest), IsOk());
}

TEST_F(ByDeltas, UnchangedFilesAreTakenFromTheTreeBefore) {
  const SealedRelease second = offered(version(2), 4);
  RetrievalGoal goal = this->goal({second});
  goal.previous = first_.release;
  goal.previous_tree = clone_.tree({2});
  const auto before = std::filesystem::last_write_time(clone_.tree({2}) / "data");

  ASSERT_OK(clone_.fetch(std::move(goal)));

  expect_by_deltas(second, version(2));
  EXPECT_EQ(std::filesystem::last_write_time(clone_.tree({4}) / "data"), before);
}

TEST_F(ByDeltas, TheSameContentUnderAnotherNumberGoesOnWithWhatThereIs) {
  const SealedRelease second = offered(version(2, true), 4);
  SignedDescriptor adopted = second.release;
  adopted.descriptor.position = {6};
  adopted.descriptor.delta.reset();
  ASSERT_OK_AND_ASSIGN(const auto retrieval, clone_.start(goal({second})));

  retrieval->adopt(leader_.signer().sign(adopted));

  ASSERT_TRUE(ended(*retrieval));
  ASSERT_EQ(retrieval->state(), Retrieval::State::ready) << to_string(retrieval->error());
  EXPECT_EQ(retrieval->descriptor().position, Position{6});
  expect_by_deltas(second, version(2, true));
}

}  // namespace swarmout::test
