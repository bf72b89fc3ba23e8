#include "common/release/pack.hpp"

#include "tests/support/bytes.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

class PackTest : public testing::Test {
protected:
  /// Writes contents as frames of one pack, and says in `info_` and `frames_` what a manifest would say of it.
  PackFile written(const std::vector<std::string>& contents) {
    ZstdCompressor codec;
    auto writer = PackWriter::create(path_);
    EXPECT_THAT(writer, IsOk());
    frames_.clear();
    for (const std::string& each : contents) {
      const auto frame = codec.compress(as_bytes(each));
      EXPECT_THAT(writer->append(frame), IsOk());
      frames_.push_back({static_cast<std::uint32_t>(frame.size()), static_cast<std::uint32_t>(each.size()), 0, 1});
    }
    auto file = writer->finish();
    EXPECT_THAT(file, IsOk());
    info_ = {file->root, file->size, 0, static_cast<std::uint32_t>(frames_.size())};
    return *std::move(file);
  }
  Result<std::string> read(std::size_t index) {
    TRY_ASSIGN(const PackReader reader, PackReader::open(path_, info_));
    Bytes offset = kPackHeader;
    for (std::size_t i = 0; i < index; ++i) {
      offset += frames_[i].packed_size;
    }
    ZstdDecompressor codec;
    std::vector<std::byte> packed;
    std::vector<std::byte> content;
    TRY(reader.read(frames_[index], offset, codec, packed, content));
    return std::string(as_text(content));
  }
  std::string bytes() const { return read_file(path_, 64 * kMiB).value_or("unreadable"); }
  /// The pack is read-only, as it should be: makes a new file of its bytes.
  void overwrite(const std::string& content) {
    ASSERT_OK(remove_tree(path_));
    write_file(path_, content);
  }

  TempDir temp_;
  Path path_ = temp_ / "x.pack";
  PackInfo info_;
  std::vector<Frame> frames_;
};

}  // namespace

TEST_F(PackTest, EveryFrameIsReadBack) {
  written({prose(300'000), noise(100'000), "short"});

  EXPECT_EQ(read(0).value_or("error"), prose(300'000));
  EXPECT_EQ(read(1).value_or("error"), noise(100'000));
  EXPECT_EQ(read(2).value_or("error"), "short");
}

TEST_F(PackTest, ZstdPrintsTheContentOfAPack) {
  written({prose(300'000), noise(100'000), "short"});

  const Finished zstd = run({{"zstd", "-dc", path_.native()}, {}}, temp_ / "zstd");

  EXPECT_EQ(zstd.status, 0) << zstd.err;
  EXPECT_EQ(zstd.out == prose(300'000) + noise(100'000) + "short", true) << zstd.out.size() << " bytes";
}

TEST_F(PackTest, ItsSizeIsThatOfTheFile) {
  const PackFile file = written({prose(300'000), "short"});

  EXPECT_EQ(file.size, bytes().size());
  EXPECT_EQ(file.size, kPackHeader + frames_[0].packed_size + frames_[1].packed_size);
}

TEST_F(PackTest, ItsLeavesAndRootAreThoseOfTheFile) {
  const PackFile file = written({noise(100'000), noise(50'000, 2)});

  ASSERT_OK_AND_ASSIGN(const LeafHashes leaves, hash_leaves(path_));
  EXPECT_EQ(file.leaves, leaves);
  EXPECT_EQ(file.root, merkle_root(leaves));
}

TEST_F(PackTest, TheSameFramesMakeTheSamePack) {
  const PackFile first = written({prose(1000), noise(1000)});
  ASSERT_OK(remove_tree(path_));

  EXPECT_EQ(written({prose(1000), noise(1000)}).root, first.root);
}

TEST_F(PackTest, NobodyWritesToAPackByAccident) {
  written({"content"});

  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0222, 0U);
}

TEST_F(PackTest, AFileThatIsThereIsNotOverwritten) {
  write_file(path_, "precious");

  EXPECT_FALSE(PackWriter::create(path_).has_value());
  EXPECT_EQ(bytes(), "precious");
}

// Damage.

TEST_F(PackTest, AMissingFileIsNotFound) {
  written({"content"});
  ASSERT_OK(remove_tree(path_));

  EXPECT_THAT(read(0), FailsWith(ErrorCode::not_found));
}

TEST_F(PackTest, ATruncatedFileIsRefused) {
  written({prose(1000)});
  overwrite(bytes().substr(0, bytes().size() - 1));

  EXPECT_THAT(read(0), FailsWith(ErrorCode::refused, "but the manifest says"));
}

TEST_F(PackTest, ALongerFileIsRefused) {
  written({prose(1000)});
  overwrite(bytes() + "x");

  EXPECT_THAT(read(0), FailsWith(ErrorCode::refused, "but the manifest says"));
}

TEST_F(PackTest, AFileShorterThanAHeaderIsRefused) {
  overwrite("short");
  info_.size = 5;
  frames_ = {{1, 1, 0, 1}};

  EXPECT_THAT(read(0), FailsWith(ErrorCode::refused, "ends too early"));
}

TEST_F(PackTest, AFileThatIsNoPackIsRefused) {
  written({prose(1000)});
  overwrite(noise(info_.size));

  EXPECT_THAT(read(0), FailsWith(ErrorCode::refused, "is not a pack"));
}

TEST_F(PackTest, APackOfALaterVersionIsRefused) {
  written({prose(1000)});
  std::string later = bytes();
  later[kPackHeader - 1] = 2;
  overwrite(later);

  EXPECT_THAT(read(0), FailsWith(ErrorCode::refused, "version"));
}

TEST_F(PackTest, ADamagedFrameIsRefusedAndTheMessageSaysWhere) {
  written({prose(1000), prose(50'000)});
  std::string damaged = bytes();
  damaged[kPackHeader + frames_[0].packed_size] = 'x';
  overwrite(damaged);

  EXPECT_THAT(read(0), IsOk());
  EXPECT_THAT(read(1), FailsWith(ErrorCode::refused, fmt::format("at byte {}", kPackHeader + frames_[0].packed_size)));
}

TEST_F(PackTest, AFrameThatTheManifestPutsElsewhereIsRefused) {
  written({prose(1000), prose(50'000)});
  frames_[0].packed_size -= 1;

  EXPECT_THAT(read(0), FailsWith(ErrorCode::refused));
  EXPECT_THAT(read(1), FailsWith(ErrorCode::refused));
}

TEST_F(PackTest, AFrameOfAnotherContentSizeIsRefused) {
  written({prose(1000)});
  frames_[0].raw_size += 1;

  EXPECT_THAT(read(0), FailsWith(ErrorCode::refused));
}

TEST_F(PackTest, AFrameBeyondTheEndIsRefused) {
  written({prose(1000)});
  frames_.push_back({10, 10, 0, 1});

  EXPECT_THAT(read(1), FailsWith(ErrorCode::refused, "ends too early"));
}

TEST_F(PackTest, LeavesOfAMissingFileAreNotFound) {
  EXPECT_THAT(hash_leaves(path_), FailsWith(ErrorCode::not_found));
}

}  // namespace swarmout::test
