#include "peer/tree/release_links.hpp"

#include "peer/run/active_tree.hpp"
#include "peer/tree/release_trees.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

TEST(ReleaseLinks, ALinkLeadsToOneNameInReleasesOrToNoRelease) {
  const TempDir dir;
  write_symlink(dir / "good", link_to_release("00000001-r1"));
  EXPECT_EQ(release_behind(dir / "good"), "00000001-r1") << "there need be no tree";
  EXPECT_EQ(release_behind(dir / "nothing"), std::nullopt);
  write_file(dir / "file", "releases/00000001-r1");
  EXPECT_EQ(release_behind(dir / "file"), std::nullopt);
  int number = 0;
  for (const char* const target : {"releases/", "releases/.", "releases/..", "releases/a/b", "releases/a/", "releases",
                                   "/srv/releases/a", "./releases/a", "elsewhere"}) {
    const Path link = dir / std::to_string(number++);
    write_symlink(link, target);
    EXPECT_EQ(release_behind(link), std::nullopt) << target;
  }
}

TEST(ReleaseLinks, WhoWaitsForAReleaseKnowsTheNameThatItsTreeGotBesideOneOfAnotherLog) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dir / "dest", dir / "state"));
  Descriptor release;
  release.position = {1};
  release.revision = "r1";
  for (const char* const content : {"of one log", "of another"}) {
    release.manifest = sha256(content);
    ASSERT_OK(trees.begin(release));
    ASSERT_OK(trees.accept(release));
    ASSERT_OK(trees.activate(release));
  }

  const auto active = active_tree(dir / "dest");

  ASSERT_TRUE(active);
  EXPECT_EQ(active->name, distinct_release_name(release));
  EXPECT_TRUE(is_tree_of(*active, release, dir / "no state")) << "also for one who may not look at the records";
}

}  // namespace swarmout::test
