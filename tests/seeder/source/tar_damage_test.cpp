#include "seeder/source/tar_reader.hpp"
#include "tests/seeder/source/tar_bytes.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <stop_token>
#include <utility>

namespace swarmout::test {

namespace {

/// Counts only.
class CountingSink final : public TreeSink {
public:
  Result<void> entry(const TreeEntry&) override { return {}; }
  Result<void> data(ByteView bytes) override {
    count += bytes.size();
    return {};
  }
  Bytes count = 0;
};

/// An old GNU sparse header: nothing but a hole of this size.
std::string hole(Bytes size) {
  std::string block = header("hole", 'S', 0);
  const auto put = [&](std::size_t at, Bytes number) {
    block[at] = '\x80';
    for (std::size_t i = 0; i < 8; ++i) {
      block[at + 11 - i] = static_cast<char>(number >> (8 * i));
    }
  };
  block.replace(257, 8, std::string("ustar  ", 8));
  put(386, size);  // one map entry: nothing, at the end
  put(398, 0);
  put(483, size);
  block.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : block) {
    sum += static_cast<unsigned char>(c);
  }
  block.replace(148, 8, fmt::format("{:06o}", sum) + '\0' + ' ');
  return block;
}

class TarDamage : public testing::Test {
protected:
  CollectingSink sink_;
};

}  // namespace

// What cannot be distributed.

TEST_F(TarDamage, RefusesACharacterDevice) {
  EXPECT_THAT(read(header("null", '3', 0) + end_mark(), sink_), FailsWith(ErrorCode::refused, "null"));
}

TEST_F(TarDamage, RefusesABlockDevice) {
  EXPECT_THAT(read(header("sda", '4', 0) + end_mark(), sink_), FailsWith(ErrorCode::refused, "sda"));
}

TEST_F(TarDamage, RefusesAFifo) {
  EXPECT_THAT(read(header("pipe", '6', 0) + end_mark(), sink_), FailsWith(ErrorCode::refused, "pipe"));
}

// Streams that are not whole.

TEST_F(TarDamage, RefusesAnEmptyStream) {
  EXPECT_THAT(read("", sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesWhatIsNoTar) {
  EXPECT_THAT(read(noise(4096), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesAnErrorMessageInPlaceOfATar) {
  EXPECT_THAT(read("ssh: connect to host build1 port 22: Connection refused\n", sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesAStreamThatIsCutOffAtAnyBlock) {
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

TEST_F(TarDamage, RefusesAStreamThatIsCutOffInTheMiddleOfAFile) {
  const std::string stream = tar_file("a", noise(100 * kKiB)) + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, 50'001), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesAStreamThatIsCutOffInTheMiddleOfAHeader) {
  const std::string stream = tar_file("a", "content") + tar_file("b", "content") + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, 2 * kBlock + 100), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesAStreamThatIsCutOffInTheMiddleOfAFileOfZeros) {
  const std::string stream = tar_file("a", std::string(100 * kKiB, '\0')) + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, 50 * kKiB), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesAStreamThatIsCutOffAfterAFileOfZeros) {
  const std::string stream = tar_file("a", std::string(4096, '\0')) + tar_file("b", "content") + end_mark();

  EXPECT_THAT(read(std::string_view(stream).substr(0, kBlock + 4096), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesAHeaderWithAFlippedBit) {
  std::string stream = tar_file("a", "content") + tar_file("b", "content") + end_mark();
  stream[2 * kBlock] ^= 1;

  EXPECT_THAT(read(stream, sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, HandsOnWhatTheStreamFailedWith) {
  const auto broken = [](std::span<std::byte>) -> Result<std::size_t> {
    return fail(ErrorCode::temporary, "stopped on request");
  };

  EXPECT_THAT(read_tar(broken, sink_), FailsWith(ErrorCode::temporary, "stopped on request"));
}

TEST_F(TarDamage, HandsOnWhatTheStreamFailedWithInTheMiddle) {
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

TEST_F(TarDamage, HandsOnWhatTheStreamFailedWithAfterTheLastEntry) {
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

TEST_F(TarDamage, RefusesASecondArchiveAfterTheFirst) {
  const std::string one = tar_file("a", "content") + std::string(10'240 - 2 * kBlock, '\0');

  EXPECT_THAT(read(one + tar_file("b", "content") + end_mark(), sink_), FailsWith(ErrorCode::refused, "follows"));
}

TEST_F(TarDamage, RefusesAnythingAfterTheEnd) {
  const std::string whole = tar_file("a", "content") + end_mark();
  for (const std::size_t padding : {0U, 1U, 511U, 512U, 9216U, 300'000U}) {
    EXPECT_THAT(read(whole + std::string(padding, '\0') + "x", sink_), FailsWith(ErrorCode::refused, "follows"))
        << padding;
  }
}

TEST_F(TarDamage, RefusesASecondArchiveAfterAnEmptyOne) {
  EXPECT_THAT(read(end_mark() + tar_file("b", "content") + end_mark(), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesZerosWithoutEnd) {
  bool begun = false;
  const std::string whole = tar_file("a", "content") + end_mark();
  const auto zeros = [&](std::span<std::byte> out) -> Result<std::size_t> {
    if (!std::exchange(begun, true)) {
      std::memcpy(out.data(), whole.data(), whole.size());
      return whole.size();
    }
    std::fill(out.begin(), out.end(), std::byte{0});
    return out.size();
  };

  EXPECT_THAT(read_tar(zeros, sink_), FailsWith(ErrorCode::refused, "does not end"));
}

TEST_F(TarDamage, AHoleIsZeros) {
  CountingSink sink;

  EXPECT_THAT(read(hole(5 * kMiB) + end_mark(), sink), IsOk());
  EXPECT_EQ(sink.count, 5 * kMiB);
}

TEST_F(TarDamage, RefusesAHoleThatNothingSupports) {
  for (const Bytes size : {Bytes{9'000'000'000'000'000'000U}, 2048 * kGiB, 100 * kGiB}) {
    CountingSink sink;
    EXPECT_THAT(read(hole(size) + end_mark(), sink), FailsWith(ErrorCode::refused, "hole")) << size;
    EXPECT_EQ(sink.count, 0U);
  }
}

TEST_F(TarDamage, RefusesManyHolesThatNothingSupports) {
  std::string stream;
  for (int i = 0; i < 3; ++i) {
    stream += hole(40 * kGiB);
  }
  CountingSink sink;

  EXPECT_THAT(read(stream + end_mark(), sink), FailsWith(ErrorCode::refused, "hole"));
  EXPECT_EQ(sink.count, 40 * kGiB);
}

TEST_F(TarDamage, AStopEndsALongHole) {
  std::stop_source stop;
  stop.request_stop();
  std::string_view bytes;
  const std::string stream = hole(60 * kGiB) + end_mark();
  bytes = stream;
  const auto give = [&](std::span<std::byte> out) -> Result<std::size_t> {
    const std::size_t size = std::min(out.size(), bytes.size());
    std::memcpy(out.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    return size;
  };
  CountingSink sink;

  EXPECT_THAT(read_tar(give, sink, stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
  EXPECT_EQ(sink.count, 0U);
}

TEST_F(TarDamage, RefusesASizeThatNoFileHas) {
  EXPECT_THAT(read(pax("size", "9000000000000000000") + header("a", '0', 0), sink_), FailsWith(ErrorCode::refused));
}

TEST_F(TarDamage, RefusesHeadersThatNeverEnd) {
  const std::string large = pax("comment", std::string(900'000, 'x'));
  const std::string small = pax("comment", "x");
  for (const std::string& each : {large, small}) {
    Bytes given = 0;
    const auto endless = [&](std::span<std::byte> out) -> Result<std::size_t> {
      for (std::byte& byte : out) {
        byte = static_cast<std::byte>(each[given++ % each.size()]);
      }
      return out.size();
    };
    EXPECT_THAT(read_tar(endless, sink_), FailsWith(ErrorCode::refused));
    EXPECT_LT(given, 20 * kMiB);
  }
}

}  // namespace swarmout::test
