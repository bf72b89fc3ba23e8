#include "peer/tree/tree_writer.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace swarmout::test {

namespace {

using Create = TreeWriter::Create;

class TreeWriterTest : public testing::Test {
protected:
  TreeWriterTest() {
    write_file(outside_ / "precious", "do not touch");
    std::filesystem::create_directories(root_);
    writer_.emplace(TreeWriter::open(root_).value());
  }
  void TearDown() override {
    EXPECT_EQ(read_file(outside_ / "precious", 100).value_or(""), "do not touch");
    EXPECT_EQ(list_directory(outside_).value(), std::vector<std::string>{"precious"}) << "something was made outside";
  }
  Result<void> put(const std::string& path, std::string_view content, Create create = Create::must_be_new) {
    TRY_ASSIGN(Fd file, writer_->open_file(path, false, create));
    TRY(write_all(file.get(), as_bytes(content), path));
    return file.close(path);
  }
  Result<std::string> get(const std::string& path) {
    TRY_ASSIGN(const Fd file, writer_->open_for_reading(path));
    struct stat info {};
    EXPECT_EQ(::fstat(file.get(), &info), 0);
    std::string content(static_cast<std::size_t>(info.st_size), '\0');
    TRY(pread_all(file.get(), std::as_writable_bytes(std::span(content)), 0, path));
    return content;
  }

  TempDir temp_;
  Path root_ = temp_ / "root";
  Path outside_ = temp_ / "outside";
  std::optional<TreeWriter> writer_;
};

/// With few descriptors left, as in a service with a thousand connections.
class FewDescriptors {
public:
  FewDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const Fd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit few{static_cast<rlim_t>(next.get()) + 20, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

private:
  rlimit before_{};
};

}  // namespace

TEST_F(TreeWriterTest, MakesWhatItIsTold) {
  ASSERT_OK(writer_->make_directory("dir"));
  ASSERT_OK(put("dir/file", "content"));
  ASSERT_OK(writer_->make_symlink("dir/link", "../anything at all"));
  ASSERT_OK(writer_->open_file("dir/run", true, Create::must_be_new));

  const auto found = listing(root_);

  EXPECT_EQ(found.size(), 4U);
  EXPECT_EQ(get("dir/file").value_or(""), "content");
  EXPECT_EQ(found.at("dir/link"), "link ../anything at all");
  EXPECT_TRUE(found.at("dir/run").starts_with("exec 0 "));
}

TEST_F(TreeWriterTest, APathMayHave4000BytesIn2000Levels) {
  const FewDescriptors few;
  std::string path = "d";
  ASSERT_OK(writer_->make_directory(path));
  for (int level = 2; level < 2000; ++level) {
    path += "/d";
    ASSERT_OK(writer_->make_directory(path));
  }
  path += "/fi";
  ASSERT_EQ(path.size(), 4000U);

  ASSERT_OK(put(path, "deep"));

  EXPECT_EQ(get(path).value_or(""), "deep");
  EXPECT_EQ(TreeWriter::open(root_).value().open_for_reading(path).has_value(), true) << "also from the root, at once";
}

TEST_F(TreeWriterTest, APathMayHave4000BytesInNamesOf255) {
  std::string path;
  for (int level = 0; level < 15; ++level) {
    path += std::string(255, static_cast<char>('a' + level));
    ASSERT_OK(writer_->make_directory(path));
    path += '/';
  }
  path += std::string(4000 - path.size(), 'f');

  ASSERT_OK(put(path, "long"));

  EXPECT_EQ(get(path).value_or(""), "long");
}

TEST_F(TreeWriterTest, ANameOf256BytesIsAnError) {
  EXPECT_FALSE(put(std::string(256, 'n'), "x"));
}

TEST_F(TreeWriterTest, GoesBackAndForthBetweenDirectories) {
  const std::vector<std::string> directories = {"a", "a/b", "a/b/c", "ab", "a/bc", "z"};
  for (const std::string& each : directories) {
    ASSERT_OK(writer_->make_directory(each));
  }
  std::map<std::string, std::string> expected;
  for (const std::string& from : directories) {
    for (const std::string& to : directories) {
      ASSERT_OK(put(from + "/1-" + std::to_string(expected.size()), "x"));
      expected[from + "/1-" + std::to_string(expected.size())] = "x";
      ASSERT_OK(put(to + "/2-" + std::to_string(expected.size()), "x"));
      expected[to + "/2-" + std::to_string(expected.size())] = "x";
    }
  }

  for (const auto& [path, content] : expected) {
    EXPECT_EQ(read_file(root_ / path, 100).value_or(""), content) << path;
  }
}

TEST_F(TreeWriterTest, AfterAFailureTheNextPathIsStillRight) {
  ASSERT_OK(writer_->make_directory("a"));
  ASSERT_OK(writer_->make_directory("a/b"));
  ASSERT_OK(put("a/b/1", "x"));

  EXPECT_FALSE(put("a/b/missing/deeper/2", "x"));
  EXPECT_FALSE(put("missing/3", "x"));
  ASSERT_OK(put("a/b/4", "x"));

  EXPECT_EQ(list_directory(root_ / "a/b").value(), (std::vector<std::string>{"1", "4"}));
}

TEST_F(TreeWriterTest, MustBeNewMeansThat) {
  ASSERT_OK(put("file", "first"));

  EXPECT_FALSE(put("file", "second"));

  EXPECT_EQ(get("file").value_or(""), "first");
}

TEST_F(TreeWriterTest, MayExistKeepsWhatIsThere) {
  ASSERT_OK(put("file", "first"));

  ASSERT_OK(put("file", "SEC", Create::may_exist));

  EXPECT_EQ(get("file").value_or(""), "SECst") << "other chunks of the file are in place already";
}

TEST_F(TreeWriterTest, ADirectoryIsNotMadeTwice) {
  ASSERT_OK(writer_->make_directory("dir"));

  EXPECT_FALSE(writer_->make_directory("dir"));
}

TEST_F(TreeWriterTest, ALinkToADirectoryIsNotFollowed) {
  write_symlink(root_ / "dir", "../outside");

  EXPECT_FALSE(put("dir/file", "x"));
  EXPECT_FALSE(writer_->make_directory("dir"));
  EXPECT_FALSE(writer_->make_directory("dir/sub"));
  EXPECT_FALSE(writer_->make_symlink("dir/link", "x"));
  EXPECT_FALSE(writer_->remove("dir/precious"));
  EXPECT_FALSE(get("dir/precious"));
}

TEST_F(TreeWriterTest, ALinkInTheMiddleOfAPathIsNotFollowed) {
  std::filesystem::create_directories(root_ / "real/sub");
  write_symlink(root_ / "real/link", "sub");

  EXPECT_FALSE(put("real/link/file", "x"));

  EXPECT_TRUE(list_directory(root_ / "real/sub").value().empty()) << "not even inside the tree";
}

TEST_F(TreeWriterTest, ALinkInPlaceOfAFileIsNotFollowed) {
  write_symlink(root_ / "file", "../outside/precious");
  write_symlink(root_ / "dangling", "../outside/new");

  for (const Create create : {Create::must_be_new, Create::may_exist}) {
    EXPECT_FALSE(put("file", "x", create));
    EXPECT_FALSE(put("dangling", "x", create));
  }
  EXPECT_FALSE(get("file"));
}

TEST_F(TreeWriterTest, RemoveTakesTheLinkAndNotWhatItPointsTo) {
  write_symlink(root_ / "file", "../outside/precious");

  ASSERT_OK(writer_->remove("file"));

  EXPECT_FALSE(path_exists(root_ / "file"));
}

TEST_F(TreeWriterTest, RemovingWhatIsNotThereIsNoError) {
  EXPECT_THAT(writer_->remove("file"), IsOk());
}

TEST_F(TreeWriterTest, OnlyARegularFileIsRead) {
  ASSERT_OK(writer_->make_directory("dir"));
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0644), 0);

  EXPECT_THAT(writer_->open_for_reading("dir"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(writer_->open_for_reading("fifo"), FailsWith(ErrorCode::not_found)) << "and it does not wait for one";
  EXPECT_THAT(writer_->open_for_reading("missing"), FailsWith(ErrorCode::not_found));
}

TEST_F(TreeWriterTest, ARootThatIsNoDirectoryIsAnError) {
  EXPECT_FALSE(TreeWriter::open(outside_ / "precious"));
  EXPECT_THAT(TreeWriter::open(temp_ / "missing"), FailsWith(ErrorCode::not_found));
}

TEST_F(TreeWriterTest, APartOfZerosTakesNoSpaceAndItsLengthCounts) {
  ASSERT_OK_AND_ASSIGN(const Fd file, writer_->open_file("file", false, Create::must_be_new));

  ASSERT_OK(write_part(file, as_bytes(std::string(4 * kMiB, '\0')), 4 * kMiB, "file"));
  ASSERT_OK(write_part(file, as_bytes("start"), 0, "file"));

  struct stat info {};
  ASSERT_EQ(::fstat(file.get(), &info), 0);
  EXPECT_EQ(static_cast<Bytes>(info.st_size), 8 * kMiB);
  EXPECT_LT(static_cast<Bytes>(info.st_blocks) * 512, kMiB);
}

TEST_F(TreeWriterTest, APartWithOneByteThatIsNotZeroIsWritten) {
  for (const std::size_t at : {0UL, 1UL, 50'000UL, 99'999UL}) {
    std::string content(100'000, '\0');
    content[at] = 'x';
    const std::string path = "file" + std::to_string(at);
    ASSERT_OK_AND_ASSIGN(const Fd file, writer_->open_file(path, false, Create::must_be_new));

    ASSERT_OK(write_part(file, as_bytes(content), 0, path));

    EXPECT_TRUE(get(path).value_or("") == content) << at;
  }
}

TEST_F(TreeWriterTest, PartsOfOneByteAndOfNoneAreWritten) {
  ASSERT_OK_AND_ASSIGN(const Fd file, writer_->open_file("file", false, Create::must_be_new));

  ASSERT_OK(write_part(file, {}, 0, "file"));
  ASSERT_OK(write_part(file, as_bytes(std::string(1, '\0')), 0, "file"));
  ASSERT_OK(write_part(file, as_bytes("x"), 1, "file"));

  EXPECT_EQ(get("file").value_or(""), std::string("\0x", 2));
}

TEST_F(TreeWriterTest, SeveralWritersMayWorkOnOneRoot) {
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(writer_->make_directory("d" + std::to_string(i)));
  }
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        auto writer = TreeWriter::open(root_);
        for (int i = 0; i < 100; ++i) {
          const std::string path = "d" + std::to_string(i % 4) + "/" + std::to_string(i);
          auto file = writer->open_file(path, false, Create::may_exist);
          const bool done = file && pwrite_all(file->get(), as_bytes("4444"), static_cast<Bytes>(thread) * 4, path);
          failed += done ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(failed, 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(get("d" + std::to_string(i % 4) + "/" + std::to_string(i)).value_or(""), std::string(16, '4'));
  }
}

}  // namespace swarmout::test
