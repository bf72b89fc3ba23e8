// A fleet that publishes only what somebody has signed at the source.

#include "tests/e2e/fleet.hpp"
#include "tests/support/gpg.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SignedSource : public testing::Test {
protected:
  SignedSource() {
    write_file(fleet_.scratch("keyring"), alice_.public_key());
    write_file(repository() / "file", "content");
    git({"init", "--quiet", "--initial-branch=main", "."});
    git({"add", "--all"});
    git({"commit", "--quiet", "--message=unsigned"});
  }
  Path repository() const { return fleet_.scratch("repository"); }
  void git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c",
                                         "gpg.program=" + alice_.program(), "-c", "user.signingkey=" + alice_.name()});
    EXPECT_THAT(run_and_capture({std::move(arguments), {{"GIT_CONFIG_GLOBAL", "/dev/null"}}, repository()}, kMiB, {}),
                IsOk());
  }
  Process seed(const std::string& what, const std::string& slot) {
    return fleet_.seed(1, "git+" + repository().native(),
                       {"--verify-git", what, "--git-keyring", fleet_.scratch("keyring"), "--slot", slot, "--linger",
                        "0s", "--max-attempts", "1", "-v"});
  }

  Fleet fleet_;
  Gpg alice_{"Alice <alice@example.com>"};
};

}  // namespace

TEST_F(SignedSource, WhatNobodySignedIs65AndIsNotPublished) {
  Process refused = seed("commit", "one");
  EXPECT_EQ(refused.wait(), 65);
  EXPECT_THAT(refused.err(), AllOf(HasSubstr("is not published: it is not signed"), HasSubstr("keyring")));
  EXPECT_EQ(fleet_.entries("COMMIT"), 0);
  Process half = fleet_.seed(1, "git+" + repository().native(), {"--verify-git", "commit", "--slot", "two"});
  EXPECT_EQ(half.wait(), 64) << half.err();
}

TEST_F(SignedSource, WhatWasSignedIsPublishedAndTheSignerIsSaid) {
  git({"commit", "--quiet", "--allow-empty", "-S", "--message=signed"});
  git({"tag", "-s", "--message=signed", "v1"});
  Process first = seed("commit", "one");
  ASSERT_EQ(first.wait(), 0) << first.err();
  EXPECT_THAT(first.err(), AllOf(HasSubstr("is signed by key "), HasSubstr("Alice <alice@example.com>")));
  const Finished fetched = fleet_.fetch(1, "latest");
  EXPECT_EQ(fetched.status, 0) << fetched.err;

  const Gpg bob("Bob <bob@example.com>");
  write_file(fleet_.scratch("keyring"), bob.public_key());
  Process again = seed("commit", "two");
  EXPECT_EQ(again.wait(), 65) << "also where nothing would have changed: " << again.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

}  // namespace swarmout::test
