#include "seeder/source/tar_reader.hpp"

#include "tests/seeder/source/tar_bytes.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

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

}  // namespace swarmout::test
