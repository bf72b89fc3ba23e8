#include "peer/own_record.hpp"

#include "tests/peer/fetch/swarming.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class OwnRecordTest : public testing::Test {
protected:
  OwnRecordTest() {
    release_.position = {4};
    release_.revision = "r4";
    release_.packed_size = 1000;
    release_.info_hash = {sha256("release")};
  }

  std::unique_ptr<SwarmSession> session_ = open_session();
  Descriptor release_;
};

}  // namespace

TEST_F(OwnRecordTest, AHostWithoutAnythingSaysNothing) {
  const PeerRecord record = own_record({}, *session_);

  EXPECT_EQ(record.active, Position{});
  EXPECT_EQ(record.target, Position{});
  EXPECT_FALSE(record.complete);
}

TEST_F(OwnRecordTest, WhatIsWholeIsAllThere) {
  const PeerRecord record = own_record({&release_, &release_, true, ""}, *session_);

  EXPECT_EQ(record.active, Position{4});
  EXPECT_EQ(record.revision, "r4");
  EXPECT_EQ(record.have, 1000U);
  EXPECT_TRUE(record.complete);
}

TEST_F(OwnRecordTest, AReleaseWhoseTreeIsGoneIsNeitherActiveNorComplete) {
  const PeerRecord record = own_record({nullptr, &release_, false, "the tree is gone"}, *session_);

  EXPECT_EQ(record.active, Position{});
  EXPECT_EQ(record.target, Position{4});
  EXPECT_FALSE(record.complete);
  EXPECT_EQ(record.trouble, "the tree is gone");
}

}  // namespace swarmout::test
