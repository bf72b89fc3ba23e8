#include "peer/tree/pins.hpp"

#include "peer/tree/private_copy.hpp"
#include "peer/tree/release_trees.hpp"
#include "tests/peer/keep/keep_newest.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace swarmout::test {

namespace {

using ::testing::IsEmpty;

Descriptor pinned_release(std::uint64_t position) {
  Descriptor descriptor;
  descriptor.position = {position};
  descriptor.revision = "r" + std::to_string(position);
  descriptor.manifest = sha256(descriptor.revision);
  return descriptor;
}

class PinsTest : public testing::Test {
protected:
  Path tree() const { return dir_ / "tree"; }
  void SetUp() override { ASSERT_OK(make_directories(tree())); }
  bool is_pinned(const Path& path) {
    const auto free = try_unpinned(path);
    EXPECT_THAT(free, IsOk());
    return free && !*free;
  }
  static bool cannot_be_pinned(const Path& path) {
    const auto pin = pin_tree(path);
    return pin && !*pin;
  }

  TempDir dir_;
};

/// A process that pins `path`, says so, and then does `what`.
pid_t holder(const Path& path, const std::function<void(const Pin&)>& what) {
  int told[2];
  EXPECT_EQ(::pipe(told), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto pin = pin_tree(path);
    const char yes = pin && *pin ? 'y' : 'n';
    if (::write(told[1], &yes, 1) != 1 || yes == 'n') {
      ::_exit(1);
    }
    ::close(told[1]);
    what(**pin);
    ::_exit(0);
  }
  ::close(told[1]);
  char yes = 'n';
  EXPECT_EQ(::read(told[0], &yes, 1), 1);
  EXPECT_EQ(yes, 'y');
  ::close(told[0]);
  return pid;
}

void wait_for_ever(const Pin&) {
  while (true) {
    ::pause();
  }
}

}  // namespace

TEST_F(PinsTest, APinHoldsUntilItGoes) {
  {
    ASSERT_OK_AND_ASSIGN(const auto pin, pin_tree(tree()));
    ASSERT_TRUE(pin);
    ASSERT_OK_AND_ASSIGN(const auto another, pin_tree(tree()));
    EXPECT_TRUE(another) << "any number of jobs may work in a tree";
    EXPECT_TRUE(is_pinned(tree()));
  }
  EXPECT_FALSE(is_pinned(tree()));
}

TEST_F(PinsTest, APinOfAProcessThatIsKilledIsGone) {
  const pid_t pid = holder(tree(), wait_for_ever);
  EXPECT_TRUE(is_pinned(tree()));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_FALSE(is_pinned(tree()));
}

TEST_F(PinsTest, AChildGoesOnHoldingWhatItInherited) {
  const Path ready = dir_ / "ready";
  int gone[2];
  ASSERT_EQ(::pipe2(gone, O_CLOEXEC), 0);
  const pid_t pid = holder(tree(), [&](const Pin& pin) {
    ::fcntl(pin.descriptor(), F_SETFD, 0);
    const std::string end = std::to_string(gone[0]);
    ::fcntl(gone[0], F_SETFD, 0);
    if (::fork() == 0) {
      ::close(gone[1]);
      const std::string read_it = ": > '" + ready.native() + "'; cat <&" + end + " >/dev/null";
      ::execlp("sh", "sh", "-c", read_it.c_str(), nullptr);
    }
    wait_for_ever(pin);
  });
  ::close(gone[0]);
  ASSERT_TRUE(wait_for([&] { return path_exists(ready); }));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(is_pinned(tree())) << "by the child of the one that was killed";
  ::close(gone[1]);
  EXPECT_TRUE(wait_for([&] { return !is_pinned(tree()); }));
}

TEST_F(PinsTest, WhatIsNotThereOrIsNoDirectoryCannotBePinned) {
  EXPECT_TRUE(cannot_be_pinned(dir_ / "nothing"));
  write_file(dir_ / "file", "");
  EXPECT_TRUE(cannot_be_pinned(dir_ / "file"));
  write_symlink(dir_ / "link", "tree");
  EXPECT_TRUE(cannot_be_pinned(dir_ / "link")) << "a link leads elsewhere tomorrow";
}

TEST_F(PinsTest, ATreeThatIsMovedAwayAtThatMomentIsNotPinned) {
  // One moves trees away and back for ever, as whoever removes them does it: under the exclusive lock.
  std::jthread mover([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto free = try_unpinned(tree());
      if (free && *free) {
        ::rename(tree().c_str(), (dir_ / "doomed").c_str());
        ::rename((dir_ / "doomed").c_str(), tree().c_str());
      }
    }
  });
  int pinned = 0;
  int missed = 0;
  for (int i = 0; i < 20000 && (pinned < 200 || missed < 200); ++i) {
    ASSERT_OK_AND_ASSIGN(const auto pin, pin_tree(tree()));
    if (!pin) {
      ++missed;
      continue;
    }
    ++pinned;
    EXPECT_TRUE(path_exists(tree())) << "it was moved away under a pin";
  }
  EXPECT_GT(pinned, 0);
}

TEST_F(PinsTest, OnlyWhatNobodyWorksInIsRemoved) {
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dir_ / "dest", dir_ / "state"));
  for (std::uint64_t i = 1; i <= 4; ++i) {
    ASSERT_OK_AND_ASSIGN(const Path incoming, trees.begin(pinned_release(i)));
    write_file(incoming / "file", "x");
    ASSERT_OK(trees.accept(pinned_release(i)));
  }
  ASSERT_OK(trees.activate(pinned_release(4)));
  const Path worked_in = trees.tree(pinned_release(1));
  const pid_t pid = holder(worked_in, wait_for_ever);
  EXPECT_THAT(keep_newest(1, trees, dir_ / "state"), IsOk());
  EXPECT_TRUE(path_exists(worked_in / "file"));
  EXPECT_FALSE(trees.has(pinned_release(2)));
  EXPECT_FALSE(trees.has(pinned_release(3)));
  EXPECT_TRUE(trees.has(pinned_release(4)));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_THAT(keep_newest(1, trees, dir_ / "state"), IsOk());
  EXPECT_FALSE(path_exists(worked_in)) << "at the next time";
}

TEST_F(PinsTest, WhatWasActiveBeforeIsRemembered) {
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dir_ / "dest", dir_ / "state"));
  for (std::uint64_t i = 1; i <= 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const Path incoming, trees.begin(pinned_release(i)));
    ASSERT_OK(trees.accept(pinned_release(i)));
    ASSERT_OK(trees.activate(pinned_release(i)));
    ASSERT_OK(trees.activate(pinned_release(i)));
  }
  EXPECT_EQ(std::filesystem::read_symlink(dir_ / "dest" / ".previous"), "releases/00000001-r1");
}

TEST_F(PinsTest, ACopyCanBeWrittenToAndGoes) {
  make_awkward_tree(tree());
  const auto before = listing(tree());
  Path copied;
  {
    ASSERT_OK_AND_ASSIGN(const PrivateCopy copy, PrivateCopy::make(dir_.path(), tree(), {}));
    copied = copy.path();
    EXPECT_EQ(listing(copied), before);
    write_file(copied / "README", "changed");
    EXPECT_THAT(remove_left_copies(dir_.path()), IsOk());
    EXPECT_TRUE(path_exists(copied)) << "somebody works in it";
  }
  EXPECT_FALSE(path_exists(copied));
  EXPECT_EQ(listing(tree()), before) << "the tree is another one";
}

TEST_F(PinsTest, ACopyWhoseOwnerDiedIsRemovedByTheNext) {
  make_awkward_tree(tree());
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto copy = PrivateCopy::make(dir_.path(), tree(), {});
    ::_exit(copy ? 0 : 1);  // without its destructor
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_THAT(remove_left_copies(dir_.path()), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto left, list_directory(dir_.path()));
  EXPECT_THAT(left, testing::ElementsAre("tree"));
}

}  // namespace swarmout::test
