#include "common/pack/chunker.hpp"

#include "common/base/digest.hpp"
#include "tests/support/bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace swarmout::test {

namespace {

/// The chunks of a file that arrives in pieces of `step` bytes.
std::vector<std::string> cut_content(std::string_view content, std::size_t step = 64 * kKiB) {
  Chunker chunker;
  std::vector<std::string> chunks(1);
  while (!content.empty()) {
    std::string_view piece = content.substr(0, step);
    content.remove_prefix(piece.size());
    while (!piece.empty()) {
      bool cut = false;
      const std::size_t size = chunker.take(as_bytes(piece), cut);
      chunks.back() += piece.substr(0, size);
      piece.remove_prefix(size);
      if (cut) {
        chunks.emplace_back();
      }
    }
  }
  if (chunks.back().empty()) {
    chunks.pop_back();
  }
  return chunks;
}

std::string joined(const std::vector<std::string>& chunks) {
  std::string all;
  for (const std::string& each : chunks) {
    all += each;
  }
  return all;
}

std::size_t new_chunks(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  const std::set<std::string> known(before.begin(), before.end());
  return static_cast<std::size_t>(
      std::count_if(after.begin(), after.end(), [&](const std::string& each) { return !known.contains(each); }));
}

const std::string& large_file() {
  static const std::string content = noise(24 * kMiB);
  return content;
}

}  // namespace

TEST(Chunker, LosesNoByte) {
  EXPECT_TRUE(joined(cut_content(large_file())) == large_file());
}

TEST(Chunker, KeepsChunksWithinTheirBounds) {
  const auto chunks = cut_content(large_file());
  ASSERT_GT(chunks.size(), 6U);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_LE(chunks[i].size(), kMaxCut);
    if (i + 1 < chunks.size()) {
      EXPECT_GE(chunks[i].size(), kMinCut);
    }
  }
}

TEST(Chunker, CutsRandomContentAtAboutTheAverage) {
  const auto chunks = cut_content(large_file());

  const Bytes average = large_file().size() / chunks.size();

  EXPECT_GT(average, (kMinCut + kAverageCut) / 2);
  EXPECT_LT(average, (kMinCut + kAverageCut) * 2);
}

TEST(Chunker, CutsContentWithoutAnyVarietyAtTheLimit) {
  const auto chunks = cut_content(std::string(9 * kMiB, '\0'));

  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].size(), kMaxCut);
  EXPECT_EQ(chunks[1].size(), kMaxCut);
  EXPECT_EQ(chunks[2].size(), kMiB);
}

TEST(Chunker, CutsTheSameContentTheSameWay) {
  EXPECT_TRUE(cut_content(large_file()) == cut_content(large_file()));
}

TEST(Chunker, DoesNotDependOnHowTheContentArrives) {
  const std::string content = large_file().substr(0, 6 * kMiB);
  const auto whole = cut_content(content, content.size());
  for (const std::size_t step : {1U, 4097U, 1'000'003U}) {
    EXPECT_TRUE(cut_content(content, step) == whole) << step;
  }
}

TEST(Chunker, AnInsertionInTheMiddleChangesOnlyWhatIsNear) {
  const auto before = cut_content(large_file());
  std::string changed = large_file();
  changed.insert(changed.size() / 2, "a few new bytes");

  const auto after = cut_content(changed);

  EXPECT_GE(new_chunks(before, after), 1U);
  EXPECT_LE(new_chunks(before, after), 4U);
  EXPECT_EQ(before.front(), after.front());
  EXPECT_EQ(before.back(), after.back());
}

TEST(Chunker, ADeletionInTheMiddleChangesOnlyWhatIsNear) {
  const auto before = cut_content(large_file());
  std::string changed = large_file();
  changed.erase(changed.size() / 2, 1000);

  const auto after = cut_content(changed);

  EXPECT_LE(new_chunks(before, after), 4U);
  EXPECT_EQ(before.back(), after.back());
}

TEST(Chunker, AnInsertionAtTheBeginningLeavesTheRest) {
  const auto before = cut_content(large_file());

  const auto after = cut_content("x" + large_file());

  EXPECT_LE(new_chunks(before, after), 4U);
}

TEST(Chunker, SomethingAppendedLeavesAllButTheLastChunk) {
  const auto before = cut_content(large_file());

  const auto after = cut_content(large_file() + noise(2 * kMiB, 5));

  ASSERT_GE(after.size(), before.size());
  EXPECT_TRUE(std::equal(before.begin(), before.end() - 1, after.begin()));
}

/// Where packs are cut decides what old and new hosts share: the cuts must never change.
TEST(Chunker, CutsWhereItAlwaysDid) {
  std::string sizes;
  for (const std::string& each : cut_content(noise(8 * kMiB, 42))) {
    sizes += std::to_string(each.size()) + " ";
  }

  EXPECT_EQ(sizes, "1368714 2861438 4158456 ");
}

}  // namespace swarmout::test
