#include "seeder/source/dir_source.hpp"

#include "tests/seeder/source/streaming.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

class DirSourceTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_OK(make_directories(tree_));
    source_ = make_dir_source(tree_);
  }
  std::string resolved() {
    const auto name = source_->resolve("", {});
    EXPECT_THAT(name, IsOk());
    return name ? name->value_or("") : "";
  }
  Result<void> stream() { return stream_guarded(*source_, "", sink_); }
  /// Streams, and lets `meddle` do something once `path` has been announced.
  Result<void> stream_meddling(const std::string& path, const std::function<void()>& meddle) {
    MeddlingSink meddling(sink_, [&](const TreeEntry& entry) -> Result<void> {
      if (entry.path == path) {
        meddle();
      }
      return {};
    });
    return stream_guarded(*source_, "", meddling);
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const Given& each : sink_.given) {
      all.push_back(each.entry.path);
    }
    return all;
  }

  TempDir temp_;
  Path tree_ = temp_ / "tree";
  CollectingSink sink_;
  std::unique_ptr<Source> source_;
};

}  // namespace

TEST_F(DirSourceTest, AnEmptyDirectoryIsAnEmptyTree) {
  ASSERT_OK(stream());

  EXPECT_TRUE(sink_.given.empty());
}

TEST_F(DirSourceTest, EntriesComeInTheOrderOfFullPaths) {
  for (const char* const name : {"a/b", "a-b", "a.b", "ab", "a/a/c"}) {
    write_file(tree_ / name, "x");
  }

  ASSERT_OK(stream());

  EXPECT_THAT(paths(), testing::ElementsAre("a-b", "a.b", "a", "a/a", "a/a/c", "a/b", "ab"));
}

TEST_F(DirSourceTest, AFileOfExactlyOneReadIsWhole) {
  write_file(tree_ / "file", noise(kMiB));

  ASSERT_OK(stream());

  EXPECT_TRUE(sink_.given.at(0).content == noise(kMiB));
}

TEST_F(DirSourceTest, AnyExecuteBitMakesAnExecutable) {
  write_file(tree_ / "file", "x");
  ASSERT_EQ(::chmod((tree_ / "file").c_str(), 0654), 0);

  ASSERT_OK(stream());

  EXPECT_TRUE(sink_.given.at(0).entry.executable);
}

TEST_F(DirSourceTest, ADeepTreeIsWalked) {
  Path deep = tree_;
  for (int i = 0; i < 200; ++i) {
    deep /= "d";
  }
  write_file(deep / "file", "x");

  ASSERT_OK(stream());

  EXPECT_EQ(sink_.given.size(), 201U);
}

TEST_F(DirSourceTest, AFifoIsRefused) {
  ASSERT_EQ(::mkfifo((tree_ / "fifo").c_str(), 0644), 0);

  EXPECT_THAT(stream(), FailsWith(ErrorCode::refused, "fifo"));
}

TEST_F(DirSourceTest, AFifoIsRefusedWhenResolving) {
  ASSERT_EQ(::mkfifo((tree_ / "fifo").c_str(), 0644), 0);

  EXPECT_THAT(source_->resolve("", {}), FailsWith(ErrorCode::refused, "fifo"));
}

TEST_F(DirSourceTest, ASocketIsRefused) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (tree_ / "socket").native().copy(address.sun_path, sizeof address.sun_path - 1);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);

  EXPECT_THAT(stream(), FailsWith(ErrorCode::refused, "socket"));
}

TEST_F(DirSourceTest, AFileInPlaceOfTheDirectoryFails) {
  write_file(temp_ / "file", "x");

  EXPECT_FALSE(make_dir_source(temp_ / "file")->resolve("", {}).has_value());
}

// Files that change while they are read.

TEST_F(DirSourceTest, AFileThatShrinksIsTemporary) {
  write_file(tree_ / "a", "content");
  write_file(tree_ / "b", "content");

  EXPECT_THAT(stream_meddling("a", [&] { write_file(tree_ / "a", "con"); }), FailsWith(ErrorCode::temporary, "\"a\""));
}

TEST_F(DirSourceTest, TheLastFileShrinkingIsTemporary) {
  write_file(tree_ / "a", "content");

  EXPECT_THAT(stream_meddling("a", [&] { write_file(tree_ / "a", "con"); }), FailsWith(ErrorCode::temporary, "\"a\""));
}

TEST_F(DirSourceTest, AFileThatGrowsIsTemporary) {
  write_file(tree_ / "a", "content");

  EXPECT_THAT(stream_meddling("a", [&] { write_file(tree_ / "a", "content and more"); }),
              FailsWith(ErrorCode::temporary, "\"a\""));
}

TEST_F(DirSourceTest, AFileOfWholeReadsThatGrowsIsTemporary) {
  write_file(tree_ / "a", noise(2 * kMiB));

  EXPECT_THAT(stream_meddling("a", [&] { write_file(tree_ / "a", noise(2 * kMiB + 1)); }),
              FailsWith(ErrorCode::temporary, "\"a\""));
}

TEST_F(DirSourceTest, AnEmptyFileThatGrowsIsTemporary) {
  write_file(tree_ / "a", "");

  EXPECT_THAT(stream_meddling("a", [&] { write_file(tree_ / "a", "more"); }), FailsWith(ErrorCode::temporary, "\"a\""));
}

TEST_F(DirSourceTest, AFileThatVanishesFails) {
  write_file(tree_ / "a", "content");

  EXPECT_FALSE(stream_meddling("a", [&] { EXPECT_THAT(remove_tree(tree_ / "a"), IsOk()); }).has_value());
}

TEST_F(DirSourceTest, AFileThatBecomesALinkIsNotFollowed) {
  write_file(tree_ / "a", "content");
  write_file(temp_ / "b", "another");

  const auto done = stream_meddling("a", [&] {
    EXPECT_THAT(remove_tree(tree_ / "a"), IsOk());
    write_symlink(tree_ / "a", (temp_ / "b").native());
  });

  EXPECT_FALSE(done.has_value());
}

TEST_F(DirSourceTest, ADirectoryThatBecomesALinkIsNotFollowed) {
  write_file(tree_ / "a/inside", "content");
  write_file(temp_ / "b/outside", "another");

  const auto done = stream_meddling("a", [&] {
    EXPECT_THAT(remove_tree(tree_ / "a"), IsOk());
    write_symlink(tree_ / "a", (temp_ / "b").native());
  });

  EXPECT_FALSE(done.has_value());
  EXPECT_THAT(paths(), testing::ElementsAre("a"));
}

// Names of states.

TEST_F(DirSourceTest, AnotherStateThanThePresentOneIsNotFound) {
  write_file(tree_ / "a", "content");
  const std::string old = resolved();
  write_file(tree_ / "a", "content and more");

  EXPECT_THAT(source_->resolve(old, {}), FailsWith(ErrorCode::not_found, old));
}

TEST_F(DirSourceTest, ThePresentStateIsFoundByItsName) {
  write_file(tree_ / "a", "content");

  const auto again = source_->resolve(resolved(), {});

  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*again, resolved());
}

TEST_F(DirSourceTest, ANewFileGivesANewName) {
  const std::string before = resolved();
  write_file(tree_ / "a", "");

  EXPECT_NE(resolved(), before);
}

TEST_F(DirSourceTest, ARenamedFileGivesANewName) {
  write_file(tree_ / "a", "content");
  const std::string before = resolved();
  std::filesystem::rename(tree_ / "a", tree_ / "b");

  EXPECT_NE(resolved(), before);
}

TEST_F(DirSourceTest, AnExecuteBitGivesANewName) {
  write_file(tree_ / "a", "content");
  const std::string before = resolved();
  ASSERT_EQ(::chmod((tree_ / "a").c_str(), 0755), 0);

  EXPECT_NE(resolved(), before);
}

TEST_F(DirSourceTest, AnotherLinkTargetGivesANewName) {
  write_symlink(tree_ / "a", "one");
  const std::string before = resolved();
  ASSERT_OK(remove_tree(tree_ / "a"));
  write_symlink(tree_ / "a", "two");

  EXPECT_NE(resolved(), before);
}

TEST_F(DirSourceTest, AnotherTimeOfAFileGivesANewName) {
  write_file(tree_ / "a", "content");
  const std::string before = resolved();
  const timespec times[2] = {{1000, 0}, {1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (tree_ / "a").c_str(), times, 0), 0);

  EXPECT_NE(resolved(), before);
}

TEST_F(DirSourceTest, TimesOfDirectoriesDoNotMatter) {
  write_file(tree_ / "a/b", "content");
  const std::string before = resolved();
  const timespec times[2] = {{1000, 0}, {1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (tree_ / "a").c_str(), times, 0), 0);

  EXPECT_EQ(resolved(), before);
}

TEST_F(DirSourceTest, AStopWhileResolvingIsTemporary) {
  write_file(tree_ / "a", "content");
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(source_->resolve("", stop.get_token()), FailsWith(ErrorCode::temporary));
}

TEST_F(DirSourceTest, ADirectoryThatIsNotThereIsNotFound) {
  EXPECT_THAT(make_dir_source(temp_ / "none")->resolve("", {}), FailsWith(ErrorCode::not_found, "is not there"));
}

TEST_F(DirSourceTest, AFileInPlaceOfTheDirectoryIsNotFound) {
  write_file(temp_ / "file", "x");

  EXPECT_THAT(make_dir_source(temp_ / "file")->resolve("", {}), FailsWith(ErrorCode::not_found, "is no directory"));
}

}  // namespace swarmout::test
