#include "common/base/mounts.hpp"

#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

/// Directories and links are real; which of them are mounts is made up.
class Mounts : public testing::Test {
protected:
  void SetUp() override {
    std::filesystem::create_directories(temp_ / "nfs/inside");
    std::filesystem::create_directories(temp_ / "local");
  }
  static std::string line(const std::string& point, const std::string& type, const std::string& options) {
    return fmt::format("device {} {} {} 0 0\n", point, type, options);
  }
  std::string nfs(const std::string& name, const std::string& address) const {
    return line((temp_ / name).native(), "nfs4", "rw,vers=4.2,addr=" + address + ",local_lock=none");
  }
  std::string server(const Path& path) const { return server_of(path, mounts_); }
  void link(const Path& target, const std::string& name) const {
    std::filesystem::create_directory_symlink(target, temp_ / name);
  }

  TempDir temp_;
  std::string mounts_ = line("/", "ext4", "rw") + nfs("nfs", "192.0.2.7");
};

}  // namespace

TEST_F(Mounts, APathOnANetworkMountHasItsServer) {
  EXPECT_EQ(server(temp_ / "nfs"), "192.0.2.7");
  EXPECT_EQ(server(temp_ / "nfs/inside/share"), "192.0.2.7");
  EXPECT_EQ(server(temp_ / "local/../nfs/./share"), "192.0.2.7");
}

TEST_F(Mounts, APathOnALocalFileSystemHasNone) {
  EXPECT_EQ(server(temp_ / "local/share"), "");
  EXPECT_EQ(server(temp_ / "nfs-not"), "") << "only its name begins alike";
  EXPECT_EQ(server("/"), "");
}

TEST_F(Mounts, TheInnermostMountCountsAndOfTwoAtOnePlaceTheLast) {
  mounts_ += nfs("nfs/inside", "192.0.2.8");
  EXPECT_EQ(server(temp_ / "nfs/inside/share"), "192.0.2.8");
  mounts_ += nfs("nfs/inside", "192.0.2.9");
  EXPECT_EQ(server(temp_ / "nfs/inside/share"), "192.0.2.9");
}

TEST_F(Mounts, LinksToAMountAreFollowed) {
  link(temp_ / "nfs/inside", "absolute");
  link("../nfs", "local/relative");
  link("absolute", "twice");

  EXPECT_EQ(server(temp_ / "absolute/share"), "192.0.2.7");
  EXPECT_EQ(server(temp_ / "local/relative"), "192.0.2.7");
  EXPECT_EQ(server(temp_ / "twice"), "192.0.2.7");
}

TEST_F(Mounts, ALinkOnANetworkMountIsNotLookedAt) {
  link(temp_ / "local", "nfs/out");

  EXPECT_EQ(server(temp_ / "nfs/out/share"), "192.0.2.7");
}

TEST_F(Mounts, NorIsOneOnAMountOfFuseOrOneThatIsMountedWhenItIsLookedAt) {
  link(temp_ / "nfs", "local/link");
  for (const char* const type : {"fuse.glusterfs", "autofs"}) {
    mounts_ += line((temp_ / "local").native(), type, "rw");
    EXPECT_EQ(server(temp_ / "local/link"), "") << type;
  }
}

TEST_F(Mounts, LinksThatGoRoundEnd) {
  link("b", "a");
  link("a", "b");

  EXPECT_EQ(server(temp_ / "a/share"), "");
}

TEST_F(Mounts, APlaceWithASpaceInItsNameIsFound) {
  mounts_ += nfs("with\\040space", "192.0.2.8");

  EXPECT_EQ(server(temp_ / "with space/share"), "192.0.2.8");
}

TEST_F(Mounts, WithoutATableNothingIsKnown) {
  mounts_.clear();

  EXPECT_EQ(server(temp_ / "nfs"), "");
}

TEST_F(Mounts, WhatIsMountedAtAPathOrBelowItIsFound) {
  mounts_ += line("/srv/a\\040b/c", "tmpfs", "rw");

  EXPECT_EQ(first_mount_within("/srv/a b/c", mounts_), "/srv/a b/c");
  EXPECT_EQ(first_mount_within("/srv/a b", mounts_), "/srv/a b/c");
  EXPECT_EQ(first_mount_within("/srv/a b/c/d", mounts_), std::nullopt) << "that is above it";
  EXPECT_EQ(first_mount_within("/srv/a", mounts_), std::nullopt) << "only its name begins alike";
}

TEST_F(Mounts, TheKindOfAFileSystemIsThatOfTheInnermostMount) {
  mounts_ += line((temp_ / "local/a\\040b").native(), "nfs4", "rw,addr=192.0.2.8");
  EXPECT_EQ(type_of(temp_ / "local/a b/share", mounts_), "nfs4");
  EXPECT_EQ(type_of("/etc", mounts_), "ext4");
  EXPECT_EQ(type_of("/etc", ""), "");
}

}  // namespace swarmout::test
