// The second release of a git source: only what differs is asked of git.

#include "tests/e2e/fleet.hpp"
#include "tests/support/process.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Changes : public testing::Test {
protected:
  void SetUp() override {
    make_awkward_tree(tree_);
    std::filesystem::remove_all(tree_ / "void");  // git keeps no empty directories
    git({"init", "-q", "-b", "main"});
    // A git that takes down what it is asked.
    write_file(wrapper_ / "git",
               "#!/bin/sh\necho \"$*\" >> \"" + asked_.native() + "\"\nPATH=${PATH#*:} exec git \"$@\"\n", true);
  }
  void commit() {
    git({"add", "--all", "--force"});
    git({"commit", "-qm", "change"});
  }
  void publish(const std::string& slot) {
    std::filesystem::remove(asked_);
    Process seed = fleet_.seed(1, "git+" + repository_.native() + "#main", {"--slot", slot},
                               {{"PATH", wrapper_.native() + ":" + std::getenv("PATH")}});
    ASSERT_EQ(seed.wait(), 0) << seed.err();
  }
  std::string asked() const { return read_file(asked_, kMiB).value_or(""); }

  Fleet fleet_;
  const Path tree_ = fleet_.scratch("source");
  const Path repository_ = fleet_.scratch("repository.git");
  const Path wrapper_ = fleet_.scratch("bin");
  const Path asked_ = fleet_.scratch("asked");

private:
  void git(const Fleet::Options& arguments) {
    Fleet::Options argv{"git",         "--git-dir", repository_.native(),      "--work-tree", tree_.native(), "-c",
                        "user.name=a", "-c",        "user.email=a@example.org"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Finished done = run({argv, {}}, fleet_.scratch("git"));
    ASSERT_EQ(done.status, 0) << done.err;
  }
};

}  // namespace

TEST_F(Changes, OfAChangedLineOnlyTheChangeIsAskedOfGit) {
  Process one = fleet_.peer(1);
  Process two = fleet_.peer(2);
  commit();
  publish("first");
  EXPECT_THAT(asked(), HasSubstr(" archive "));
  ASSERT_TRUE(wait_for([&] { return fleet_.all_equal(2, tree_); }));

  write_file(tree_ / "README", "one line is another one\n");
  std::filesystem::remove(tree_ / "twin-1");
  commit();
  publish("second");

  EXPECT_THAT(asked(), HasSubstr(" diff-tree "));
  EXPECT_THAT(asked(), Not(HasSubstr(" archive ")));
  EXPECT_TRUE(wait_for([&] { return fleet_.all_equal(2, tree_); }));
}

TEST_F(Changes, AStateThatWasMadeAnewExportsEverything) {
  Process one = fleet_.peer(2);
  commit();
  publish("first");
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet_.current(2)); }));
  std::filesystem::remove_all(fleet_.state(1));

  write_file(tree_ / "README", "another line\n");
  commit();
  publish("second");

  EXPECT_THAT(asked(), HasSubstr(" archive "));
}

}  // namespace swarmout::test
