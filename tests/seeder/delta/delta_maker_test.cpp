#include "seeder/delta/delta_maker.hpp"

#include "tests/support/made_tree.hpp"
#include "tests/support/random_history.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace swarmout::test {

namespace {

using Kind = Node::Kind;

std::string delta_between(const MadeTree& before, const MadeTree& after, int level = 3) {
  const Manifest old = manifest_of(before);
  const Manifest fresh = manifest_of(after);
  MadeContents old_contents(before, old);
  MadeContents fresh_contents(after, fresh);
  const auto delta = make_delta(old, fresh, old_contents, fresh_contents, {.level = level});
  EXPECT_THAT(delta, IsOk());
  return delta && *delta ? **delta : "";
}

Result<MadeTree> applied(const MadeTree& before, std::string_view delta) {
  const Manifest old = manifest_of(before);
  TRY_ASSIGN(const DeltaReader reader, DeltaReader::open(as_bytes(delta), old));
  MadeContents contents(before, old);
  MadeSink sink(before, old, reader.nodes());
  TRY(reader.apply(contents, sink));
  return std::move(sink.tree);
}

void expect_same(const MadeTree& before, const MadeTree& after) {
  const std::string delta = delta_between(before, after);
  ASSERT_OK_AND_ASSIGN(const MadeTree made, applied(before, delta));
  EXPECT_TRUE(made == after);
  ASSERT_OK_AND_ASSIGN(const DeltaReader reader, DeltaReader::open(as_bytes(delta), manifest_of(before)));
  EXPECT_EQ(reader.makes(), manifest_of(after).tree_digest());
}

/// A large file that the chunker cuts, changed in its middle and longer.
std::string changed_within(std::string content) {
  content.insert(content.size() / 2, "a byte more");
  return content;
}

}  // namespace

TEST(DeltaMaker, OfEqualTreesThereIsNextToNothing) {
  const MadeTree tree = {{"a", {Kind::file, "one\n"}}, {"d", {Kind::directory, ""}}, {"d/l", {Kind::symlink, "../a"}}};
  expect_same(tree, tree);
  EXPECT_LT(delta_between(tree, tree).size(), 130U);
}

TEST(DeltaMaker, FromAndToNothing) {
  const MadeTree tree = {{"a", {Kind::file, "one\n"}}, {"e", {Kind::file, ""}}, {"x", {Kind::executable, "#!\n"}}};
  expect_same({}, tree);
  expect_same(tree, {});
  expect_same({}, {});
}

TEST(DeltaMaker, KindsMayChange) {
  expect_same({{"a", {Kind::file, "x\n"}},
               {"b", {Kind::symlink, "a"}},
               {"c", {Kind::directory, ""}},
               {"c/d", {Kind::file, "y"}}},
              {{"a", {Kind::symlink, "b"}},
               {"b", {Kind::directory, ""}},
               {"b/c", {Kind::file, "y"}},
               {"c", {Kind::file, "x\n"}}});
  expect_same({{"a", {Kind::file, "x\n"}}}, {{"a", {Kind::executable, "x\n"}}});
}

TEST(DeltaMaker, NamesMayBeAnyBytes) {
  const MadeTree tree = {{"a\nb", {Kind::file, "1\n"}},
                         {"u", {Kind::directory, ""}},
                         {"u/ f", {Kind::file, "2\n"}},
                         {"u-", {Kind::file, "3\n"}},
                         {"\xff\xfe", {Kind::file, "4\n"}}};
  MadeTree after = tree;
  after["u/u"] = {Kind::file, "5\n"};
  expect_same(tree, after);
}

TEST(DeltaMaker, ARenamedDirectoryIsAFewBytes) {
  MadeTree before;
  std::mt19937 random(3);
  before["drivers"] = before["drivers/net"] = {Kind::directory, ""};
  for (int i = 0; i < 2000; ++i) {
    before["drivers/net/file" + std::to_string(random())] = {Kind::file, random_lines(random, 5)};
  }
  MadeTree after;
  for (const auto& [path, entry] : before) {
    after[path.starts_with("drivers/net") ? "drivers/network" + path.substr(11) : path] = entry;
  }
  expect_same(before, after);
  EXPECT_LT(delta_between(before, after, 19).size(), 250U);
}

TEST(DeltaMaker, ALineInALargeTreeIsAFewHundredBytes) {
  MadeTree before;
  std::mt19937 random(4);
  for (int i = 0; i < 3000; ++i) {
    before["file" + std::to_string(i)] = {Kind::file, random_lines(random, 20)};
  }
  MadeTree after = before;
  after.at("file1500").content += "one line more\n";
  EXPECT_LT(delta_between(before, after, 19).size(), 250U);
}

TEST(DeltaMaker, ALargeFileIsToldByItsChunks) {
  std::mt19937 random(5);
  const std::string large = random_bytes(random, 12 * kMiB);
  const MadeTree before = {{"large", {Kind::file, large}}, {"small", {Kind::file, random_bytes(random, 1000)}}};
  const MadeTree after = {{"large", {Kind::file, changed_within(large)}},
                          {"small", {Kind::file, large.substr(0, 6 * kMiB)}}};
  expect_same(before, after);
  expect_same(after, before);
  EXPECT_LT(delta_between({{"large", {Kind::file, large}}}, {{"large", {Kind::file, changed_within(large)}}}).size(),
            2000U);
}

TEST(DeltaMaker, AByteAmongZerosIsAByte) {
  std::mt19937 random(7);
  std::string image;
  for (int i = 0; i < 4; ++i) {
    image += random_bytes(random, 3 * kMiB) + std::string(9 * kMiB, '\0');
  }
  std::string changed = image;
  changed[24 * kMiB + 100] ^= 1;  // behind the same zeros as the others
  expect_same({{"disk", {Kind::file, image}}}, {{"disk", {Kind::file, changed}}});
  EXPECT_LT(delta_between({{"disk", {Kind::file, image}}}, {{"disk", {Kind::file, changed}}}).size(), 1000U);
}

TEST(DeltaMaker, OfLongLinesTheSmallerWayIsTaken) {
  std::mt19937 random(6);
  std::string line;
  for (int i = 0; i < 20'000; ++i) {
    line += std::to_string(random()) + ",";
  }
  const MadeTree before = {{"min.js", {Kind::file, line + "\n"}}};
  const MadeTree after = {{"min.js", {Kind::file, changed_within(line) + "\n"}}};
  expect_same(before, after);
  EXPECT_LT(delta_between(before, after).size(), 500U);
}

TEST(DeltaMaker, AnyHistoryComesBack) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    RandomHistory history(seed);
    history.step();
    for (int i = 0; i < 12; ++i) {
      const MadeTree before = history.tree();
      history.step();
      expect_same(before, history.tree());
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << ", step " << i;
    }
  }
}

TEST(DeltaMaker, OneThatWouldBeTooLargeIsNotMade) {
  std::mt19937 random(7);
  const MadeTree before;
  const MadeTree after = {{"a", {Kind::file, random_bytes(random, 10'000)}}};
  const Manifest old = manifest_of(before);
  const Manifest fresh = manifest_of(after);
  MadeContents old_contents(before, old);
  MadeContents fresh_contents(after, fresh);
  ASSERT_OK_AND_ASSIGN(const auto delta, make_delta(old, fresh, old_contents, fresh_contents, {.limit = 5000}));
  EXPECT_FALSE(delta.has_value());
}

TEST(DeltaMaker, OfMuchNewContentNoneIsMadeHoweverSmallItWouldBe) {
  const auto is_made = [](const std::string& before, const std::string& after) {
    const MadeTree from = {{"a", {Kind::file, before}}};
    const MadeTree to = {{"a", {Kind::file, after}}};
    const Manifest old = manifest_of(from);
    const Manifest fresh = manifest_of(to);
    MadeContents old_contents(from, old);
    MadeContents fresh_contents(to, fresh);
    const auto delta = make_delta(old, fresh, old_contents, fresh_contents, {.most_fresh = 9999});
    EXPECT_THAT(delta, IsOk());
    return delta && delta->has_value();
  };
  const std::string line(99, 'x');
  std::string lines;
  for (int i = 0; i < 100; ++i) {
    lines += line + '\n';
  }
  EXPECT_FALSE(is_made("", lines));
  EXPECT_TRUE(is_made("", lines.substr(100)));
  EXPECT_TRUE(is_made(lines, lines + line)) << "what is there already is not new";
  EXPECT_FALSE(is_made(std::string("\0", 1), '\0' + lines)) << "nor are prefixes, but the content is";
}

TEST(DeltaReader, OfAnotherTreeItIsNotFound) {
  const std::string delta = delta_between({{"a", {Kind::file, "1\n"}}}, {{"a", {Kind::file, "2\n"}}});
  EXPECT_THAT(applied({{"a", {Kind::file, "3\n"}}}, delta), FailsWith(ErrorCode::not_found));
}

TEST(DeltaReader, WhatIsCutShortOrHasMoreIsRefused) {
  std::mt19937 random(8);
  const MadeTree before = {{"a", {Kind::file, "1\n2\n"}}, {"b", {Kind::file, random_bytes(random, 100)}}};
  const MadeTree after = {{"a", {Kind::file, "1\n3\n"}}, {"b", {Kind::file, random_bytes(random, 100)}}};
  const std::string delta = delta_between(before, after);
  for (std::size_t size = 0; size < delta.size(); ++size) {
    EXPECT_THAT(applied(before, delta.substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
  EXPECT_THAT(applied(before, delta + '\0'), FailsWith(ErrorCode::refused));
}

TEST(DeltaReader, NoBitOfItDoesHarm) {
  std::mt19937 random(9);
  RandomHistory history(9);
  history.step();
  const MadeTree before = history.tree();
  history.step();
  const std::string delta = delta_between(before, history.tree());
  for (std::size_t bit = 0; bit < delta.size() * 8; ++bit) {
    std::string damaged = delta;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    [[maybe_unused]] const auto made = applied(before, damaged);  // another tree at most, which its digest shows
  }
}

}  // namespace swarmout::test
