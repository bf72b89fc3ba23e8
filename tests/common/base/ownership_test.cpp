#include "common/base/owner/ownership.hpp"

#include "common/base/private_files.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

constexpr uid_t kSomebody = 12345;

/// A directory of somebody who is not root. Only root can make one.
class OwnershipTest : public testing::Test {
protected:
  void SetUp() override {
    if (::geteuid() != 0 || ::chown(place_.path().c_str(), kSomebody, kSomebody) != 0) {
      GTEST_SKIP() << "only root has things to hand over";
    }
  }
  static uid_t owner_of(const Path& path) {
    struct stat info {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info.st_uid;
  }

  TempDir place_;
  TempDir outside_;
};

}  // namespace

TEST_F(OwnershipTest, WhatRootMakesInAnotherUsersDirectoryIsThatUsers) {
  ASSERT_OK_AND_ASSIGN(const auto lock, try_lock(place_ / "some.lock"));
  ASSERT_OK(make_private_directory(place_ / "pins", Closing::quiet));
  ASSERT_OK(replace_file(place_ / "pins" / "one", as_bytes("x")));
  ASSERT_OK(make_directories_for_owner(place_ / "swarm" / "part" / "deep"));

  EXPECT_TRUE(lock);
  for (const char* const each : {"some.lock", "pins", "pins/one", "swarm", "swarm/part", "swarm/part/deep"}) {
    EXPECT_EQ(owner_of(place_ / each), kSomebody) << each;
  }
}

TEST_F(OwnershipTest, WhatAnOlderVersionHasLeftIsHandedOver) {
  write_file(place_ / "some.lock", "");
  ASSERT_EQ(::chmod((place_ / "some.lock").c_str(), 0600), 0);
  std::filesystem::create_directory(place_ / "pins");

  ASSERT_OK(try_lock(place_ / "some.lock"));
  ASSERT_OK(make_private_directory(place_ / "pins", Closing::quiet));

  EXPECT_EQ(owner_of(place_ / "some.lock"), kSomebody);
  EXPECT_EQ(owner_of(place_ / "pins"), kSomebody);
}

TEST_F(OwnershipTest, AStateDirectoryIsWhoMadeItsWhereverItIs) {
  ASSERT_OK(make_private_directory(place_ / "state"));

  EXPECT_EQ(owner_of(place_ / "state"), 0U);
}

TEST_F(OwnershipTest, NothingIsHandedOverByATrap) {
  write_file(outside_ / "precious", "root's");
  ASSERT_EQ(::link((outside_ / "precious").c_str(), (place_ / "linked").c_str()), 0);
  write_symlink(place_ / "pointed", (outside_ / "precious").native());

  hand_over(place_ / "linked");
  hand_over(place_ / "pointed");

  EXPECT_EQ(owner_of(outside_ / "precious"), 0U);
}

}  // namespace swarmout::test
