#include "common/base/remove_tree.hpp"

#include "tests/support/ordinary_user.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

class RemoveTreeTest : public testing::Test {
protected:
  RemoveTreeTest() { write_file(outside_ / "precious", "do not touch"); }
  void TearDown() override {
    EXPECT_EQ(read_file(outside_ / "precious", 100).value_or("gone"), "do not touch");
    for (const std::string& name : list_directory(temp_.path()).value_or(std::vector<std::string>())) {
      EXPECT_TRUE(name == "outside" || name == "tree") << name << " is new";
    }
  }

  /// A chain of `depth` directories, each with a file and a second directory, so that there is something to come back
  /// for. A path this long cannot be given to the kernel at once.
  void make_deep_tree(int depth) {
    ASSERT_OK(make_directories(tree_));
    ASSERT_OK_AND_ASSIGN(Fd at, open_file(tree_, O_RDONLY | O_DIRECTORY));
    for (int i = 0; i < depth; ++i) {
      const Fd file(::openat(at.get(), "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      ASSERT_TRUE(file.valid());
      ASSERT_EQ(::mkdirat(at.get(), "a", 0755), 0);
      ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0);
      ASSERT_EQ(::mkdirat(at.get(), "z", 0755), 0);
      Fd below(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      ASSERT_TRUE(below.valid()) << i;
      at = std::move(below);
    }
  }

  TempDir temp_;
  Path outside_ = temp_ / "outside";
  Path tree_ = temp_ / "tree";
};

/// Puts back what it changed.
class DescriptorLimit {
public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lower = before_;
    lower.rlim_cur = limit;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

}  // namespace

TEST_F(RemoveTreeTest, AMissingPathIsNoError) {
  EXPECT_THAT(remove_tree(tree_), IsOk());
  EXPECT_THAT(remove_tree(tree_ / "below"), IsOk());
}

TEST_F(RemoveTreeTest, AFileIsRemoved) {
  write_file(tree_, "x");

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, AnEmptyDirectoryIsRemoved) {
  ASSERT_OK(make_directories(tree_));

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, AnythingThatATreeMayHoldIsRemoved) {
  make_awkward_tree(tree_);
  ASSERT_EQ(::mkfifo((tree_ / "fifo").c_str(), 0644), 0);
  ASSERT_EQ(::chmod((tree_ / "bin").c_str(), 0555), 0);

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, ALinkIsRemovedAndNotFollowed) {
  write_symlink(tree_, outside_.native());

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, LinksWithinAreRemovedAndNotFollowed) {
  write_symlink(tree_ / "absolute", outside_.native());
  write_symlink(tree_ / "up", "../outside");
  write_symlink(tree_ / "file", "../outside/precious");
  write_symlink(tree_ / "dangling", "nowhere");
  write_symlink(tree_ / "dir/itself", ".");

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, AHardLinkElsewhereKeepsItsContent) {
  ASSERT_OK(make_directories(tree_));
  ASSERT_EQ(::link((outside_ / "precious").c_str(), (tree_ / "link").c_str()), 0);

  ASSERT_OK(remove_tree(tree_));
}

TEST_F(RemoveTreeTest, ManyFilesAndDirectoriesAreRemoved) {
  for (int i = 0; i < 3000; ++i) {
    if (i % 3 == 0) {
      ASSERT_OK(make_directories(tree_ / ("directory-" + std::to_string(i)) / "below"));
    } else {
      write_file(tree_ / ("a file with a name that is not a short one " + std::to_string(i)), "");
    }
  }

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, TwoThousandLevelsAreRemovedWithFewDescriptors) {
  make_deep_tree(2000);
  const DescriptorLimit limit(256);

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, ADeepTreeBesideOthersIsRemoved) {
  make_deep_tree(150);
  make_awkward_tree(tree_ / "y");
  make_awkward_tree(tree_ / "d/y");

  ASSERT_OK(remove_tree(tree_));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, LinksInTheParentsAreFollowed) {
  write_file(tree_ / "real/doomed/file", "x");
  write_file(tree_ / "real/kept", "x");
  write_symlink(tree_ / "link", "real");

  ASSERT_OK(remove_tree(tree_ / "link/doomed"));

  EXPECT_FALSE(path_exists(tree_ / "real/doomed"));
  EXPECT_TRUE(path_exists(tree_ / "real/kept"));
}

TEST_F(RemoveTreeTest, ASlashAtTheEndMakesNoDifference) {
  write_file(tree_ / "file", "x");

  ASSERT_OK(remove_tree(tree_ / ""));

  EXPECT_FALSE(path_exists(tree_));
}

TEST_F(RemoveTreeTest, DirectoriesThatTheirOwnerMayNotChangeAreOpenedFirst) {
  for (const unsigned mode : {0555U, 0444U, 0000U, 0111U}) {
    write_file(tree_ / "closed" / "below" / "file", "x");
    write_file(tree_ / "closed" / "file", "x");
    ::chmod((tree_ / "closed" / "below").c_str(), mode);
    ::chmod((tree_ / "closed").c_str(), mode);
    ::chmod(tree_.c_str(), 0555);

    EXPECT_EQ(as_ordinary_user(temp_.path(), [&] { return words_of(remove_tree(tree_)); }), "well") << mode;

    EXPECT_FALSE(path_exists(tree_)) << mode;
  }
}

TEST_F(RemoveTreeTest, InAnOpenDirectoryThatItsOwnerMayNotChangeItIsRemovedAllTheSame) {
  write_file(tree_ / "file", "x");
  write_file(tree_ / "tree" / "file", "x");
  ::chmod((tree_).c_str(), 0555);
  for (const char* const name : {"file", "tree"}) {
    const std::string said = as_ordinary_user(temp_.path(), [&] {
      const auto around = open_file(tree_, O_RDONLY | O_DIRECTORY);
      return around ? words_of(remove_in(around->get(), name, tree_ / name)) : "cannot open it";
    });

    EXPECT_EQ(said, "well") << name;
    EXPECT_FALSE(path_exists(tree_ / name));
  }
}

TEST_F(RemoveTreeTest, WhatIsAroundTheTreeIsNotOpened) {
  write_file(temp_ / "tree" / "file", "x");
  const std::string said = as_ordinary_user(temp_.path(), [&] {
    ::chmod(temp_.path().c_str(), 0555);
    const std::string words = words_of(remove_tree(tree_));
    ::chmod(temp_.path().c_str(), 0755);
    return words;
  });

  EXPECT_NE(said, "well");
  EXPECT_TRUE(path_exists(tree_));
}

}  // namespace swarmout::test
