#include "common/names/node_set.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<std::string> numbered(const std::string& before, int from, int to, const std::string& after = "") {
  std::vector<std::string> names;
  for (int each = from; each <= to; ++each) {
    names.push_back(before + (each < 10 ? "0" : "") + std::to_string(each) + after);
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
  ASSERT_OK_AND_ASSIGN(const auto unfolded, unfold_nodes(folded));
  EXPECT_EQ(std::set<std::string>(unfolded.begin(), unfolded.end()), names) << folded;
  EXPECT_THAT(unfolded, SizeIs(names.size()));
}

TEST(NodeSet, SeveralNumbersUnfoldToAllCombinations) {
  ASSERT_OK_AND_ASSIGN(const auto names, unfold_nodes("r[1-2]n[01,3],db"));
  EXPECT_THAT(names, ElementsAre("r1n01", "r1n3", "r2n01", "r2n3", "db"));
}

TEST(NodeSet, WhatIsNoSetIsRefused) {
  for (const char* const text : {"", "web[1", "web1]", "web[]", "web[a-b]", "web[3-1]", "web[1-]", "a,,b", "web[[1]]",
                                 "n[1-99999999999]", "n[0-999]m[0-999]"}) {
    EXPECT_THAT(unfold_nodes(text), FailsWith(ErrorCode::usage)) << text;
  }
}

}  // namespace swarmout::test
