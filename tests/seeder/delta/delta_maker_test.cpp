#include "seeder/delta/delta_maker.hpp"

#include "tests/support/made_tree.hpp"
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

std::string lines(std::mt19937& random, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "line " + std::to_string(random() % 1000) + (random() % 9 == 0 ? "\r\n" : "\n");
  }
  return text;
}
std::string noise(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  return bytes;
}

/// A large file that the chunker cuts, changed in its middle and longer.
std::string changed_within(std::string content) {
  content.insert(content.size() / 2, "a byte more");
  return content;
}

class RandomHistory {
public:
  explicit RandomHistory(unsigned seed) : random_(seed) {
    tree_[""] = {};
    tree_.erase("");
  }

  const MadeTree& tree() const { return tree_; }
  void step() {
    for (std::size_t edits = 1 + random_() % 8; edits > 0; --edits) {
      edit();
    }
  }

private:
  void edit() {
    switch (random_() % 9) {
      case 0:
      case 1:
        add(some_directory() + "n" + std::to_string(random_() % 40), {Kind::file, lines(random_, random_() % 30)});
        break;
      case 2:
        add(some_directory() + "b" + std::to_string(random_() % 40),
            {Kind::executable, noise(random_, random_() % 500)});
        break;
      case 3:
        add(some_directory() + "l" + std::to_string(random_() % 40),
            {Kind::symlink, "to/" + std::to_string(random_())});
        break;
      case 4:
        add(some_directory() + "d" + std::to_string(random_() % 10), {Kind::directory, ""});
        break;
      case 5:
        remove(some_path());
        break;
      case 6:
        rename(some_path(), some_directory() + "r-" + std::to_string(random_() % 40));
        break;
      default:
        change(some_path());
    }
  }

  std::string some_path() {
    if (tree_.empty()) {
      return "";
    }
    return std::next(tree_.begin(), static_cast<std::ptrdiff_t>(random_() % tree_.size()))->first;
  }
  std::string some_directory() {
    const std::string path = some_path();
    return !path.empty() && tree_.at(path).kind == Kind::directory ? path + '/' : "";
  }
  void add(const std::string& path, const MadeEntry& entry) {
    const auto there = tree_.find(path);
    if (there != tree_.end() && there->second.kind == Kind::directory) {
      remove(path);
    }
    tree_[path] = entry;
  }
  void remove(const std::string& path) {
    std::erase_if(tree_, [&](const auto& each) { return each.first == path || each.first.starts_with(path + '/'); });
  }
  void rename(const std::string& from, const std::string& to) {
    if (from.empty() || to.starts_with(from + '/') || to == from) {
      return;
    }
    remove(to);
    MadeTree moved;
    for (const auto& [path, entry] : tree_) {
      if (path == from || path.starts_with(from + '/')) {
        moved[to + path.substr(from.size())] = entry;
      }
    }
    remove(from);
    tree_.merge(moved);
  }
  void change(const std::string& path) {
    if (path.empty() || tree_.at(path).kind == Kind::directory) {
      return;
    }
    MadeEntry& entry = tree_.at(path);
    if (entry.kind == Kind::symlink) {
      entry.content += "x";
    } else if (random_() % 5 == 0) {
      entry.kind = entry.kind == Kind::file ? Kind::executable : Kind::file;
    } else if (entry.content.empty() || random_() % 3 == 0) {
      entry.content += lines(random_, 2);
    } else {
      entry.content.erase(random_() % entry.content.size(), random_() % 30);
    }
  }

  std::mt19937 random_;
  MadeTree tree_;
};

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
    before["drivers/net/file" + std::to_string(random())] = {Kind::file, lines(random, 5)};
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
    before["file" + std::to_string(i)] = {Kind::file, lines(random, 20)};
  }
  MadeTree after = before;
  after.at("file1500").content += "one line more\n";
  EXPECT_LT(delta_between(before, after, 19).size(), 250U);
}

TEST(DeltaMaker, ALargeFileIsToldByItsChunks) {
  std::mt19937 random(5);
  const std::string large = noise(random, 12 * kMiB);
  const MadeTree before = {{"large", {Kind::file, large}}, {"small", {Kind::file, noise(random, 1000)}}};
  const MadeTree after = {{"large", {Kind::file, changed_within(large)}},
                          {"small", {Kind::file, large.substr(0, 6 * kMiB)}}};
  expect_same(before, after);
  expect_same(after, before);
  EXPECT_LT(delta_between({{"large", {Kind::file, large}}}, {{"large", {Kind::file, changed_within(large)}}}).size(),
            2000U);
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
  const MadeTree after = {{"a", {Kind::file, noise(random, 10'000)}}};
  const Manifest old = manifest_of(before);
  const Manifest fresh = manifest_of(after);
  MadeContents old_contents(before, old);
  MadeContents fresh_contents(after, fresh);
  ASSERT_OK_AND_ASSIGN(const auto delta, make_delta(old, fresh, old_contents, fresh_contents, {.limit = 5000}));
  EXPECT_FALSE(delta.has_value());
}

TEST(DeltaReader, OfAnotherTreeItIsNotFound) {
  const std::string delta = delta_between({{"a", {Kind::file, "1\n"}}}, {{"a", {Kind::file, "2\n"}}});
  EXPECT_THAT(applied({{"a", {Kind::file, "3\n"}}}, delta), FailsWith(ErrorCode::not_found));
}

TEST(DeltaReader, WhatIsCutShortOrHasMoreIsRefused) {
  std::mt19937 random(8);
  const MadeTree before = {{"a", {Kind::file, "1\n2\n"}}, {"b", {Kind::file, noise(random, 100)}}};
  const MadeTree after = {{"a", {Kind::file, "1\n3\n"}}, {"b", {Kind::file, noise(random, 100)}}};
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
