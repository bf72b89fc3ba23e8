#include "common/release/zstd_codec.hpp"

#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <zstd.h>

namespace swarmout::test {

namespace {

std::string compressed(std::string_view content, int level = kDefaultZstdLevel) {
  return std::string(as_text(ZstdCompressor(level).compress(as_bytes(content))));
}

Result<std::string> decompressed(std::string_view frame, Bytes limit = kMiB) {
  TRY_ASSIGN(const auto content, ZstdDecompressor().decompress(as_bytes(frame), limit));
  return std::string(as_text(content));
}

Result<std::string> decompressed_exactly(std::string_view frame, std::size_t size) {
  std::string content(size, '\0');
  TRY(ZstdDecompressor().decompress(as_bytes(frame), std::as_writable_bytes(std::span(content))));
  return content;
}

std::string without_size(std::string_view content) {
  ZSTD_CCtx* const codec = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(codec, ZSTD_c_contentSizeFlag, 0);
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  frame.resize(ZSTD_compress2(codec, frame.data(), frame.size(), content.data(), content.size()));
  ZSTD_freeCCtx(codec);
  return frame;
}

}  // namespace

class ZstdRoundTrip : public testing::TestWithParam<std::size_t> {};

TEST_P(ZstdRoundTrip, GivesTheContentBack) {
  for (const std::string& content : {noise(GetParam()), prose(GetParam())}) {
    EXPECT_EQ(decompressed(compressed(content), 8 * kMiB).value_or("error") == content, true);
    EXPECT_EQ(decompressed_exactly(compressed(content), content.size()).value_or("error") == content, true);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ZstdRoundTrip, testing::Values(0, 1, 100, 128 * kKiB, 128 * kKiB + 1, 4 * kMiB));

TEST(ZstdCodecTest, TheSameContentGivesTheSameFrame) {
  EXPECT_EQ(compressed(prose(100'000)), compressed(prose(100'000)));
}

TEST(ZstdCodecTest, AUsedCompressorGivesTheSameFrameAsANewOne) {
  ZstdCompressor used;
  (void)used.compress(as_bytes(noise(300'000)));

  EXPECT_EQ(as_text(used.compress(as_bytes(prose(100'000)))), compressed(prose(100'000)));
}

TEST(ZstdCodecTest, AHigherLevelIsSmaller) {
  EXPECT_LT(compressed(prose(500'000), 19).size(), compressed(prose(500'000), 1).size());
}

TEST(ZstdCodecTest, ADecompressorWorksAfterADamagedFrame) {
  ZstdDecompressor codec;
  std::string damaged = compressed(prose(1000));
  damaged[damaged.size() / 2] = static_cast<char>(~damaged[damaged.size() / 2]);
  (void)codec.decompress(as_bytes(damaged), kMiB);

  const auto content = codec.decompress(as_bytes(compressed("fine")), kMiB);

  ASSERT_THAT(content, IsOk());
  EXPECT_EQ(as_text(*content), "fine");
}

TEST(ZstdCodecTest, ContentAtTheLimitIsAllowed) {
  EXPECT_THAT(decompressed(compressed(prose(1000)), 1000), IsOk());
}

TEST(ZstdCodecTest, ContentAboveTheLimitIsRefused) {
  EXPECT_THAT(decompressed(compressed(prose(1000)), 999), FailsWith(ErrorCode::refused, "more than the 999"));
}

TEST(ZstdCodecTest, ContentLargerThanExpectedIsRefused) {
  EXPECT_THAT(decompressed_exactly(compressed(prose(1000)), 999), FailsWith(ErrorCode::refused));
}

TEST(ZstdCodecTest, ContentSmallerThanExpectedIsRefused) {
  EXPECT_THAT(decompressed_exactly(compressed(prose(1000)), 1001),
              FailsWith(ErrorCode::refused, "holds 1000 bytes where 1001"));
}

TEST(ZstdCodecTest, AFrameThatDoesNotStateItsSizeIsRefusedWhereTheSizeIsNotKnown) {
  EXPECT_THAT(decompressed(without_size(prose(1000))), FailsWith(ErrorCode::refused, "states its size"));
}

TEST(ZstdCodecTest, AFrameThatDoesNotStateItsSizeIsReadWhereTheSizeIsKnown) {
  EXPECT_EQ(decompressed_exactly(without_size(prose(1000)), 1000).value_or("error"), prose(1000));
}

TEST(ZstdCodecTest, TwoFramesAreRefused) {
  EXPECT_THAT(decompressed_exactly(compressed("ab") + compressed("cd"), 4),
              FailsWith(ErrorCode::refused, "exactly one"));
}

TEST(ZstdCodecTest, ASkippableFrameBehindTheFrameIsRefused) {
  EXPECT_THAT(decompressed_exactly(compressed("ab") + std::string("\x50\x2a\x4d\x18\x00\x00\x00\x00", 8), 2),
              FailsWith(ErrorCode::refused, "exactly one"));
}

TEST(ZstdCodecTest, EveryTruncationIsRefused) {
  const std::string frame = compressed(prose(5000));

  for (std::size_t size = 0; size < frame.size(); ++size) {
    const std::string_view part = std::string_view(frame).substr(0, size);
    EXPECT_THAT(decompressed_exactly(part, 5000), FailsWith(ErrorCode::refused)) << size;
    EXPECT_THAT(decompressed(part), FailsWith(ErrorCode::refused)) << size;
  }
}

TEST(ZstdCodecTest, BytesThatAreNoFrameAreRefused) {
  EXPECT_THAT(decompressed(prose(100)), FailsWith(ErrorCode::refused));
  EXPECT_THAT(decompressed_exactly(prose(100), 100), FailsWith(ErrorCode::refused));
}

}  // namespace swarmout::test
