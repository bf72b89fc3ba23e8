// Hosts of different histories, after each release of a random one: all of them have the same.

#include "tests/peer/fetch/swarming.hpp"
#include "tests/support/random_history.hpp"

namespace swarmout::test {

namespace {

Tree given(const MadeTree& made) {
  Tree tree;
  for (const auto& [path, entry] : made) {
    if (entry.kind == Node::Kind::directory) {
      tree.push_back({directory(path), ""});
    } else if (entry.kind == Node::Kind::symlink) {
      tree.push_back({symlink(path, entry.content), ""});
    } else {
      tree.push_back(file_of(path, entry.content, entry.kind == Node::Kind::executable));
    }
  }
  return tree;
}

/// One host, which updates by deltas where it may.
class Follow {
public:
  explicit Follow(bool by_deltas) : by_deltas_(by_deltas) {}

  /// `since`: what was published since it has looked, the newest last.
  void update(const std::vector<SealedRelease>& since, const Leader& leader) {
    const SealedRelease& newest = since.back();
    RetrievalGoal goal = clone_.goal(newest, leader);
    if (!by_deltas_) {
      copy_packs(newest, leader);
    }
    if (previous_) {
      goal.previous = previous_->release;
      goal.previous_tree = tree();
      for (std::size_t i = 0; by_deltas_ && i < since.size(); ++i) {
        goal.deltas.push_back({since[i].release.descriptor, since[i].delta.value().file});
      }
    }
    goal.ask_torrent = []() -> Result<std::string> { return fail(ErrorCode::failed, "its delta was no good"); };
    ASSERT_OK(clone_.fetch(std::move(goal)));
    ASSERT_OK(clone_.store().record(newest.release));
    if (previous_) {
      clone_.session().remove(previous_->release.descriptor.info_hash);
    }
    previous_ = newest;
  }
  void expect(const SealedRelease& newest, const Tree& tree, const Leader& leader) {
    EXPECT_EQ(listing(this->tree()), listing_of(tree));
    EXPECT_EQ(clone_.store().manifest_bytes(newest.release.descriptor.manifest), leader.manifest_bytes(newest));
    for (const PackInfo& pack : leader.manifest(newest).packs) {
      EXPECT_TRUE(clone_.store().check_pack(pack.root, pack.size).value_or(false));
    }
  }

private:
  /// As if they had come through the swarm, which takes longer.
  void copy_packs(const SealedRelease& release, const Leader& leader) {
    EXPECT_THAT(clone_.store().put_manifest(leader.manifest_bytes(release)), IsOk());
    for (const PackInfo& each : leader.manifest(release).packs) {
      std::filesystem::copy_file(leader.store().pack_path(each.root), clone_.store().pack_path(each.root),
                                 std::filesystem::copy_options::skip_existing);
    }
  }
  Path tree() const { return clone_.tree(previous_->release.descriptor.position); }

  const bool by_deltas_;
  Clone clone_;
  std::optional<SealedRelease> previous_;
};

class Histories : public testing::TestWithParam<unsigned> {};

}  // namespace

TEST_P(Histories, EndInTheSameTreesManifestsAndPacks) {
  RandomHistory history(GetParam());
  std::mt19937 random(GetParam());
  Leader leader;
  Follow every(true);
  Follow some(true);
  Follow packs(false);
  std::vector<SealedRelease> missed;
  for (std::uint64_t position = 2; position <= 30; position += 2) {
    history.step();
    MadeTree made = history.tree();
    made["large"] = {Node::Kind::file,
                     random_bytes(random, position == 14 ? 30 * kKiB : 100)};  // that one by the swarm
    const Tree tree = given(made);
    leader.move();
    const SealedRelease release = leader.update(tree, position);
    leader.serve(release);
    ASSERT_EQ(release.delta.has_value(), position > 2);
    missed.push_back(release);
    for (const SealedRelease& each : missed) {
      if (each.delta && each.delta->info_hash) {
        leader.serve_delta(each);  // at its new address
      }
    }

    every.update({release}, leader);
    packs.update({release}, leader);
    every.expect(release, tree, leader);
    packs.expect(release, tree, leader);
    if (position == 2 || random() % 3 == 0) {
      some.update(std::exchange(missed, {}), leader);
      some.expect(release, tree, leader);
    }
    ASSERT_FALSE(testing::Test::HasFailure()) << "release " << position;
  }
}

INSTANTIATE_TEST_SUITE_P(Random, Histories, testing::Values(1U, 2U, 3U));

}  // namespace swarmout::test
