#include "seeder/export.hpp"

#include "tests/seeder/epoch_fixture.hpp"
#include "tests/seeder/pack/packing.hpp"

namespace swarmout::test {

namespace {

/// A tree that is a value, as a source.
class GivenSource final : public Source {
public:
  explicit GivenSource(Tree tree) : tree_(std::move(tree)) {}
  Result<std::optional<std::string>> resolve(const std::string&, std::stop_token) override { return std::nullopt; }
  Result<void> stream(const std::string&, TreeSink& sink, std::stop_token stop) override {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    return feed_in_steps(sink, tree_, kMiB);
  }

private:
  Tree tree_;
};

class ExportTest : public EpochTest {};

}  // namespace

TEST_F(ExportTest, TheTreeIsPacked) {
  GivenSource source({file_of("a", "one"), file_of("b", "two")});

  const auto exported = export_tree(epoch_, source, "r1");

  ASSERT_THAT(exported, IsOk());
  EXPECT_EQ(exported->packed.manifest.nodes.size(), 2U);
  EXPECT_EQ(exported->basis, Position{});
  EXPECT_EQ(status_.collect().phase, Phase::exporting);
  EXPECT_EQ(status_.collect().files, 2U);
  EXPECT_THAT(said_, testing::ElementsAre(testing::HasSubstr("exporting r1")));
}

TEST_F(ExportTest, WhatIsNoTreeIsRefused) {
  GivenSource source({file_of("a", "one"), file_of("a", "two")});

  EXPECT_FALSE(export_tree(epoch_, source, "r1"));
}

TEST_F(ExportTest, AStopEndsIt) {
  GivenSource source({file_of("a", "one")});
  stop_.request_stop();

  EXPECT_THAT(export_tree(epoch_, source, "r1"), FailsWith(ErrorCode::temporary, "stopped"));
}

}  // namespace swarmout::test
