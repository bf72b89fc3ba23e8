#include "common/base/files.hpp"

#include "common/base/private_files.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace swarmout::test {

namespace {

class FilesTest : public testing::Test {
protected:
  std::vector<std::string> names() const {
    return list_directory(temp_.path()).value_or(std::vector<std::string>{"error"});
  }
  static std::string content(const Path& file) { return read_file(file, 64 * kMiB).value_or("unreadable"); }
  static unsigned mode_of(const Path& file) {
    struct stat info {};
    EXPECT_EQ(::lstat(file.c_str(), &info), 0);
    return info.st_mode & 07777;
  }

  TempDir temp_;
  Path file_ = temp_ / "file";
};

}  // namespace

// read_file()

TEST_F(FilesTest, AFileIsReadWhole) {
  write_file(file_, noise(300'000));

  EXPECT_EQ(content(file_) == noise(300'000), true);
}

TEST_F(FilesTest, AnEmptyFileIsRead) {
  write_file(file_, "");

  EXPECT_EQ(read_file(file_, 0).value_or("error"), "");
}

TEST_F(FilesTest, AFileAsLargeAsTheLimitIsRead) {
  write_file(file_, noise(10'000));

  EXPECT_EQ(read_file(file_, 10'000).value_or("error"), noise(10'000));
}

TEST_F(FilesTest, AFileAboveTheLimitIsRefused) {
  write_file(file_, noise(10'001));

  EXPECT_THAT(read_file(file_, 10'000), FailsWith(ErrorCode::refused, "more than the 10000"));
}

TEST_F(FilesTest, AHugeFileIsRefusedBeforeAnythingIsAllocated) {
  write_file(file_, "");
  ASSERT_EQ(::truncate(file_.c_str(), 1LL << 40), 0);

  EXPECT_THAT(read_file(file_, kMiB), FailsWith(ErrorCode::refused));
}

TEST_F(FilesTest, AFileThatDoesNotStateItsSizeIsRead) {
  EXPECT_THAT(read_file("/proc/self/status", kMiB).value_or(""), testing::HasSubstr("Pid:"));
}

TEST_F(FilesTest, AFileThatDoesNotStateItsSizeIsHeldToTheLimit) {
  EXPECT_THAT(read_file("/proc/self/status", 10), FailsWith(ErrorCode::refused));
}

TEST_F(FilesTest, AMissingFileIsNotFound) {
  EXPECT_THAT(read_file(file_, 1), FailsWith(ErrorCode::not_found, file_.native()));
}

TEST_F(FilesTest, ReadingBeyondTheEndIsRefused) {
  write_file(file_, "12345");
  ASSERT_OK_AND_ASSIGN(const Fd fd, open_file(file_, O_RDONLY));
  std::string buffer(4, '\0');

  EXPECT_THAT(pread_all(fd.get(), std::as_writable_bytes(std::span(buffer)), 1, "x"), IsOk());
  EXPECT_EQ(buffer, "2345");
  EXPECT_THAT(pread_all(fd.get(), std::as_writable_bytes(std::span(buffer)), 2, "x"),
              FailsWith(ErrorCode::refused, "ends too early"));
}

TEST_F(FilesTest, WritesGoWhereTheyBelong) {
  ASSERT_OK_AND_ASSIGN(Fd fd, open_file(file_, O_RDWR | O_CREAT));

  ASSERT_OK(write_all(fd.get(), as_bytes("hello world"), "x"));
  ASSERT_OK(pwrite_all(fd.get(), as_bytes("W"), 6, "x"));
  ASSERT_OK(fd.close("x"));

  EXPECT_EQ(content(file_), "hello World");
  EXPECT_FALSE(fd.valid());
}

// replace_file()

class ReplaceFile : public FilesTest, public testing::WithParamInterface<Durability> {};

TEST_P(ReplaceFile, MakesAFile) {
  ASSERT_OK(replace_file(file_, as_bytes("new"), 0640, GetParam()));

  EXPECT_EQ(content(file_), "new");
  EXPECT_EQ(mode_of(file_), 0640U);
  EXPECT_THAT(names(), testing::ElementsAre("file"));
}

TEST_P(ReplaceFile, ReplacesAFileAndItsMode) {
  write_file(file_, "old and longer", true);

  ASSERT_OK(replace_file(file_, as_bytes("new"), 0600, GetParam()));

  EXPECT_EQ(content(file_), "new");
  EXPECT_EQ(mode_of(file_), 0600U);
  EXPECT_THAT(names(), testing::ElementsAre("file"));
}

TEST_P(ReplaceFile, NeverShowsAPart) {
  const std::string one(200'000, '1');
  const std::string two(200'000, '2');
  ASSERT_OK(replace_file(file_, as_bytes(one), 0644, GetParam()));
  std::atomic<bool> done = false;
  std::jthread reader([&] {
    while (!done) {
      const std::string found = content(file_);
      EXPECT_TRUE(found == one || found == two) << found.size() << " bytes";
    }
  });

  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(replace_file(file_, as_bytes(i % 2 == 0 ? two : one), 0644, GetParam()), IsOk());
  }
  done = true;
}

TEST_P(ReplaceFile, ReplacesALinkAndNotWhatItPointsTo) {
  write_file(temp_ / "target", "precious");
  write_symlink(file_, "target");

  ASSERT_OK(replace_file(file_, as_bytes("new"), 0644, GetParam()));

  EXPECT_EQ(content(temp_ / "target"), "precious");
  EXPECT_EQ(content(file_), "new");
}

TEST_P(ReplaceFile, LeavesNothingBehindWhenItFails) {
  ASSERT_OK(make_directories(file_ / "in the way"));

  EXPECT_FALSE(replace_file(file_, as_bytes("new"), 0644, GetParam()).has_value());

  EXPECT_THAT(names(), testing::ElementsAre("file"));
}

TEST_P(ReplaceFile, NeedsADirectory) {
  EXPECT_THAT(replace_file(temp_ / "none" / "file", as_bytes("new"), 0644, GetParam()),
              FailsWith(ErrorCode::not_found));
}

INSTANTIATE_TEST_SUITE_P(Both, ReplaceFile, testing::Values(Durability::flushed, Durability::cached));

// replace_symlink()

TEST_F(FilesTest, TemporaryFilesOfTheKilledGoAndThoseOfTheLivingStay) {
  write_file(temp_ / ".tmp-left", "half");
  write_file(temp_ / ".tmp-written", "half");
  write_file(temp_ / "other", "whole");
  write_symlink(temp_ / ".tmp-link", "other");
  const Fd writer(::open((temp_ / ".tmp-written").c_str(), O_WRONLY));
  ASSERT_EQ(::flock(writer.get(), LOCK_EX), 0);

  ASSERT_THAT(remove_left_temporaries(temp_.path()), IsOk());

  EXPECT_THAT(names(), testing::ElementsAre(".tmp-link", ".tmp-written", "other"));
}

TEST_F(FilesTest, WhoReplacesFilesIsNotDisturbedByWhoTidiesUp) {
  std::atomic<bool> end{false};
  std::thread tidier([&] {
    while (!end) {
      EXPECT_THAT(remove_left_temporaries(temp_.path()), IsOk());
    }
  });
  for (int i = 0; i < 2000; ++i) {
    ASSERT_THAT(replace_file(temp_ / "file", as_bytes(std::to_string(i)), 0644, Durability::cached), IsOk());
  }
  end = true;
  tidier.join();
  EXPECT_EQ(content(temp_ / "file"), "1999");
  EXPECT_THAT(names(), testing::ElementsAre("file"));
}

TEST_F(FilesTest, ALinkIsMade) {
  ASSERT_OK(replace_symlink(temp_ / "link", "some/where"));

  EXPECT_EQ(std::filesystem::read_symlink(temp_ / "link"), "some/where");
  EXPECT_THAT(names(), testing::ElementsAre("link"));
}

TEST_F(FilesTest, ALinkIsSwitched) {
  ASSERT_OK(replace_symlink(temp_ / "link", "old"));
  ASSERT_OK(replace_symlink(temp_ / "link", "new"));

  EXPECT_EQ(std::filesystem::read_symlink(temp_ / "link"), "new");
  EXPECT_THAT(names(), testing::ElementsAre("link"));
}

TEST_F(FilesTest, ALinkToADirectoryIsSwitchedAndNotFollowed) {
  ASSERT_OK(make_directories(temp_ / "old"));
  ASSERT_OK(replace_symlink(temp_ / "link", "old"));
  ASSERT_OK(replace_symlink(temp_ / "link", "new"));

  EXPECT_EQ(std::filesystem::read_symlink(temp_ / "link"), "new");
  EXPECT_THAT(list_directory(temp_ / "old").value_or(std::vector<std::string>{"?"}), testing::IsEmpty());
}

TEST_F(FilesTest, ALinkDoesNotReplaceADirectory) {
  ASSERT_OK(make_directories(temp_ / "link"));

  EXPECT_FALSE(replace_symlink(temp_ / "link", "new").has_value());
  EXPECT_THAT(names(), testing::ElementsAre("link"));
}

TEST_F(FilesTest, ALinkIsAlwaysThereWhileItIsSwitched) {
  ASSERT_OK(replace_symlink(temp_ / "link", "0"));
  std::atomic<bool> done = false;
  std::jthread reader([&] {
    while (!done) {
      std::error_code error;
      EXPECT_FALSE(std::filesystem::read_symlink(temp_ / "link", error).empty());
      EXPECT_FALSE(error) << error.message();
    }
  });

  for (int i = 1; i < 50; ++i) {
    EXPECT_THAT(replace_symlink(temp_ / "link", std::to_string(i)), IsOk());
  }
  done = true;
}

// list_directory()

TEST_F(FilesTest, NamesAreSortedBytes) {
  for (const char* const name : {"b", "a", "\xff", "A", ".hidden", "a\nb"}) {
    write_file(temp_ / name, "");
  }

  EXPECT_THAT(names(), testing::ElementsAre(".hidden", "A", "a", "a\nb", "b", "\xff"));
}

TEST_F(FilesTest, AMissingDirectoryIsNotFound) {
  EXPECT_THAT(list_directory(temp_ / "none"), FailsWith(ErrorCode::not_found));
}

TEST_F(FilesTest, AFileIsNoDirectory) {
  write_file(file_, "");

  EXPECT_FALSE(list_directory(file_).has_value());
}

// try_lock()

TEST_F(FilesTest, ALockIsForOne) {
  ASSERT_OK_AND_ASSIGN(const auto first, try_lock(file_));
  ASSERT_TRUE(first.has_value());

  ASSERT_OK_AND_ASSIGN(const auto second, try_lock(file_));

  EXPECT_FALSE(second.has_value());
}

TEST_F(FilesTest, ALockIsFreeWhenItsOwnerIsGone) {
  {
    ASSERT_OK_AND_ASSIGN(const auto first, try_lock(file_));
    ASSERT_TRUE(first.has_value());
  }

  EXPECT_TRUE(try_lock(file_).value().has_value());
}

TEST_F(FilesTest, SharedLocksGoTogether) {
  ASSERT_OK_AND_ASSIGN(const auto first, try_lock(file_, LockKind::shared));
  ASSERT_OK_AND_ASSIGN(const auto second, try_lock(file_, LockKind::shared));

  EXPECT_TRUE(first && second);
  EXPECT_FALSE(try_lock(file_).value().has_value()) << "an exclusive one does not";
}

TEST_F(FilesTest, ALockInAMissingDirectoryIsAnError) {
  EXPECT_THAT(try_lock(temp_ / "none" / "lock"), FailsWith(ErrorCode::not_found));
}

// The rest.

TEST_F(FilesTest, ADanglingLinkExists) {
  write_symlink(file_, "nowhere");

  EXPECT_TRUE(path_exists(file_));
  EXPECT_FALSE(path_exists(temp_ / "none"));
}

TEST_F(FilesTest, DirectoriesAreMadeWithTheirParents) {
  ASSERT_OK(make_directories(temp_ / "a/b/c"));
  EXPECT_THAT(make_directories(temp_ / "a/b/c"), IsOk()) << "again";

  EXPECT_TRUE(std::filesystem::is_directory(temp_ / "a/b/c"));
}

TEST_F(FilesTest, ADirectoryBelowAFileIsAnError) {
  write_file(file_, "");

  EXPECT_FALSE(make_directories(file_ / "below").has_value());
}

TEST_F(FilesTest, DescriptorsAreNotPassedOnToOtherPrograms) {
  ASSERT_OK_AND_ASSIGN(const Fd fd, open_file(file_, O_RDWR | O_CREAT));

  EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace swarmout::test
