// A tree that nobody uses any more becomes another one: only what differs is touched.

#include "tests/peer/tree/renewing.hpp"

#include <algorithm>

namespace swarmout::test {

namespace fs = std::filesystem;

TEST_P(RenewalTest, OnlyWhatDiffersIsTouched) {
  const std::string large = noise(9 * kMiB + 17);
  make_old({{directory("becomes-file"), ""},
            file_of("becomes-file/in", "it"),
            {directory("becomes-link"), ""},
            {directory("dir"), ""},
            file_of("dir/edited", "before"),
            file_of("dir/same", prose(50 * kKiB)),
            file_of("empty", ""),
            file_of("file-to-dir", "x"),
            file_of("file-to-link", "x"),
            {directory("gone"), ""},
            {directory("gone/deep"), ""},
            file_of("gone/deep/file", "x"),
            file_of("large", large),
            file_of("large-edited", large),
            {symlink("link", "dir/same"), ""},
            {symlink("link-edited", "dir"), ""},
            {symlink("link-to-file", "dir/same"), ""},
            file_of("no-more-empty", ""),
            file_of("now-run", "run me"),
            file_of("run", "#!/bin/sh\n", true)});
  std::map<std::string, struct stat> before;
  for (const char* const each : {"dir/same", "empty", "large", "run", "link"}) {
    before[each] = info(each);
  }
  const struct stat now_run = info("now-run");
  const Manifest manifest = packed({file_of("becomes-file", "a file"),
                                    {symlink("becomes-link", "/outside"), ""},
                                    {directory("dir"), ""},
                                    file_of("dir/edited", "after"),
                                    file_of("dir/same", prose(50 * kKiB)),
                                    file_of("empty", ""),
                                    {directory("file-to-dir"), ""},
                                    file_of("file-to-dir/in", "x"),
                                    {symlink("file-to-link", "x"), ""},
                                    file_of("large", large),
                                    file_of("large-edited", large.substr(0, 5 * kMiB) + '!' + large.substr(5 * kMiB)),
                                    {symlink("link", "dir/same"), ""},
                                    {symlink("link-edited", "dir/same"), ""},
                                    file_of("link-to-file", "y"),
                                    {directory("new"), ""},
                                    file_of("new/empty", "", true),
                                    file_of("no-more-empty", "full"),
                                    file_of("now-run", "run me", true),
                                    file_of("run", "#!/bin/sh\n", true)},
                                   old_);

  ASSERT_OK(renew(manifest));

  EXPECT_EQ(looks(target_), fresh(manifest));
  for (const auto& [name, was] : before) {
    EXPECT_TRUE(is_untouched(was, info(name))) << name;
  }
  EXPECT_TRUE(is_same_file(now_run, info("now-run"))) << "only its mode is another";
  EXPECT_EQ(unpacker_->kept_files(), 5U);
  EXPECT_EQ(unpacker_->written(), manifest.tree_size());
  EXPECT_THAT(unpacker_->seal(), IsOk());
}

TEST_P(RenewalTest, ATreeThatIsTheSameIsNotTouchedAtAll) {
  make_old(kSmall);
  const auto before = info("dir/a");
  const auto folder = info("dir");

  ASSERT_OK(renew(old_));

  EXPECT_EQ(listing(target_), listing_of(kSmall));
  EXPECT_TRUE(is_untouched(before, info("dir/a")));
  EXPECT_TRUE(is_untouched(folder, info("dir")));
  EXPECT_FALSE(unpacker_->needs(0));
}

TEST_P(RenewalTest, WhatWasEditedWithoutATraceInSizeAndTimeIsFoundOut) {
  make_old(kSmall);
  edit_in_secret(target_ / "dir/a");

  ASSERT_OK(renew_and_seal(kSmall));

  EXPECT_EQ(listing(target_), listing_of(kSmall));
}

TEST_P(RenewalTest, WithoutStampsFilesAreReadAndThoseThatAreRightStay) {
  make_old(kSmall);
  const auto before = info("dir/b");
  edit_in_secret(target_ / "dir/a");
  stamps_.clear();

  ASSERT_OK(renew_and_seal(kSmall));

  EXPECT_EQ(listing(target_), listing_of(kSmall));
  EXPECT_EQ(info("dir/b").st_ino, before.st_ino);
}

TEST_P(RenewalTest, WithoutTheOldManifestFilesAreReadAndThoseThatAreRightStay) {
  make_old(kSmall);
  const auto before = info("dir/b");
  edit_in_secret(target_ / "dir/a");
  const OldTree unknown{nullptr, {}, look_};

  ASSERT_OK_AND_ASSIGN(const KeptNodes kept, renew_tree(old_, target_, unknown, nullptr));

  EXPECT_EQ(std::count(kept.kept.begin(), kept.kept.end(), 1), 4) << "a was edited, and dir is not counted";
  EXPECT_EQ(info("dir/b").st_ino, before.st_ino);
  EXPECT_FALSE(path_exists(target_ / "dir/a"));
}

TEST_P(RenewalTest, AFileWithAnotherNameOutsideIsMadeAnewAndNothingIsWrittenThere) {
  make_old(kSmall);
  Tree tree = kSmall;
  tree[1] = file_of("dir/a", "another content of a");
  fs::create_hard_link(target_ / "dir/a", outside_ / "a");
  fs::create_hard_link(target_ / "dir/b", outside_ / "b");
  fs::remove(target_ / "empty");
  fs::create_hard_link(outside_ / "precious", target_ / "empty");
  fs::remove(target_ / "run");
  fs::create_symlink(outside_ / "precious", target_ / "run");

  ASSERT_OK(renew_and_seal(tree));

  EXPECT_EQ(listing(target_), listing_of(tree));
  EXPECT_EQ(read_file(outside_ / "a", 100).value(), "content of a");
  EXPECT_EQ(read_file(outside_ / "b", 100).value(), "content of b");
  EXPECT_NE(info("dir/b").st_ino, info_of(outside_ / "b").st_ino);
  fs::remove(outside_ / "a");
  fs::remove(outside_ / "b");
}

TEST_P(RenewalTest, ADirectoryThatBecameALinkOutsideIsNotFollowed) {
  make_old(kSmall);
  fs::remove_all(target_ / "dir");
  fs::create_symlink(outside_, target_ / "dir");

  ASSERT_OK(renew_and_seal(kSmall));

  EXPECT_EQ(listing(target_), listing_of(kSmall));
}

TEST_P(RenewalTest, WhatUsersHaveBuiltOrChangedIsPutRight) {
  make_old(kSmall);
  const auto expected = looks(target_);
  write_file(target_ / "dir/out/a.o", "built");
  write_file(target_ / "b.o", "built");
  write_file(target_ / "dir/with space/\xff", "x");
  ASSERT_EQ(::mkfifo((target_ / "fifo").c_str(), 0666), 0);
  ASSERT_EQ(::chmod((target_ / "dir/out").c_str(), 0), 0);
  ASSERT_EQ(::chmod((target_ / "dir/a").c_str(), 04777), 0);
  ASSERT_EQ(::chmod((target_ / "run").c_str(), 0600), 0);
  ASSERT_EQ(::chmod((target_ / "dir").c_str(), 0500), 0);
  ASSERT_EQ(::chmod(target_.c_str(), 01777), 0);

  ASSERT_OK(renew_and_seal(kSmall));

  EXPECT_EQ(looks(target_), expected);
}

TEST_P(RenewalTest, WhatBelongsToAnotherUserIsMadeAnew) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root gives files away";
  }
  make_old(kSmall);
  const auto expected = looks(target_);
  for (const char* const each : {"dir", "dir/a", "link", "empty"}) {
    ASSERT_EQ(::lchown((target_ / each).c_str(), 65534, 65534), 0);
  }

  ASSERT_OK(renew_and_seal(kSmall));

  EXPECT_EQ(looks(target_), expected);
}

TEST_P(RenewalTest, WhatIsNotAsInTheActiveTreeHasTheTimeOfNow) {
  const Manifest active = packed({{directory("dir"), ""}, file_of("dir/a", "other"), file_of("dir/b", "content of b")});
  const Path beside = temp_ / "target-active";
  fs::create_directories(beside);
  ASSERT_OK(unpack_all(active, beside));
  make_old(kSmall);
  const timespec then[2] = {{1'000'000'000, 5}, {1'000'000'000, 5}};
  for (const char* const each : {"dir/a", "dir/b", "run"}) {
    ASSERT_EQ(::utimensat(AT_FDCWD, (target_ / each).c_str(), then, 0), 0);
  }
  let_time_pass();
  ASSERT_OK_AND_ASSIGN(stamps_, unpacker_->seal());
  const auto a = info("dir/a");
  const PreviousTree previous{beside, active};

  ASSERT_OK(renew(old_, &previous));

  EXPECT_EQ(listing(target_), listing_of(kSmall));
  EXPECT_GT(info("dir/a").st_mtim.tv_sec, 1'600'000'000) << "a make(1) in the active tree has built the other one";
  EXPECT_EQ(info("dir/a").st_ino, a.st_ino);
  EXPECT_GT(info("run").st_mtim.tv_sec, 1'600'000'000) << "which the active tree does not have";
  EXPECT_EQ(info("dir/b").st_mtim.tv_sec, 1'000'000'000);
}

TEST_P(RenewalTest, SomebodyWhoHasTouchedAFileDoesNotChangeItsTime) {
  const Path beside = temp_ / "target-active";
  fs::create_directories(beside);
  const Manifest active = packed(kSmall);
  ASSERT_OK(unpack_all(active, beside));
  make_old(kSmall);
  const timespec tomorrow[2] = {{4'000'000'000, 0}, {4'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (target_ / "dir/a").c_str(), tomorrow, 0), 0);
  const PreviousTree previous{beside, active};

  ASSERT_OK(renew(old_, &previous));

  EXPECT_TRUE(info("dir/a").st_mtim.tv_sec == info_of(beside / "dir/a").st_mtim.tv_sec);
}

TEST_P(RenewalTest, AllOfATreeCanBeRemoved) {
  make_old(kSmall);
  ASSERT_EQ(::chmod((target_ / "dir").c_str(), 0), 0);
  ASSERT_EQ(::chmod(target_.c_str(), 0700), 0);

  ASSERT_OK(empty_tree(target_, look_));

  EXPECT_EQ(looks(target_).size(), 1U);
  EXPECT_EQ(info("").st_mode & 07777, look_.mode);
}

INSTANTIATE_TEST_SUITE_P(Renewal, RenewalTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Believing" : "Looking"; });

}  // namespace swarmout::test
