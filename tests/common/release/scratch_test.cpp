#include "common/release/scratch.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

class ScratchTest : public testing::Test {
protected:
  Scratch made() { return Scratch::make(place()).value(); }
  const Path& place() const { return temp_.path(); }
  std::vector<std::string> names() const { return list_directory(place()).value(); }
  /// In another process, which is killed.
  void make_and_die() const {
    const pid_t child = ::fork();
    if (child == 0) {
      auto scratch = Scratch::make(place());
      if (scratch && write_new_file(scratch->path() / "half.pack", {}, "half.pack")) {
        ::kill(::getpid(), SIGKILL);
      }
      ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  TempDir temp_;
};

}  // namespace

TEST_F(ScratchTest, EachIsADirectoryOfItsOwn) {
  const Scratch one = made();
  const Scratch other = made();

  EXPECT_NE(one.path(), other.path());
  EXPECT_TRUE(path_exists(one.path()));
  EXPECT_TRUE(path_exists(other.path()));
}

TEST_F(ScratchTest, ItGoesWithItsOwner) {
  {
    const Scratch scratch = made();
    ASSERT_THAT(write_new_file(scratch.path() / "half.pack", {}, "half.pack"), IsOk());
  }

  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(ScratchTest, WhatALivingOwnerHasIsLeftAlone) {
  const Scratch scratch = made();
  ASSERT_THAT(write_new_file(scratch.path() / "half.pack", {}, "half.pack"), IsOk());

  ASSERT_THAT(Scratch::clear(place()), IsOk());

  EXPECT_TRUE(path_exists(scratch.path() / "half.pack"));
}

TEST_F(ScratchTest, WhatAKilledOneLeftIsRemoved) {
  make_and_die();
  ASSERT_THAT(names(), testing::Not(testing::IsEmpty()));

  ASSERT_THAT(Scratch::clear(place()), IsOk());

  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(ScratchTest, ADirectoryWithoutALockIsNobodys) {
  ASSERT_THAT(make_directories(place() / "left"), IsOk());

  ASSERT_THAT(Scratch::clear(place()), IsOk());

  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(ScratchTest, AFileOfAnOlderVersionIsRemovedWhenItIsOld) {
  ASSERT_THAT(write_new_file(place() / "new.pack", {}, "new.pack"), IsOk());
  ASSERT_THAT(write_new_file(place() / "old.pack", {}, "old.pack"), IsOk());
  const auto days_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(48);
  std::filesystem::last_write_time(place() / "old.pack", days_ago);

  ASSERT_THAT(Scratch::clear(place()), IsOk());

  EXPECT_THAT(names(), testing::ElementsAre("new.pack"));
}

}  // namespace swarmout::test
