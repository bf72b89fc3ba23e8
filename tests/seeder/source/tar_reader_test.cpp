#include "seeder/source/tar_reader.hpp"

#include "seeder/source/tree_guard.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree_text.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace swarmout::test {

namespace {

constexpr std::size_t kBlock = 512;

/// One ustar header. `size` beyond what 11 octal digits hold is written as GNU tar does, in base 256.
std::string header(const std::string& name, char type, Bytes size, const std::string& link = "", int mode = 0644) {
  std::string block(kBlock, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  put(0, name);
  put(100, fmt::format("{:07o}", mode));
  put(108, "0000000");
  put(116, "0000000");
  put(136, "00000000000");
  if (size < 8 * kGiB) {
    put(124, fmt::format("{:011o}", size));
  } else {
    block[124] = '\x80';
    for (std::size_t i = 0; i < 8; ++i) {
      block[135 - i] = static_cast<char>(size >> (8 * i));
    }
  }
  block[156] = type;
  put(157, link);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : block) {
    sum += static_cast<unsigned char>(c);
  }
  put(148, fmt::format("{:06o}", sum) + '\0');
  return block;
}
std::string padded(std::string content) {
  content.resize((content.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return content;
}
std::string tar_file(const std::string& name, const std::string& content, int mode = 0644) {
  return header(name, '0', content.size(), "", mode) + padded(content);
}
std::string tar_directory(const std::string& name) {
  return header(name, '5', 0, "", 0755);
}
/// A pax extended header for the entry after it.
std::string pax(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) {
    ++length;
  }
  const std::string record = std::to_string(length) + rest;
  return header("PaxHeaders/x", 'x', record.size()) + padded(record);
}
std::string end_mark() {
  return std::string(2 * kBlock, '\0');
}

/// Reads a stream that arrives in pieces of at most `step` bytes.
Result<void> read(std::string_view bytes, TreeSink& sink, std::size_t step = 64 * kKiB) {
  return read_tar(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t size = std::min({step, out.size(), bytes.size()});
        std::memcpy(out.data(), bytes.data(), size);
        bytes.remove_prefix(size);
        return size;
      },
      sink);
}

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

// What cannot be distributed.

TEST_F(TarReader, RefusesACharacterDevice) {
  EXPECT_THAT(read(header("null", '3', 0) + end_mark(), sink_), FailsWith(ErrorCode::refused, "null"));
}

TEST_F(TarReader, RefusesABlockDevice) {
  EXPECT_THAT(read(header("sda", '4', 0) + end_mark(), sink_), FailsWith(ErrorCode::refused, "sda"));
}

TEST_F(TarReader, RefusesAFifo) {
  EXPECT_THAT(read(header("pipe", '6', 0) + end_mark(), sink_), FailsWith(ErrorCode::refused, "pipe"));
}

// Streams that are not whole.

TEST_F(TarReader, RefusesAnEmptyStream) {
  EXPECT_THAT(read("", sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, RefusesWhatIsNoTar) {
  EXPECT_THAT(read(noise(4096), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, RefusesAnErrorMessageInPlaceOfATar) {
  EXPECT_THAT(read("ssh: connect to host build1 port 22: Connection refused\n", sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, RefusesAStreamThatIsCutOffAtAnyBlock) {
  const std::string stream = tar_directory("d/") + tar_file("d/a", noise(3 * kBlock)) + tar_file("d/b", "b") +
                             header("d/c", '2', 0, "a") + tar_file("d/e", "") + tar_file("f", noise(700)) + end_mark();
  for (std::size_t size = 0; size < stream.size(); size += kBlock) {
    CollectingSink sink;
    EXPECT_THAT(read(std::string_view(stream).substr(0, size), sink), FailsWith(ErrorCode::refused))
        << "cut off at " << size;
  }
  CollectingSink sink;
  EXPECT_THAT(read(stream, sink), IsOk());
}

TEST_F(TarReader, RefusesAStreamThatIsCutOffInTheMiddleOfAFile) {
  const std::string stream = tar_file("a", noise(100 * kKiB)) + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, 50'001), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, RefusesAStreamThatIsCutOffInTheMiddleOfAHeader) {
  const std::string stream = tar_file("a", "content") + tar_file("b", "content") + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, 2 * kBlock + 100), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, RefusesAStreamThatIsCutOffInTheMiddleOfAFileOfZeros) {
  const std::string stream = tar_file("a", std::string(100 * kKiB, '\0')) + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, 50 * kKiB), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, RefusesAStreamThatIsCutOffAfterAFileOfZeros) {
  const std::string stream = tar_file("a", std::string(4096, '\0')) + tar_file("b", "content") + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, kBlock + 4096), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, RefusesAHeaderWithAFlippedBit) {
  std::string stream = tar_file("a", "content") + tar_file("b", "content") + end_mark();
  stream[2 * kBlock] ^= 1;

  EXPECT_THAT(read(stream, sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarReader, HandsOnWhatTheStreamFailedWith) {
  const auto broken = [](std::span<std::byte>) -> Result<std::size_t> {
    return fail(ErrorCode::temporary, "stopped on request");
  };

  EXPECT_THAT(read_tar(broken, sink_), FailsWith(ErrorCode::temporary, "stopped on request"));
}

TEST_F(TarReader, HandsOnWhatTheStreamFailedWithInTheMiddle) {
  const std::string stream = tar_file("a", noise(kMiB));
  std::size_t calls = 0;
  const auto broken = [&](std::span<std::byte> out) -> Result<std::size_t> {
    if (calls++ > 0) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    std::memcpy(out.data(), stream.data(), out.size());
    return out.size();
  };

  EXPECT_THAT(read_tar(broken, sink_), FailsWith(ErrorCode::temporary, "stopped on request"));
}

TEST_F(TarReader, HandsOnWhatTheStreamFailedWithAfterTheLastEntry) {
  std::string stream = tar_file("a", "content") + end_mark();
  const auto broken = [&](std::span<std::byte> out) -> Result<std::size_t> {
    if (stream.empty()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    const std::size_t size = std::min(out.size(), stream.size());
    std::memcpy(out.data(), stream.data(), size);
    stream.erase(0, size);
    return size;
  };

  EXPECT_THAT(read_tar(broken, sink_), FailsWith(ErrorCode::temporary, "stopped on request"));
}

}  // namespace swarmout::test
