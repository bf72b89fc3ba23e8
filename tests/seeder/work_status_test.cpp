#include "seeder/work_status.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class WorkStatusTest : public testing::Test {
protected:
  WorkStatusTest() {
    status_.when_told([this](Phase phase) {
      told_.push_back(phase);
      seen_ = status_.collect();  // no lock is held
    });
  }

  WorkStatus status_;
  std::vector<Phase> told_;
  HeartbeatInfo seen_;
};

class FetchingSource final : public Source {
public:
  Result<std::optional<std::string>> resolve(const std::string&, std::stop_token) override { return std::nullopt; }
  Bytes fetched() const override { return 4711; }
  Result<void> stream(const std::string&, TreeSink&, std::stop_token) override { return {}; }
};

}  // namespace

TEST_F(WorkStatusTest, ANewPhaseIsTold) {
  status_.phase(Phase::exporting);

  EXPECT_THAT(told_, testing::ElementsAre(Phase::exporting));
  EXPECT_EQ(seen_.phase, Phase::exporting);
}

TEST_F(WorkStatusTest, TheSameAgainIsNoNews) {
  status_.phase(Phase::exporting);
  status_.phase(Phase::exporting);

  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(WorkStatusTest, WhereItCanBeFetchedIsToldAtOnce) {
  status_.serving({"192.0.2.1", 6881}, Endpoint{"192.0.2.1", 8080});

  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(seen_.endpoint, (Endpoint{"192.0.2.1", 6881}));
  EXPECT_EQ(seen_.tracker, (Endpoint{"192.0.2.1", 8080}));
}

TEST_F(WorkStatusTest, NumbersWaitForTheNextBeat) {
  status_.spread({10, 5, 3});
  status_.served({}, 100, 7);

  EXPECT_TRUE(told_.empty());
  const HeartbeatInfo info = status_.collect();
  EXPECT_EQ(info.peers, 10U);
  EXPECT_EQ(info.copies, 5U);
  EXPECT_EQ(info.offered, 100U);
}

TEST_F(WorkStatusTest, WhatASourceFetchesCountsWhileItIsAsked) {
  const FetchingSource source;
  {
    const auto counted = status_.count(source);
    EXPECT_EQ(status_.collect().read, 4711U);
    status_.pack.read = 12;
    EXPECT_EQ(status_.collect().read, 4711U + 12U) << "it fetches while it is read, too";
  }
  EXPECT_EQ(status_.collect().read, 12U);
}

}  // namespace swarmout::test
