#include "common/names/node_set.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace swarmout::test {

namespace {

using ::testing::SizeIs;

std::vector<std::string> numbered(const std::string& before, int from, int to, const std::string& after = "") {
  std::vector<std::string> names;
  for (int each = from; each <= to; ++each) {
    names.push_back(before + (each < 10 ? "0" : "") + std::to_string(each) + after);
  }
  return names;
}

/// "01-03" or "7".
std::vector<std::string> unfold_range(const std::string& range) {
  const std::size_t dash = range.find('-');
  const std::string first = range.substr(0, dash);
  const std::string last = dash == std::string::npos ? first : range.substr(dash + 1);
  std::vector<std::string> numbers;
  for (int each = std::stoi(first); each <= std::stoi(last); ++each) {
    numbers.push_back(fmt::format("{:0{}}", each, first.size()));
  }
  return numbers;
}

/// What a set stands for that was folded: it is well written, and each name in it has one number at most in brackets.
std::vector<std::string> unfold(const std::string& text) {
  std::vector<std::string> names;
  std::string begins;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = std::min(text.find_first_of("[,", at), text.size());
    begins += text.substr(at, mark - at);
    at = mark + 1;
    std::vector<std::string> numbers{""};
    std::string ends;
    if (mark < text.size() && text[mark] == '[') {
      const std::size_t close = text.find(']', at);
      numbers.clear();
      for (std::size_t next = 0; at < close; at = next + 1) {
        next = std::min(text.find(',', at), close);
        const auto some = unfold_range(text.substr(at, next - at));
        numbers.insert(numbers.end(), some.begin(), some.end());
      }
      const std::size_t comma = std::min(text.find(',', close), text.size());
      ends = text.substr(close + 1, comma - close - 1);
      at = comma + 1;
    }
    for (const std::string& number : numbers) {
      names.push_back(begins + number + ends);
    }
    begins.clear();
  }
  return names;
}

}  // namespace

TEST(NodeSet, RangesAndSinglesAreFolded) {
  auto names = numbered("web", 1, 40);
  names.push_back("web77");
  EXPECT_EQ(fold_nodes(names), "web[01-40,77]");
  EXPECT_EQ(fold_nodes({"web07", "web01", "web02", "web02"}), "web[01-02,07]");
  EXPECT_EQ(fold_nodes({"db"}), "db");
  EXPECT_EQ(fold_nodes({}), "");
}

TEST(NodeSet, NumbersKeepTheirWidth) {
  EXPECT_EQ(fold_nodes({"n8", "n9", "n10", "n11"}), "n[8-11]");
  EXPECT_EQ(fold_nodes({"n08", "n09", "n10"}), "n[08-10]");
  EXPECT_EQ(fold_nodes({"n098", "n099", "n100"}), "n[098-100]");
  EXPECT_EQ(fold_nodes({"n1", "n01"}), "n[1,01]") << "two hosts";
}

TEST(NodeSet, TheNumberThatFoldsMostIsFolded) {
  EXPECT_EQ(fold_nodes({"r1-n1", "r1-n2", "r1-n3", "r2-n1"}), "r1-n[1-3],r2-n1");
  EXPECT_EQ(fold_nodes({"web1.a", "web2.a", "web1.b"}), "web[1-2].a,web1.b");
  EXPECT_EQ(fold_nodes(numbered("rack7-web", 1, 3, ".example.org")), "rack7-web[01-03].example.org");
}

TEST(NodeSet, HostileNamesStandAsTheyAreWithoutWhatASetIsWrittenWith) {
  EXPECT_EQ(fold_nodes({"web[1]", "a,b", "", "x\x1b[2J"}), "?,a?b,web?1?,x??2J");
  EXPECT_EQ(fold_nodes({"n99999999999999999999999999999999", "n1"}), "n1,n99999999999999999999999999999999");
}

TEST(NodeSet, WhatWasFoldedUnfoldsToTheSame) {
  std::set<std::string> names;
  for (int i = 0; i < 300; ++i) {
    names.insert("rack" + std::to_string(i % 7) + "-web" + (i % 3 == 0 ? "0" : "") + std::to_string(i * i % 113));
  }
  const std::string folded = fold_nodes({names.begin(), names.end()});
  const std::vector<std::string> unfolded = unfold(folded);
  EXPECT_EQ(std::set<std::string>(unfolded.begin(), unfolded.end()), names) << folded;
  EXPECT_THAT(unfolded, SizeIs(names.size()));
}

}  // namespace swarmout::test
