// A repository with submodules and Git LFS content, from the cron line to the trees of other hosts.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/process.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

class Superproject : public testing::Test {
protected:
  void SetUp() override {
    for (const Path& each : {lib_, super_}) {
      std::filesystem::create_directories(each);
      git(each, {"init", "-q", "-b", "main"});
      git(each, {"lfs", "install", "--local", "--skip-repo"});
      write_file(each / ".gitattributes", "*.bin filter=lfs -text\n");
    }
    write_file(lib_ / "lib.c", "lib\n");
    write_file(lib_ / "inner.bin", noise(300'000, 1));
    commit(lib_);
    write_file(super_ / "outer.bin", noise(3 * kMiB, 2));
    write_file(super_ / "README", "one\n");
    git(super_, {"submodule", "--quiet", "add", "../lib", "third/lib"});
    commit(super_);
  }
  void commit(const Path& repository) {
    git(repository, {"add", "--all"});
    git(repository, {"commit", "-qm", "change"});
  }
  Process seed(const std::string& slot, const Fleet::Options& more = {}) {
    Fleet::Options options{"--slot", slot, "--max-attempts", "1"};
    options.insert(options.end(), more.begin(), more.end());
    return fleet_.seed(1, "git+" + super_.native(), options);
  }
  /// What git checks out, without what is its own; the content of LFS is in the checkouts already.
  Path expected() {
    const Path copy = fleet_.scratch("expected");
    std::filesystem::remove_all(copy);
    std::filesystem::copy(super_, copy,
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
    std::filesystem::remove_all(copy / ".git");
    std::filesystem::remove_all(copy / "third/lib/.git");
    return copy;
  }

  Fleet fleet_;
  const Path lib_ = fleet_.scratch("lib");
  const Path super_ = fleet_.scratch("super");

private:
  void git(const Path& repository, const Fleet::Options& arguments) {
    Fleet::Options argv{"git",         "-C", repository.native(),       "-c", "protocol.file.allow=always", "-c",
                        "user.name=a", "-c", "user.email=a@example.org"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Finished done = run({argv, {{"GIT_CONFIG_GLOBAL", "/dev/null"}}}, fleet_.scratch("git"));
    ASSERT_EQ(done.status, 0) << done.err;
  }
};

}  // namespace

TEST_F(Superproject, ReachesEveryHostWithAllThatBelongsToIt) {
  Process one = fleet_.peer(1);
  Process two = fleet_.peer(2);
  ASSERT_EQ(seed("first").wait(), 0);
  EXPECT_TRUE(wait_for([&] { return fleet_.all_equal(2, expected()); }));

  write_file(super_ / "README", "two\n");
  write_file(super_ / "outer.bin", noise(3 * kMiB, 3));
  commit(super_);
  ASSERT_EQ(seed("second").wait(), 0);

  EXPECT_TRUE(wait_for([&] { return fleet_.all_equal(2, expected()); }));
}

TEST_F(Superproject, IsNotPublishedWithoutWhatCannotBeHad) {
  std::filesystem::rename(lib_ / ".git/lfs", lib_ / ".git/aside");
  Process without_content = seed("first");
  EXPECT_EQ(without_content.wait(), 1);
  EXPECT_THAT(without_content.err(), HasSubstr("third/lib/inner.bin"));

  std::filesystem::rename(lib_, fleet_.scratch("gone"));
  std::filesystem::remove_all(Path(fleet_.state(1)) / "git");
  Process without_submodule = seed("second");
  EXPECT_EQ(without_submodule.wait(), 1);
  EXPECT_THAT(without_submodule.err(), HasSubstr("third/lib"));

  EXPECT_EQ(seed("third", {"--allow-empty-submodules", "--quorum", "0", "--min-copies", "0"}).wait(), 0);
}

}  // namespace swarmout::test
