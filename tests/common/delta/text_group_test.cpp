#include "common/delta/text_group.hpp"

#include "common/delta/varints.hpp"
#include "seeder/delta/line_diff.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace swarmout::test {

namespace {

using Texts = std::vector<std::string>;

struct Made {
  std::string group;
  Bytes size = 0;  ///< of the new texts
};

Made make(const Texts& before, const Texts& after, int level = 3) {
  std::vector<TextChange> changes;
  Made made;
  for (std::size_t i = 0; i < before.size(); ++i) {
    changes.push_back({as_bytes(before[i]), as_bytes(after[i]), {}});
    changes.back().script = line_diff(as_bytes(before[i]), as_bytes(after[i])).value();
    made.size += after[i].size();
  }
  made.group = encode_texts(changes, level);
  return made;
}

Result<Texts> read(const Texts& before, std::string_view group, Bytes limit) {
  std::vector<ByteView> old;
  for (const std::string& each : before) {
    old.push_back(as_bytes(each));
  }
  TRY_ASSIGN(const auto made, decode_texts(old, as_bytes(group), limit));
  Texts texts;
  for (const auto& each : made) {
    texts.emplace_back(as_text(each));
  }
  return texts;
}

void expect_same(const Texts& before, const Texts& after) {
  const Made made = make(before, after);
  ASSERT_OK_AND_ASSIGN(const Texts read_back, read(before, made.group, made.size));
  EXPECT_EQ(read_back, after);
}

/// Lines of a few letters, so that many are equal; some texts end within one.
std::string random_text(std::mt19937& random, std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    text += std::string(random() % 3, static_cast<char>('a' + random() % 4)) + '\n';
  }
  if (!text.empty() && random() % 2 == 0) {
    text.pop_back();
  }
  return text;
}

std::string edited(std::mt19937& random, std::string text) {
  for (std::size_t edits = random() % 6; edits > 0; --edits) {
    const std::size_t at = text.empty() ? 0 : random() % text.size();
    switch (random() % 3) {
      case 0:
        text.insert(at, random_text(random, random() % 5));
        break;
      case 1:
        text.erase(at, random() % 20);
        break;
      default:
        text += random() % 2 == 0 ? "\n" : "\r\n";
    }
  }
  return text;
}

}  // namespace

TEST(TextGroup, ALineIsReplacedAddedAndTakenAway) {
  expect_same({"one\ntwo\nthree\n", "a\nb\nc\n", "x\ny\n"}, {"one\n2\nthree\n", "a\nb\nbb\nc\n", "y\n"});
}

TEST(TextGroup, TextsMayEndWithinALine) {
  expect_same({"a\nb", "a\nb\n", "a\nb", "a\nb", "", "a"}, {"a\nb\n", "a\nb", "a\nc", "x\na\nb", "new", ""});
}

TEST(TextGroup, EmptyAndNewTextsAndThoseThatGo) {
  expect_same({"", "", "gone\nall of it\n"}, {"", "new\nlines\n", ""});
  expect_same({}, {});
}

TEST(TextGroup, AnySequenceOfEditsComesBack) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Texts before;
    Texts after;
    for (std::size_t i = 0; i < 1 + random() % 5; ++i) {
      before.push_back(random_text(random, random() % 40));
      after.push_back(edited(random, before.back()));
    }
    expect_same(before, after);
    ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round;
  }
}

TEST(TextGroup, AnEditOfALongTextIsAFewBytes) {
  std::mt19937 random(2);
  std::string before;
  for (int i = 0; i < 10'000; ++i) {
    before += "line " + std::to_string(random()) + " of many\n";
  }
  std::string after = before;
  after.insert(after.size() / 2, "x");

  EXPECT_LT(make({before}, {after}, 19).group.size(), 120U);
}

TEST(TextGroup, TheSameTextsGiveTheSameBytes) {
  EXPECT_EQ(make({"a\nb\n"}, {"a\nc\n"}).group, make({"a\nb\n"}, {"a\nc\n"}).group);
}

TEST(TextGroup, WhatIsCutShortOrHasMoreIsRefused) {
  const Texts before = {"one\ntwo\nthree\n"};
  const Made made = make(before, {"one\n2\nthree\n"});
  for (std::size_t size = 0; size < made.group.size(); ++size) {
    EXPECT_THAT(read(before, made.group.substr(0, size), made.size), FailsWith(ErrorCode::refused)) << size;
  }
  EXPECT_THAT(read(before, made.group + '\0', made.size), FailsWith(ErrorCode::refused));
}

TEST(TextGroup, NoBitOfItMakesItGoBeyondItsTextsOrItsLimit) {
  const Texts before = {"one\ntwo\nthree\n", "four\nfive\n"};
  const Made made = make(before, {"one\n2\nthree\n", "four\n5\n6\n"});
  for (std::size_t bit = 0; bit < made.group.size() * 8; ++bit) {
    std::string damaged = made.group;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    if (const auto texts = read(before, damaged, made.size)) {
      Bytes size = 0;
      for (const std::string& each : *texts) {
        size += each.size();
      }
      EXPECT_LE(size, made.size + before.size()) << "bit " << bit;
    }
  }
}

TEST(TextGroup, MoreTextThanIsAllowedIsRefused) {
  const Texts before = {"one\n"};
  const Made made = make(before, {"one\n" + std::string(1000, 'x') + '\n'});
  EXPECT_THAT(read(before, made.group, 500), FailsWith(ErrorCode::refused));
}

TEST(TextGroup, OfOtherTextsItIsRefusedOrMakesOthers) {
  const Made made = make({"one\ntwo\nthree\n"}, {"one\n2\nthree\n"});
  EXPECT_THAT(read({"one\n"}, made.group, made.size), FailsWith(ErrorCode::refused));
  EXPECT_THAT(read({"one\ntwo\nthree\n", "more\n"}, made.group, made.size), FailsWith(ErrorCode::refused));
}

TEST(Varints, ComeBackAndTooLargeOnesAreRefused) {
  std::string bytes;
  const std::uint64_t numbers[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
  for (const std::uint64_t each : numbers) {
    add_varint(bytes, each);
  }
  for (const std::int64_t each : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    add_signed_varint(bytes, each);
  }
  Varints read{as_bytes(bytes)};
  for (const std::uint64_t each : numbers) {
    EXPECT_EQ(read.next(UINT64_MAX).value_or(42), each);
  }
  for (const std::int64_t each : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(read.next_signed().value_or(42), each);
  }
  EXPECT_TRUE(read.at_end());
  EXPECT_THAT(read.next(1), FailsWith(ErrorCode::refused));

  EXPECT_THAT(Varints(as_bytes("\x05")).next(4), FailsWith(ErrorCode::refused));
  EXPECT_THAT(Varints(as_bytes(std::string(11, '\xff'))).next(UINT64_MAX), FailsWith(ErrorCode::refused));
}

}  // namespace swarmout::test
