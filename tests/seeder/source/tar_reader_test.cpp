#include "seeder/source/tar_reader.hpp"

#include "seeder/source/tree_guard.hpp"
#include "tests/seeder/source/tar_bytes.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

class TarReader : public testing::Test {
protected:
  /// Reads a whole stream of these entries; the only entry if there is just one.
  Given only(const std::string& entries) {
    EXPECT_THAT(read(entries + end_mark(), sink_), IsOk());
    EXPECT_EQ(sink_.given.size(), 1U);
    return sink_.given.empty() ? Given{} : sink_.given.front();
  }
  CollectingSink sink_;
};

/// Takes entries only.
class HeaderSink final : public TreeSink {
public:
  Result<void> entry(const TreeEntry& entry) override {
    seen = entry;
    return fail(ErrorCode::cannot_write, "no room");
  }
  Result<void> data(ByteView) override { return fail(ErrorCode::failed, "no data was asked for"); }
  TreeEntry seen;
};

}  // namespace

TEST_F(TarReader, ReadsAFile) {
  const Given given = only(tar_file("a", "content"));

  EXPECT_EQ(given.entry.kind, TreeEntry::Kind::file);
  EXPECT_EQ(given.entry.path, "a");
  EXPECT_EQ(given.entry.size, 7U);
  EXPECT_FALSE(given.entry.executable);
  EXPECT_EQ(given.content, "content");
}

TEST_F(TarReader, ReadsAnExecutable) {
  EXPECT_TRUE(only(tar_file("a", "content", 0755)).entry.executable);
}

TEST_F(TarReader, ReadsADirectoryWithoutItsSlash) {
  const Given given = only(tar_directory("a/b/"));

  EXPECT_EQ(given.entry.kind, TreeEntry::Kind::directory);
  EXPECT_EQ(given.entry.path, "a/b");
}

TEST_F(TarReader, ReadsASymbolicLink) {
  const Given given = only(header("a", '2', 0, "../../etc/passwd"));

  EXPECT_EQ(given.entry.kind, TreeEntry::Kind::symlink);
  EXPECT_EQ(given.entry.target, "../../etc/passwd");
}

TEST_F(TarReader, ReadsAHardLink) {
  const Given given = only(header("./b", '1', 0, "./a"));

  EXPECT_EQ(given.entry.kind, TreeEntry::Kind::hardlink);
  EXPECT_EQ(given.entry.path, "b");
  EXPECT_EQ(given.entry.target, "a");
}

TEST_F(TarReader, ReadsFilesOfEverySizeAroundABlock) {
  std::string stream;
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 1024U}) {
    stream += tar_file(std::to_string(size), noise(size, 7));
  }

  ASSERT_OK(read(stream + end_mark(), sink_));

  ASSERT_EQ(sink_.given.size(), 6U);
  for (const Given& each : sink_.given) {
    EXPECT_EQ(each.content, noise(std::stoul(each.entry.path), 7));
  }
}

TEST_F(TarReader, ReadsAStreamThatTrickles) {
  const std::string stream = tar_directory("d/") + tar_file("d/a", noise(5000)) + tar_file("d/b", "b") + end_mark();

  ASSERT_OK(read(stream, sink_, 7));

  ASSERT_EQ(sink_.given.size(), 3U);
  EXPECT_EQ(sink_.given[1].content, noise(5000));
  EXPECT_EQ(sink_.given[2].content, "b");
}

TEST_F(TarReader, ReadsAStreamWithoutEntries) {
  EXPECT_THAT(read(std::string(10240, '\0'), sink_), IsOk());

  EXPECT_TRUE(sink_.given.empty());
}

TEST_F(TarReader, TakesPaddingAfterTheEnd) {
  EXPECT_THAT(read(tar_file("a", "content") + std::string(10240, '\0'), sink_), IsOk());
}

TEST_F(TarReader, RemovesADotInFront) {
  EXPECT_EQ(only(tar_file("./a/b", "x")).entry.path, "a/b");
}

TEST_F(TarReader, RemovesSeveralDotsAndSlashesInFront) {
  EXPECT_EQ(only(tar_file(".//././/a", "x")).entry.path, "a");
}

TEST_F(TarReader, LeavesOutTheRootItself) {
  ASSERT_OK(read(tar_directory("./") + tar_directory(".") + end_mark(), sink_));

  EXPECT_TRUE(sink_.given.empty());
}

TEST_F(TarReader, LeavesOutTheRootThatIsJustADot) {
  ASSERT_OK(read(header(".", '5', 0) + tar_file("a", "x") + end_mark(), sink_));

  ASSERT_EQ(sink_.given.size(), 1U);
  EXPECT_EQ(sink_.given[0].entry.path, "a");
}

TEST_F(TarReader, KeepsNamesThatBeginWithADot) {
  EXPECT_EQ(only(tar_file("./.hidden", "x")).entry.path, ".hidden");
}

TEST_F(TarReader, HandsOnPathsThatLeaveTheTreeForTheGuardToRefuse) {
  for (const char* const path : {"../a", "/etc/passwd", "a/../../b", "./../a"}) {
    CollectingSink sink;
    TreeGuard guard(sink);
    EXPECT_THAT(read(tar_file(path, "x") + end_mark(), guard), FailsWith(ErrorCode::refused)) << path;
    EXPECT_TRUE(sink.given.empty() || sink.given.front().entry.kind == TreeEntry::Kind::directory) << path;
  }
}

// pax and GNU.

TEST_F(TarReader, ReadsPaxNamesOfAnyBytes) {
  std::string name = "names/";
  for (int c = 1; c < 256; ++c) {
    if (c != '/') {
      name += static_cast<char>(c);
    }
  }

  EXPECT_EQ(only(pax("path", name) + tar_file("short", "x")).entry.path, name);
}

TEST_F(TarReader, ReadsPlainNamesOfAnyBytes) {
  EXPECT_EQ(only(tar_file("\xff\xfe\x01 not utf-8", "x")).entry.path, "\xff\xfe\x01 not utf-8");
}

TEST_F(TarReader, ReadsPaxLinkTargetsOfAnyBytes) {
  EXPECT_EQ(only(pax("linkpath", "\xff\xfe\x01") + header("a", '2', 0, "x")).entry.target, "\xff\xfe\x01");
}

TEST_F(TarReader, ReadsPaxNamesThatSayTheyAreBinary) {
  const std::string entries = pax("hdrcharset", "BINARY") + tar_file("\xff", "x");

  EXPECT_EQ(only(entries).entry.path, "\xff");
}

TEST_F(TarReader, ReadsLongPaxNames) {
  const std::string name = std::string(250, 'a') + "/" + std::string(250, 'b');

  EXPECT_EQ(only(pax("path", name) + tar_file("short", "x")).entry.path, name);
}

TEST_F(TarReader, ReadsLongGnuNames) {
  const std::string name = std::string(200, 'a') + "/" + std::string(200, 'b');

  EXPECT_EQ(
      only(header("././@LongLink", 'L', name.size() + 1) + padded(name + '\0') + tar_file("short", "x")).entry.path,
      name);
}

TEST_F(TarReader, IgnoresAGlobalPaxHeaderWithACommit) {
  const std::string record = "52 comment=0123456789012345678901234567890123456789\n";

  EXPECT_EQ(only(header("pax_global_header", 'g', record.size()) + padded(record) + tar_file("a", "x")).entry.path,
            "a");
}

TEST_F(TarReader, ReadsSizesBeyondEightGibibytes) {
  HeaderSink sink;

  EXPECT_THAT(read(header("a", '0', 9 * kGiB + 5), sink), FailsWith(ErrorCode::cannot_write, "no room"));

  EXPECT_EQ(sink.seen.size, 9 * kGiB + 5);
}

TEST_F(TarReader, ReadsPaxSizesBeyondEightGibibytes) {
  HeaderSink sink;

  EXPECT_THAT(read(pax("size", std::to_string(10 * kGiB)) + header("a", '0', 0), sink),
              FailsWith(ErrorCode::cannot_write));

  EXPECT_EQ(sink.seen.size, 10 * kGiB);
}

}  // namespace swarmout::test
