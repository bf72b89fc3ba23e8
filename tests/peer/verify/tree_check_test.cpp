#include "peer/verify/tree_check.hpp"

#include "tests/peer/verify/verifying.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class TreeCheckTest : public VerifyingTest {
protected:
  TreeCheckTest() { unpack(some_tree()); }
};

/// One byte of it, and neither its size nor its time.
void flip_byte(const Path& path, Bytes at) {
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  const auto file = open_file(path, O_RDWR);
  std::byte byte{};
  ASSERT_OK(pread_all(file->get(), std::span(&byte, 1), at, "it"));
  byte ^= std::byte{1};
  ASSERT_OK(pwrite_all(file->get(), std::span(&byte, 1), at, "it"));
  const timespec times[2] = {info.st_atim, info.st_mtim};
  ASSERT_EQ(::futimens(file->get(), times), 0);
}

}  // namespace

TEST_F(TreeCheckTest, ATreeAsItWasSignedIsWell) {
  const TreeCheck found = check();

  EXPECT_THAT(found.differences, IsEmpty());
  EXPECT_EQ(found.files, 4U);
  EXPECT_EQ(found.bytes, manifest_.tree_size());
}

TEST_F(TreeCheckTest, OneBitIsSeenWhereverItIs) {
  for (const Bytes at : {Bytes{0}, 9 * kMiB, 20 * kMiB + 16}) {
    flip_byte(target_ / "dir/large", at);
    EXPECT_THAT(faults(), ElementsAre(Pair("dir/large", Fault::content))) << "byte " << at;
    flip_byte(target_ / "dir/large", at);
  }
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(TreeCheckTest, AFileOfSeveralDamagedPartsIsToldOnce) {
  flip_byte(target_ / "dir/large", 0);
  flip_byte(target_ / "dir/large", 19 * kMiB);

  EXPECT_THAT(faults(), ElementsAre(Pair("dir/large", Fault::content)));
}

TEST_F(TreeCheckTest, AFileThatIsShorterOrLongerHasOtherContent) {
  std::filesystem::resize_file(target_ / "text", 10);
  std::filesystem::resize_file(target_ / "empty", 1);

  EXPECT_THAT(faults(), ElementsAre(Pair("empty", Fault::content), Pair("text", Fault::content)));
}

TEST_F(TreeCheckTest, WhatIsNotThereIsMissingWithAllThatWasBelow) {
  std::filesystem::remove_all(target_ / "dir");
  std::filesystem::remove(target_ / "void");
  std::filesystem::remove(target_ / "link");

  EXPECT_THAT(faults(),
              ElementsAre(Pair("dir", Fault::missing), Pair("dir/large", Fault::missing),
                          Pair("dir/run", Fault::missing), Pair("link", Fault::missing), Pair("void", Fault::missing)));
}

TEST_F(TreeCheckTest, WhatTheManifestDoesNotHaveIsExtra) {
  write_file(target_ / "void/new/deep", "x");
  write_file(target_ / "dir/.hidden", "");
  write_symlink(target_ / "another", "text");

  EXPECT_THAT(faults(), ElementsAre(Pair("another", Fault::extra), Pair("dir/.hidden", Fault::extra),
                                    Pair("void/new", Fault::extra)));
}

TEST_F(TreeCheckTest, AnotherTypeIsSeen) {
  std::filesystem::remove(target_ / "text");
  std::filesystem::create_directories(target_ / "text/in");
  std::filesystem::remove(target_ / "void");
  write_file(target_ / "void", "");
  std::filesystem::remove(target_ / "empty");
  ASSERT_EQ(::mkfifo((target_ / "empty").c_str(), 0644), 0);

  EXPECT_THAT(faults(), ElementsAre(Pair("empty", Fault::type), Pair("text", Fault::type), Pair("void", Fault::type)))
      << "and nobody waits for the FIFO's other end";
}

TEST_F(TreeCheckTest, ALinkInPlaceOfADirectoryIsNotFollowed) {
  std::filesystem::rename(target_ / "dir", target_ / "elsewhere");
  write_symlink(target_ / "dir", "elsewhere");

  EXPECT_THAT(faults(), ElementsAre(Pair("dir", Fault::type), Pair("dir/large", Fault::missing),
                                    Pair("dir/run", Fault::missing), Pair("elsewhere", Fault::extra)));
}

TEST_F(TreeCheckTest, TheExecutableBitAndALinksTargetCount) {
  ASSERT_EQ(::chmod((target_ / "dir/run").c_str(), 0644), 0);
  ASSERT_EQ(::chmod((target_ / "text").c_str(), 0755), 0);
  std::filesystem::remove(target_ / "link");
  write_symlink(target_ / "link", "dir/largest");

  EXPECT_THAT(faults(), ElementsAre(Pair("dir/run", Fault::executable), Pair("link", Fault::target),
                                    Pair("text", Fault::executable)));
}

TEST_F(TreeCheckTest, OtherContentIsWorseThanAnExecutableBit) {
  ASSERT_EQ(::chmod((target_ / "dir/large").c_str(), 0755), 0);
  flip_byte(target_ / "dir/large", 12 * kMiB);

  EXPECT_THAT(faults(), ElementsAre(Pair("dir/large", Fault::content)));
}

TEST_F(TreeCheckTest, OtherModesTimesAndOwnersDoNotCount) {
  ASSERT_EQ(::chmod((target_ / "text").c_str(), 0600), 0);
  const timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (target_ / "text").c_str(), times, 0), 0);

  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(TreeCheckTest, ProgressEndsWithAllOfIt) {
  std::atomic<Bytes> most{0};
  std::atomic<Bytes> all{0};

  ASSERT_OK(check_tree(manifest_, target_,
                       [&](const CheckProgress& progress) {
                         Bytes seen = most;
                         while (seen < progress.done && !most.compare_exchange_weak(seen, progress.done)) {
                         }
                         all = progress.all;
                       },
                       {}));

  EXPECT_EQ(most, manifest_.tree_size());
  EXPECT_EQ(all, manifest_.tree_size());
}

TEST_F(TreeCheckTest, ItStopsWhenItIsAskedTo) {
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(check_tree(
                  manifest_, target_, [](const CheckProgress&) {}, stop.get_token()),
              FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(TreeCheckTest, ATreeThatIsNotThereIsAnError) {
  EXPECT_THAT(check_tree(manifest_, temp_ / "nowhere", [](const CheckProgress&) {}, {}),
              FailsWith(ErrorCode::not_found, "nowhere"));
}

TEST(TreeCheckSummary, KindsAreCountedInTheirOrder) {
  EXPECT_EQ(summary_of({{Fault::content, "a"}, {Fault::missing, "b"}, {Fault::content, "c"}}), "1 missing, 2 content");
  EXPECT_EQ(summary_of({}), "");
}

}  // namespace swarmout::test
