#include "seeder/source/git/git_url.hpp"

#include "seeder/source/git/lfs_store.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

using namespace std::string_literals;

TEST(SubmoduleUrl, ARelativeOneBeginsAtTheSuperproject) {
  const struct {
    const char* parent;
    const char* url;
    const char* expected;
  } cases[] = {
      {"https://host/org/super.git", "../lib.git", "https://host/org/lib.git"},
      {"https://host/org/super.git/", "../../other/lib", "https://host/other/lib"},
      {"https://user:pw@host:8443/super.git", "../lib.git", "https://user:pw@host:8443/lib.git"},
      {"https://host/org/super.git", "./inner.git", "https://host/org/super.git/inner.git"},
      {"https://host/org/super.git", ".././../lib/", "https://host/lib"},
      {"git@host:org/super.git", "../lib.git", "git@host:org/lib.git"},
      {"git@host:super.git", "../lib.git", "git@host:lib.git"},
      {"host:/srv/super.git", "../lib.git", "host:/srv/lib.git"},
      {"host:/super.git", "../lib.git", "host:/lib.git"},
      {"ssh://host/~/super", "../lib", "ssh://host/~/lib"},
      {"/srv/git/super", "../lib", "/srv/git/lib"},
      {"/super", "../lib", "/lib"},
      {"file:///srv/super.git", "../lib.git", "file:///srv/lib.git"},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(submodule_url(each.parent, each.url), each.expected) << each.parent << " " << each.url;
  }
}

TEST(SubmoduleUrl, AWholeOneIsTakenAsItIs) {
  for (const char* const url : {"https://other/lib.git", "ssh://git@other:2222/lib", "git@other:lib.git",
                                "git://other/lib", "ssh://[::1]:22/lib", "company:lib/x"}) {
    EXPECT_EQ(submodule_url("https://host/super.git", url), url);
  }
}

TEST(SubmoduleUrl, WhatLeadsAboveTheHostIsRefused) {
  for (const char* const parent : {"https://host/super.git", "git@host:super.git", "/super", "file:///super"}) {
    EXPECT_THAT(submodule_url(parent, "../../evil.example/lib"), FailsWith(ErrorCode::refused, "above")) << parent;
    EXPECT_THAT(submodule_url(parent, "../../../evil.example/lib"), FailsWith(ErrorCode::refused, "above")) << parent;
  }
}

TEST(SubmoduleUrl, WhatIsNoPlaceOrRunsSomethingIsRefused) {
  for (const std::string& url :
       {"ext::sh -c touch% /tmp/x"s, "ext::https://host/x"s, "fd::7"s, "lib"s, "lib/inner"s, ".."s, ""s,
        "-oProxyCommand=x"s, "--upload-pack=x"s, "https://host/a\nb"s, "https://host%0Ahost=other/x"s,
        "https://host/%0dx"s, "https://host/\x01"s, "https://host/" + std::string(5000, 'a')}) {
    EXPECT_THAT(submodule_url("https://host/super.git", url), FailsWith(ErrorCode::refused, "URL")) << url;
  }
}

TEST(SubmoduleUrl, FilesOfThisHostAreForSuperprojectsOfThisHost) {
  for (const char* const url : {"/etc", "file:///srv/lib", "FILE:///srv/lib"}) {
    EXPECT_THAT(submodule_url("https://host/super.git", url), FailsWith(ErrorCode::refused, "this host")) << url;
    EXPECT_THAT(submodule_url("git@host:super.git", url), FailsWith(ErrorCode::refused, "this host")) << url;
    EXPECT_THAT(submodule_url("/srv/super", url), IsOk());
    EXPECT_THAT(submodule_url("file:///srv/super", url), IsOk());
  }
}

TEST(GitmodulesFile, TheLastValueCounts) {
  const auto found = parse_gitmodules(
      "submodule.a.path\nlib/a\0submodule.a.url\nold\0submodule.a.url\nnew\0"
      "submodule.with.dots.path\nlib/b\0submodule.with.dots.url\nb\0"
      "submodule.twice.path\nlib/b\0submodule.twice.url\nc\0"s);

  EXPECT_THAT(found, testing::ElementsAre(testing::Pair("lib/a", "new"), testing::Pair("lib/b", "c")));
}

TEST(GitmodulesFile, WhatGitDoesNotTakeIsNotThere) {
  const auto found = parse_gitmodules(
      "submodule.../x.path\na\0submodule.../x.url\nu\0"
      "submodule.x/..\\y.path\nb\0submodule.x/..\\y.url\nu\0"
      "submodule.c.path\n-c\0submodule.c.url\nu\0"
      "submodule.d.path\nd\0submodule.d.url\n--upload-pack=x\0"
      "submodule.e.path\0submodule.e.url\nu\0"
      "submodule.path\nf\0submodule.url\nu\0"
      "submodule.g.path\ng\0"s);

  EXPECT_THAT(found, testing::IsEmpty());
}

TEST(LfsServer, ItIsTheOneThatTheTreeCameFrom) {
  EXPECT_TRUE(is_same_server("https://host/a.git", "https://host/other/info/lfs"));
  EXPECT_TRUE(is_same_server("https://user:pw@HOST/a.git", "https://host:443/lfs"));
  EXPECT_TRUE(is_same_server("http://host:8080/a.git", "http://host:8080/lfs"));
  EXPECT_TRUE(is_same_server("http://host/a.git", "https://host/lfs"));
  EXPECT_TRUE(is_same_server("git@host:a.git", "https://host/lfs"));
  EXPECT_TRUE(is_same_server("ssh://git@host:22/a.git", "ssh://git@host/lfs"));
}

TEST(LfsServer, AnyOtherIsNot) {
  for (const char* const url :
       {"https://evil/lfs", "https://host.evil/lfs", "https://host@evil/lfs", "https://host:8443/lfs",
        "http://host/lfs", "https://evil\\@host/lfs", "https://host\\@evil/lfs", "https://evil /host",
        "https://evil#@host/lfs", "https://evil?@host/lfs", "ssh://host/lfs", "file:///srv/lfs", "/srv/lfs",
        "ext::sh -c x", "https://", ""}) {
    EXPECT_FALSE(is_same_server("https://host/a.git", url)) << url;
  }
  EXPECT_FALSE(is_same_server("/srv/a.git", "file:///srv/b.git"));
  EXPECT_FALSE(is_same_server("/srv/a.git", "https://host/a.git"));
  EXPECT_FALSE(is_same_server("git@host:a.git", "https://host:8443/lfs"));
  EXPECT_FALSE(is_same_server("git@host:a.git", "http://host/lfs"));
}

}  // namespace swarmout::test
