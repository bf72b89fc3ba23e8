#include "tests/seeder/source/hg/hg_upstream.hpp"

namespace swarmout::test {

namespace {

/// Once by its path, once through a server: hg takes other ways there.
class HgNames : public HgUpstream, public testing::WithParamInterface<bool> {
protected:
  void SetUp() override {
    if (GetParam()) {
      server_ = std::make_unique<HgServer>(repository_.path(), temp_.path());
      source_ = open(server_->url());
    }
  }
  std::unique_ptr<HgServer> server_;
};

constexpr const char* kNoChangeset = "0123456789012345678901234567890123456789";

}  // namespace

TEST_P(HgNames, EachNameIsItsChangeset) {
  repository_.hg({"tag", "v1"});
  const std::string tagged = repository_.head();
  repository_.hg({"branch", "--quiet", "stable-1.x"});
  const std::string stable = repository_.commit("file", "second");
  repository_.hg({"bookmark", "fe@ture"});

  EXPECT_EQ(resolved(), tagged) << "the default branch, not the newest changeset";
  EXPECT_EQ(resolved("default"), tagged);
  EXPECT_EQ(resolved("tip"), stable);
  EXPECT_EQ(resolved("v1"), first_);
  EXPECT_EQ(resolved("stable-1.x"), stable);
  EXPECT_EQ(resolved("fe@ture"), stable);
  EXPECT_EQ(resolved(first_.substr(0, 10)), first_);
  EXPECT_EQ(resolved(first_), first_);
}

TEST_P(HgNames, WhatIsNoNameIsNotFound) {
  for (const char* const each :
       {"nope", "max(all())", "default~1", "null", ".", "0000000000000000000000000000000000000000", "not default",
        "a\"b", "file:x", kNoChangeset}) {
    EXPECT_THAT(source_->resolve(each, {}), FailsWith(ErrorCode::not_found)) << each;
  }
}

TEST_P(HgNames, ARevisionLikeAnOptionIsAUsageError) {
  EXPECT_THAT(source_->resolve("--config=extensions.x=/tmp/x.py", {}), FailsWith(ErrorCode::usage));
}
INSTANTIATE_TEST_SUITE_P(Each, HgNames, testing::Bool());

using HgSpec = HgUpstream;

TEST_F(HgSpec, TheRevisionInTheSpecIsTheDefault) {
  repository_.hg({"tag", "v1"});
  source_ = open(repository_.path().native() + "#v1");

  EXPECT_EQ(resolved(), first_);
}

TEST_F(HgSpec, AFileUrlIsThePath) {
  EXPECT_EQ(resolved(*open("file://" + repository_.path().native())), first_);
}

TEST_F(HgSpec, AnEmptyRepositoryHasNoRevision) {
  const HgRepository empty(temp_ / "empty");

  EXPECT_THAT(open(empty.path().native())->resolve("", {}), FailsWith(ErrorCode::not_found, "default"));
  EXPECT_THAT(open(empty.path().native())->resolve("tip", {}), FailsWith(ErrorCode::not_found, "tip"));
}

TEST_F(HgSpec, WhatIsNoRepositoryIsAUsageError) {
  for (const char* const each : {"", "#x", "--help", "x#--help", "bundle:/tmp/x", "union:a+b", "ftp://host/x",
                                 "static-http://host/x", "http://host/\n[hooks]"}) {
    EXPECT_THAT(make_hg_source(each, temp_ / "state"), FailsWith(ErrorCode::usage)) << each;
  }
}

}  // namespace swarmout::test
