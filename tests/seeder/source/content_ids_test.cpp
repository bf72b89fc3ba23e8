#include "seeder/source/content_ids.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

Node node_of(const std::string& path, Node::Kind kind) {
  Node node;
  node.path = path;
  node.kind = kind;
  return node;
}

const ContentId kOne = content_id(std::string(40, '1')).value();
const ContentId kTwo = content_id(std::string(40, '2')).value();

class ContentIdsTest : public testing::Test {
protected:
  void SetUp() override {
    ContentIdWriter writer("svn");
    writer.add(kOne);
    writer.add(kTwo);
    written_ = writer.take();
  }

  std::vector<Node> nodes_ = {node_of("a", Node::Kind::file), node_of("b", Node::Kind::directory),
                              node_of("b/c", Node::Kind::executable), node_of("d", Node::Kind::symlink)};
  std::string written_;
};

}  // namespace

TEST_F(ContentIdsTest, AFileIsFoundByItsContent) {
  const auto ids = ContentIds::read(written_, "svn", nodes_);

  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->same(kOne), &nodes_[0]);
  EXPECT_EQ(ids->same(kTwo), &nodes_[2]);
  EXPECT_EQ(ids->same(ContentId{}), nullptr);
}

TEST_F(ContentIdsTest, WhatIsDamagedOrOfAnotherTreeOrSourceIsNotRead) {
  EXPECT_FALSE(ContentIds::read(written_, "hg", nodes_));
  EXPECT_FALSE(ContentIds::read(written_ + "x", "svn", nodes_));
  EXPECT_FALSE(ContentIds::read(written_.substr(0, written_.size() - 1), "svn", nodes_));
  EXPECT_FALSE(ContentIds::read("", "svn", nodes_));
  nodes_.pop_back();
  nodes_.pop_back();
  EXPECT_FALSE(ContentIds::read(written_, "svn", nodes_));
}

TEST_F(ContentIdsTest, OnlyFortyDigitsAreAName) {
  for (const std::string& each : {std::string(), std::string(39, '1'), std::string(41, '1'), std::string(40, 'A')}) {
    EXPECT_FALSE(content_id(each)) << each;
  }
}

}  // namespace swarmout::test
