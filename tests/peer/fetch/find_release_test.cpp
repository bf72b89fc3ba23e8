#include "peer/fetch/find_release.hpp"

#include "common/fleet/log_reader.hpp"
#include "tests/peer/fetch/following.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FindReleaseTest : public testing::Test {
protected:
  Position publish(const std::string& revision, const std::string& name = "", bool trusted = true) {
    SignedDescriptor release = OtherHost::made_up(share_.tail({}).value().next().next(), revision);
    release.descriptor.name = name;
    return commit_raw(share_, host_.claim(), (trusted ? signer_ : stranger_).sign(std::move(release)));
  }
  /// The number of what is found.
  Result<std::uint64_t> find(const std::string& wanted, std::optional<Position> older_than = std::nullopt) {
    LogReader reader(share_, fleet_trust());
    TRY_ASSIGN(const LogView* log, reader.refresh_with_history(kSearchedReleases));
    return find_release(*log, wanted, signer_.trusted(), older_than).map([](const SignedDescriptor& release) {
      return release.descriptor.position.value;
    });
  }

  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  OtherHost host_{state_};
  MemoryShare share_{state_};
  Signer signer_;
  Signer stranger_{strangers_key()};
};

}  // namespace

TEST_F(FindReleaseTest, AnEmptyLogHasNone) {
  EXPECT_THAT(find("latest"), FailsWith(ErrorCode::not_found, "nothing is published"));
}

TEST_F(FindReleaseTest, ByNumberRevisionBeginningAndLatest) {
  publish("aaaa1111");
  publish("bbbb2222");
  publish("cccc3333");

  EXPECT_EQ(find("latest"), 6U);
  EXPECT_EQ(find("4"), 4U);
  EXPECT_EQ(find("aaaa1111"), 2U);
  EXPECT_EQ(find("bbbb"), 4U);
}

TEST_F(FindReleaseTest, TheLatestIsTheCurrentOne) {
  publish("aaaa1111");
  publish("bbbb2222");
  LogEntry named;
  named.position = Position{2};
  ASSERT_OK(publish_by_hand(host_.pen(), host_.claim(), named, "broken", {}));

  EXPECT_EQ(find("latest"), 2U);
  EXPECT_EQ(find("bbbb"), 4U);
}

TEST_F(FindReleaseTest, ByTheTagOrBranchThatWasAskedFor) {
  publish("aaaa1111", "v1.2.3");
  publish("bbbb2222", "main");
  publish("cccc3333", "main");

  EXPECT_EQ(find("v1.2.3"), 2U);
  EXPECT_EQ(find("refs/tags/v1.2.3"), 2U);
  EXPECT_EQ(find("main"), 6U) << "the newest of that name";
}

TEST_F(FindReleaseTest, ARevisionIsMeantBeforeANameAndANameBeforeABeginning) {
  publish("aaaa1111");
  publish("bbbb2222", "aaaa1111");
  publish("cccc3333", "aaaa");

  EXPECT_EQ(find("aaaa1111"), 2U);
  EXPECT_EQ(find("aaaa"), 6U);
}

TEST_F(FindReleaseTest, TheNewestOfARevisionThatWasPublishedTwice) {
  publish("aaaa1111");
  publish("bbbb2222");
  publish("aaaa1111");

  EXPECT_EQ(find("aaaa1111"), 6U);
  EXPECT_EQ(find("aaaa"), 6U);
}

TEST_F(FindReleaseTest, ABeginningOfTwoRevisionsIsAnsweredWithBoth) {
  publish("aaaa1111");
  publish("aaaa2222", "v2");
  publish("bbbb3333");

  EXPECT_THAT(find("aaaa"), FailsWith(ErrorCode::not_found, "more than one"));
  EXPECT_THAT(to_string(find("aaaa").error()),
              AllOf(HasSubstr("release 2 (aaaa1111)"), HasSubstr("release 4 (aaaa2222)"), Not(HasSubstr("bbbb3333"))));
}

TEST_F(FindReleaseTest, ShortBeginningsFindNothing) {
  publish("aaaa1111");

  EXPECT_THAT(find("aaa"), FailsWith(ErrorCode::not_found));
}

TEST_F(FindReleaseTest, WhatIsThereIsNamed) {
  publish("aaaa1111", "v1");

  EXPECT_THAT(find("v2"), FailsWith(ErrorCode::not_found, "release 2 (v1)"));
}

TEST_F(FindReleaseTest, ANameThatNobodySignedFindsNothing) {
  publish("aaaa1111", "v1");
  publish("bbbb2222", "v1", false);

  EXPECT_EQ(find("v1"), 2U);
  EXPECT_THAT(find("4"), FailsWith(ErrorCode::refused, "not trusted"));
  EXPECT_THAT(find("latest"), FailsWith(ErrorCode::refused));
}

TEST_F(FindReleaseTest, IfNothingIsTrustedThatIsTheAnswer) {
  publish("aaaa1111", "", false);

  EXPECT_THAT(find("aaaa1111"), FailsWith(ErrorCode::refused, "not trusted"));
}

TEST_F(FindReleaseTest, WhoGoesBackByANameDoesNotMeanTheOneThatHeLeaves) {
  publish("aaaa1111", "main");
  publish("bbbb2222", "main");
  publish("cccc3333", "main");

  EXPECT_EQ(find("main"), 6U);
  EXPECT_EQ(find("main", Position{6}), 4U);
  EXPECT_EQ(find("main", Position{4}), 2U);
  EXPECT_EQ(find("6", Position{4}), 6U) << "a number is that release";
  EXPECT_EQ(find("cccc3333", Position{4}), 6U) << "there is no older one";
}

}  // namespace swarmout::test
