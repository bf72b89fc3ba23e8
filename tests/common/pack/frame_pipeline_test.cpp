#include "common/pack/frame_pipeline.hpp"

#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

/// Frames that take very different times to compress.
std::vector<std::string> mixed_frames(std::size_t count) {
  std::vector<std::string> frames;
  for (std::uint32_t i = 0; i < count; ++i) {
    switch (i % 4) {
      case 0:
        frames.push_back(noise(300 * kKiB + i, i));
        break;
      case 1:
        frames.push_back("frame " + std::to_string(i));
        break;
      case 2:
        frames.push_back(prose(kMiB + i, i));
        break;
      default:
        frames.push_back(std::string(2 * kMiB + i, '\0'));
    }
  }
  return frames;
}

class FramePipelineTest : public testing::Test {
protected:
  Result<std::vector<PackFile>> write(const std::vector<std::string>& frames) {
    FramePipeline pipeline(temp_.path(), kDefaultZstdLevel, 2);
    for (const std::string& each : frames) {
      TRY(pipeline.submit(bytes_of(each)));
    }
    TRY_ASSIGN(auto packs, pipeline.finish());
    written_ = pipeline.frames();
    packed_ = pipeline.packed();
    return packs;
  }
  /// Checks that the packs hold exactly these frames, in this order.
  void expect_content(const std::vector<PackFile>& packs, const std::vector<std::string>& frames) {
    ASSERT_EQ(written_.size(), frames.size());
    ZstdDecompressor codec;
    std::vector<std::byte> packed;
    std::vector<std::byte> content;
    std::size_t next = 0;
    for (std::size_t i = 0; i < packs.size(); ++i) {
      ASSERT_OK_AND_ASSIGN(const PackReader reader,
                           PackReader::open(packs[i].path, {packs[i].root, packs[i].size, 0, 0}));
      Bytes offset = kPackHeader;
      for (; next < frames.size() && written_[next].pack == i; ++next) {
        const Frame frame{written_[next].packed_size, static_cast<std::uint32_t>(frames[next].size()), 0, 0};
        ASSERT_OK(reader.read(frame, offset, codec, packed, content));
        EXPECT_TRUE(as_text(content) == frames[next]) << "frame " << next;
        offset += frame.packed_size;
      }
      EXPECT_EQ(offset, packs[i].size);
    }
    EXPECT_EQ(next, frames.size());
  }

  TempDir temp_;
  std::vector<WrittenFrame> written_;
  Bytes packed_ = 0;
};

}  // namespace

TEST_F(FramePipelineTest, NoFramesGiveNoPacks) {
  ASSERT_OK_AND_ASSIGN(const auto packs, write({}));

  EXPECT_TRUE(packs.empty());
  EXPECT_TRUE(list_directory(temp_.path()).value_or(std::vector<std::string>{"?"}).empty());
}

TEST_F(FramePipelineTest, OneFrameGivesOnePack) {
  ASSERT_OK_AND_ASSIGN(const auto packs, write({"content"}));

  ASSERT_EQ(packs.size(), 1U);
  expect_content(packs, {"content"});
}

TEST_F(FramePipelineTest, KeepsTheOrderOfFramesThatTakeDifferentTimes) {
  const auto frames = mixed_frames(100);

  ASSERT_OK_AND_ASSIGN(const auto packs, write(frames));

  expect_content(packs, frames);
}

TEST_F(FramePipelineTest, GivesTheSamePacksForTheSameFrames) {
  const auto frames = mixed_frames(40);

  ASSERT_OK_AND_ASSIGN(const auto first, write(frames));
  ASSERT_OK_AND_ASSIGN(const auto second, write(frames));

  ASSERT_EQ(first.size(), second.size());
  EXPECT_EQ(first[0].root, second[0].root);
}

TEST_F(FramePipelineTest, ClosesAPackAsSoonAsItIsLarge) {
  std::vector<std::string> frames;
  for (std::uint32_t i = 0; i < 36; ++i) {
    frames.push_back(noise(kMaxFrame, i));
  }

  ASSERT_OK_AND_ASSIGN(const auto packs, write(frames));

  ASSERT_EQ(packs.size(), 3U);
  EXPECT_GE(packs[0].size, kPackSize);
  EXPECT_LT(packs[0].size, kPackSize + kMaxPackedFrame);
  EXPECT_GE(packs[1].size, kPackSize);
  EXPECT_LT(packs[1].size, kPackSize + kMaxPackedFrame);
  expect_content(packs, frames);
}

TEST_F(FramePipelineTest, CountsCompressedBytes) {
  ASSERT_OK_AND_ASSIGN(const auto packs, write(mixed_frames(9)));

  ASSERT_EQ(packs.size(), 1U);
  EXPECT_EQ(packed_, packs[0].size - kPackHeader);
}

TEST_F(FramePipelineTest, PacksAreNamedByTheirContent) {
  ASSERT_OK_AND_ASSIGN(const auto packs, write(mixed_frames(9)));

  ASSERT_OK_AND_ASSIGN(const LeafHashes leaves, hash_leaves(packs.at(0).path));
  EXPECT_EQ(leaves, packs[0].leaves);
  EXPECT_EQ(merkle_root(leaves), packs[0].root);
}

TEST_F(FramePipelineTest, WithoutAScratchDirectoryItFails) {
  FramePipeline pipeline(temp_ / "missing", kDefaultZstdLevel, 2);

  Result<void> done = pipeline.submit(bytes_of("content"));
  if (done) {
    done = pipeline.finish().map([](const auto&) {});
  }

  EXPECT_FALSE(done.has_value());
}

TEST_F(FramePipelineTest, WithoutAScratchDirectoryItCannotWrite) {
  FramePipeline pipeline(temp_ / "missing", kDefaultZstdLevel, 2);
  ASSERT_OK(pipeline.submit(bytes_of("content")));

  EXPECT_THAT(pipeline.finish(), FailsWith(ErrorCode::cannot_write));
}

TEST_F(FramePipelineTest, ManyFramesWithoutAScratchDirectoryFailWhileTheyAreSubmitted) {
  FramePipeline pipeline(temp_ / "missing", kDefaultZstdLevel, 2);

  Result<void> done;
  for (int i = 0; done && i < 1000; ++i) {
    done = pipeline.submit(bytes_of("content"));
  }

  EXPECT_FALSE(done.has_value());
}

TEST_F(FramePipelineTest, CanBeDroppedWithWorkInIt) {
  FramePipeline pipeline(temp_.path(), kDefaultZstdLevel, 2);
  for (std::uint32_t i = 0; i < 6; ++i) {
    ASSERT_OK(pipeline.submit(bytes_of(prose(2 * kMiB, i))));
  }
  EXPECT_LE(pipeline.frames().size(), 6U);
}

TEST(PackSize, OfATebibyteLeavesLessBetweenThePacksThanATorrentMayHave) {
  constexpr Bytes kLongestPiece = 4 * kMiB;
  Bytes packed = 0;
  std::size_t packs = 0;
  for (; packed < 1024 * kGiB; ++packs) {
    packed += pack_size(packs);
  }
  EXPECT_LT(packs * kLongestPiece, 2 * kGiB);
  EXPECT_EQ(pack_size(0), kPackSize);
  EXPECT_EQ(pack_size(63), kPackSize);
  EXPECT_EQ(pack_size(64), 4 * kPackSize);
}

}  // namespace swarmout::test
