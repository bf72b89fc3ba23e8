#include "tests/seeder/source/svn/svn_upstream.hpp"

namespace swarmout::test {

namespace {

class SvnNames : public SvnUpstream {};

}  // namespace

TEST_F(SvnNames, WithoutANameItIsTheLastChangeOfTheDirectory) {
  EXPECT_EQ(resolved(), first_);
  repository_.commit_elsewhere();

  EXPECT_EQ(resolved(), first_) << "a commit elsewhere is no new release";
}

TEST_F(SvnNames, ANumberIsTheLastChangeUntilThen) {
  repository_.commit_elsewhere();
  const std::string third = repository_.commit("file", "third");

  EXPECT_EQ(resolved("4"), first_);
  EXPECT_EQ(resolved("r4"), first_);
  EXPECT_EQ(resolved("r5"), third);
  EXPECT_EQ(resolved("HEAD"), third);
}

TEST_F(SvnNames, ADateIsTheLastChangeUntilThen) {
  EXPECT_EQ(resolved("{2999-01-01}"), first_);
  EXPECT_THAT(source_->resolve("{1999-01-01}", {}), FailsWith(ErrorCode::not_found));
}

TEST_F(SvnNames, ARevisionThatIsNotThereIsNotFound) {
  EXPECT_THAT(source_->resolve("4711", {}), FailsWith(ErrorCode::not_found, "4711"));
}

TEST_F(SvnNames, ABranchIsNoRevision) {
  EXPECT_THAT(source_->resolve("stable", {}), FailsWith(ErrorCode::not_found, "a URL of its own"));
}

TEST_F(SvnNames, TheRevisionInTheSpecIsTheDefault) {
  repository_.commit("file", "second");
  source_ = open(server_.url("repository/trunk") + "#3");

  EXPECT_EQ(resolved(), first_);
  EXPECT_EQ(resolved("HEAD"), "r4");
}

TEST_F(SvnNames, ACopyIsAChangeOfAllThatIsInIt) {
  repository_.commit({{"sub", {Node::Kind::directory, ""}}, {"sub/file", {Node::Kind::file, "x"}}});
  run_svn({"copy", "--message", "x", repository_.url("trunk"), repository_.url("branches/one")});
  source_ = open(server_.url("repository/branches/one/sub"));

  EXPECT_EQ(resolved(), "r5");
  EXPECT_EQ(files("r5"), (std::map<std::string, std::string>{{"file", "x"}}));
}

TEST_F(SvnNames, WhatIsDeletedNowIsThereInItsRevision) {
  run_svn({"copy", "--message", "x", repository_.url("trunk"), repository_.url("branches/one")});
  run_svn({"delete", "--message", "x", repository_.url("branches/one")});
  source_ = open(server_.url("repository/branches/one"));

  EXPECT_THAT(source_->resolve("", {}), FailsWith(ErrorCode::not_found, "branches/one"));
  EXPECT_EQ(resolved("4"), "r4");
  EXPECT_EQ(files("r4")["file"], "first");
}

TEST_F(SvnNames, APegIsTheRevisionIfNoneIsNamed) {
  run_svn({"copy", "--message", "x", repository_.url("trunk"), repository_.url("branches/one")});
  run_svn({"delete", "--message", "x", repository_.url("branches/one")});
  source_ = open(server_.url("repository/branches/one") + "@4");

  EXPECT_EQ(resolved(), "r4");
  EXPECT_EQ(files("r4")["file"], "first");
}

TEST_F(SvnNames, FromAPegADirectoryIsFollowedBackThroughItsRenames) {
  run_svn({"move", "--message", "x", repository_.url("trunk"), repository_.url("main")});
  source_ = open(server_.url("repository/main") + "@4#3");

  EXPECT_EQ(resolved(), "r3");
  EXPECT_EQ(files("r3")["file"], "first");
  EXPECT_EQ(files("r4")["file"], "first");
  EXPECT_THAT(open(server_.url("repository/main"))->resolve("3", {}), FailsWith(ErrorCode::not_found));
}

TEST_F(SvnNames, AnAtAndAHashInNamesAreFound) {
  run_svn({"copy", "--message", "x", repository_.url("trunk"), repository_.url("branches/v1@home") + "@"});
  run_svn({"copy", "--message", "x", repository_.url("trunk"), repository_.url("branches/c%23")});

  EXPECT_EQ(resolved(*open(server_.url("repository/branches/v1@home") + "@")), "r4");
  EXPECT_EQ(resolved(*open(server_.url("repository/branches/v1%40home"))), "r4");
  EXPECT_EQ(resolved(*open(server_.url("repository/branches/c%23"))), "r5");
  EXPECT_THAT(open_source("svn+" + server_.url("repository/branches/v1@home"), temp_ / "state"),
              FailsWith(ErrorCode::usage, "end the URL in @"));
}

TEST_F(SvnNames, AFileIsNoTree) {
  source_ = open(server_.url("repository/trunk/file"));
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, {}), FailsWith(ErrorCode::failed, "trunk/file"));
}

TEST_F(SvnNames, WhatIsNoUrlIsAUsageError) {
  for (const char* const each :
       {"", "/srv/repository", "ftp://host/x", "--help", "svn+://host/x", "svn:///x", "trunk@3"}) {
    EXPECT_THAT(make_svn_source(each, temp_ / "state"), FailsWith(ErrorCode::usage)) << each;
  }
  EXPECT_THAT(make_svn_source("svn://host/x#--help", temp_ / "state"), FailsWith(ErrorCode::usage));
}

TEST_F(SvnNames, AUsageErrorShowsNoCredentials) {
  const auto made = open_source("svn+ftp://user:S3cret@host/x", temp_ / "state");

  ASSERT_THAT(made, FailsWith(ErrorCode::usage, "host/x"));
  EXPECT_THAT(to_string(made.error()), testing::Not(testing::HasSubstr("S3cret")));
}

}  // namespace swarmout::test
