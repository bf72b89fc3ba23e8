#include "seeder/source/git_source.hpp"

#include "common/base/subprocess.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace swarmout::test {

namespace {

constexpr char kNoCommit[] = "0123456789012345678901234567890123456789";

std::string without_newline(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  return text;
}

/// An upstream repository with one commit on `main`, and a source on it.
class GitSourceTest : public testing::Test {
protected:
  void SetUp() override {
    ::setenv("no_proxy", "*", 1);  // nothing leaves this host
    ASSERT_OK(make_directories(upstream_));
    git({"init", "--quiet", "--initial-branch=main", "."});
    first_ = commit("file", "first");
    source_ = open(upstream_.native());
  }

  std::string git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=T", "-c", "user.email=t@example.com"});
    const Command command{std::move(arguments), {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"LC_ALL", "C"}}, upstream_};
    const auto said = run_and_capture(command, kMiB, {});
    EXPECT_THAT(said, IsOk());
    return without_newline(said.value_or(""));
  }
  std::string commit(const std::string& name, const std::string& content) {
    write_file(upstream_ / name, content);
    git({"add", "--all"});
    git({"commit", "--quiet", "--message=change"});
    return git({"rev-parse", "HEAD"});
  }
  std::unique_ptr<Source> open(const std::string& location) {
    auto source = make_git_source(location, temp_ / "state");
    EXPECT_THAT(source, IsOk());
    return source ? *std::move(source) : nullptr;
  }
  /// What a revision resolves to, or the error.
  std::string resolved(const std::string& wanted) { return resolved(*source_, wanted); }
  static std::string resolved(Source& source, const std::string& wanted) {
    const auto name = source.resolve(wanted, {});
    return name ? name->value_or("no name") : to_string(name.error());
  }
  /// Path → content of a revision.
  std::map<std::string, std::string> files(const std::string& revision) {
    CollectingSink sink;
    EXPECT_THAT(stream_guarded(*source_, revision, sink), IsOk());
    std::map<std::string, std::string> found;
    for (const Given& each : sink.given) {
      found[each.entry.path] = each.content;
    }
    return found;
  }
  Path mirror() const {
    for (const auto& each : std::filesystem::directory_iterator(temp_ / "state" / "git")) {
      return each.path();
    }
    return "no mirror";
  }
  std::vector<Path> packs_of_mirror() const {
    std::vector<Path> found;
    for (const auto& each : std::filesystem::recursive_directory_iterator(mirror() / "objects")) {
      if (each.is_regular_file()) {
        found.push_back(each.path());
      }
    }
    return found;
  }

  TempDir temp_;
  Path upstream_ = temp_ / "upstream";
  std::string first_;
  std::unique_ptr<Source> source_;
};

}  // namespace

// Which names mean what.

TEST_F(GitSourceTest, WithoutANameItIsTheDefaultBranch) {
  EXPECT_EQ(resolved(""), first_);
}

TEST_F(GitSourceTest, TheDefaultBranchNeedNotBeCalledMain) {
  git({"checkout", "--quiet", "-b", "trunk"});
  const std::string second = commit("file", "second");

  EXPECT_EQ(resolved(""), second);
  EXPECT_EQ(resolved("main"), first_);
}

TEST_F(GitSourceTest, ABranchIsItsNewestCommit) {
  git({"checkout", "--quiet", "-b", "stable/1.x"});
  const std::string second = commit("file", "second");
  git({"checkout", "--quiet", "main"});

  EXPECT_EQ(resolved("stable/1.x"), second);
}

TEST_F(GitSourceTest, ABranchByItsFullName) {
  EXPECT_EQ(resolved("refs/heads/main"), first_);
}

TEST_F(GitSourceTest, ATagIsItsCommit) {
  git({"tag", "v1"});
  commit("file", "second");

  EXPECT_EQ(resolved("v1"), first_);
}

TEST_F(GitSourceTest, AnAnnotatedTagIsTheCommitThatItPointsTo) {
  git({"tag", "--annotate", "--message=one", "v1"});
  commit("file", "second");

  EXPECT_EQ(resolved("v1"), first_);
}

TEST_F(GitSourceTest, AnAnnotatedTagByItsFullNameIsTheCommitThatItPointsTo) {
  git({"tag", "--annotate", "--message=one", "v1"});

  EXPECT_EQ(resolved("refs/tags/v1"), first_);
}

TEST_F(GitSourceTest, ATagThatPointsToATagIsTheCommitInTheEnd) {
  git({"tag", "--annotate", "--message=one", "v1"});
  git({"tag", "--annotate", "--message=two", "v2", "v1"});

  EXPECT_EQ(resolved("v2"), first_);
}

TEST_F(GitSourceTest, ATagGoesBeforeABranchOfTheSameName) {
  git({"tag", "same"});
  git({"checkout", "--quiet", "-b", "same"});
  commit("file", "second");

  EXPECT_EQ(resolved("same"), first_);
}

TEST_F(GitSourceTest, ABranchThatOnlyEndsLikeTheNameIsAnother) {
  git({"checkout", "--quiet", "-b", "old/stable"});

  EXPECT_THAT(source_->resolve("stable", {}), FailsWith(ErrorCode::not_found, "stable"));
}

TEST_F(GitSourceTest, APatternIsNotAName) {
  EXPECT_THAT(source_->resolve("ma*", {}), FailsWith(ErrorCode::not_found));
}

TEST_F(GitSourceTest, AFullHashIsItself) {
  commit("file", "second");

  EXPECT_EQ(resolved(first_), first_);
}

TEST_F(GitSourceTest, AFullHashThatIsNotThereIsNotFound) {
  EXPECT_THAT(source_->resolve(kNoCommit, {}), FailsWith(ErrorCode::not_found, kNoCommit));
}

TEST_F(GitSourceTest, AShortHashIsTheWholeOne) {
  commit("file", "second");

  EXPECT_EQ(resolved(first_.substr(0, 10)), first_);
}

TEST_F(GitSourceTest, AnAncestorIsFound) {
  commit("file", "second");

  EXPECT_EQ(resolved("main~1"), first_);
}

TEST_F(GitSourceTest, AFileOfTheTreeIsNoRevision) {
  EXPECT_THAT(source_->resolve("main:file", {}), FailsWith(ErrorCode::not_found));
}

TEST_F(GitSourceTest, TheRefInTheSpecIsTheDefault) {
  git({"tag", "v1"});
  commit("file", "second");

  EXPECT_EQ(resolved(*open(upstream_.native() + "#v1"), ""), first_);
}

TEST_F(GitSourceTest, AWantedRevisionGoesBeforeTheRefInTheSpec) {
  git({"tag", "v1"});
  const std::string second = commit("file", "second");

  EXPECT_EQ(resolved(*open(upstream_.native() + "#v1"), "main"), second);
}

// Following upstream.

TEST_F(GitSourceTest, ANewCommitUpstreamIsSeenByTheNextResolve) {
  ASSERT_EQ(resolved("main"), first_);
  ASSERT_EQ(files(first_)["file"], "first");
  const std::string second = commit("file", "second");

  EXPECT_EQ(resolved("main"), second);
  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitSourceTest, AnOldCommitIsStreamedAfterANewOne) {
  const std::string second = commit("file", "second");
  ASSERT_EQ(files(second)["file"], "second");

  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitSourceTest, AForcePushedBranchIsFollowed) {
  commit("file", "second");
  ASSERT_EQ(files(resolved("main"))["file"], "second");
  git({"reset", "--quiet", "--hard", first_});
  const std::string other = commit("file", "rewritten");

  EXPECT_EQ(resolved("main"), other);
  EXPECT_EQ(files(other)["file"], "rewritten");
}

TEST_F(GitSourceTest, AMovedTagIsFollowed) {
  git({"tag", "release"});
  ASSERT_EQ(files(resolved("release"))["file"], "first");
  const std::string second = commit("file", "second");
  git({"tag", "--force", "release"});

  EXPECT_EQ(resolved("release"), second);
  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitSourceTest, ABranchThatWasADirectoryOfBranchesIsFollowed) {
  git({"branch", "topic/one"});
  ASSERT_EQ(files(resolved("topic/one"))["file"], "first");
  git({"branch", "--quiet", "-D", "topic/one"});
  git({"checkout", "--quiet", "-b", "topic"});
  const std::string second = commit("file", "second");

  EXPECT_EQ(files(resolved("topic"))["file"], "second");
  EXPECT_EQ(resolved(second.substr(0, 12)), second);
}

TEST_F(GitSourceTest, ResolvingABranchFetchesNothing) {
  ASSERT_EQ(resolved("main"), first_);

  EXPECT_TRUE(packs_of_mirror().empty());
}

TEST_F(GitSourceTest, PathsMarkedExportIgnoreAreLeftOut) {
  write_file(upstream_ / ".gitattributes", "secret.txt export-ignore\n");
  const std::string second = commit("secret.txt", "not for you");

  EXPECT_FALSE(files(second).contains("secret.txt"));
  EXPECT_TRUE(files(second).contains("file"));
}

TEST_F(GitSourceTest, AnEmptyTreeIsATree) {
  git({"rm", "--quiet", "file"});
  git({"commit", "--quiet", "--message=empty"});

  EXPECT_TRUE(files(resolved("")).empty());
}

// What git must not take for an option, and what must not be seen.

TEST_F(GitSourceTest, ARevisionLikeAnOptionIsAUsageError) {
  EXPECT_THAT(source_->resolve("--upload-pack=touch /tmp/x", {}), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, ARefLikeAnOptionIsAUsageError) {
  EXPECT_THAT(make_git_source(upstream_.native() + "#--upload-pack=x", temp_ / "state"), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, AUrlLikeAnOptionIsAUsageError) {
  EXPECT_THAT(make_git_source("--upload-pack=x", temp_ / "state"), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, AnEmptyUrlIsAUsageError) {
  EXPECT_THAT(make_git_source("#main", temp_ / "state"), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, AUsageErrorShowsNoCredentials) {
  const auto made = make_git_source("https://user:secret@host/x#-x", temp_ / "state");

  ASSERT_THAT(made, FailsWith(ErrorCode::usage));
  EXPECT_THAT(to_string(made.error()), testing::Not(testing::HasSubstr("secret")));
}

TEST_F(GitSourceTest, AnUnreachableRepositoryShowsNoCredentials) {
  const auto source = open("http://user:secret@127.0.0.1:1/x.git");

  const auto name = source->resolve("main", {});

  ASSERT_FALSE(name.has_value());
  EXPECT_THAT(to_string(name.error()), testing::HasSubstr("127.0.0.1"));
  EXPECT_THAT(to_string(name.error()), testing::Not(testing::HasSubstr("secret")));
}

TEST_F(GitSourceTest, AFailedFetchShowsNoCredentials) {
  const auto source = open("http://user:secret@127.0.0.1:1/x.git");

  const auto name = source->resolve(kNoCommit, {});

  ASSERT_THAT(name, FailsWith(ErrorCode::failed, "127.0.0.1"));
  EXPECT_THAT(to_string(name.error()), testing::Not(testing::HasSubstr("secret")));
}

TEST(WithoutCredentials, RemovesUserAndPassword) {
  EXPECT_EQ(without_credentials("https://user:secret@host/x"), "https://host/x");
}

TEST(WithoutCredentials, RemovesAToken) {
  EXPECT_EQ(without_credentials("https://ghp_token@host/x"), "https://host/x");
}

TEST(WithoutCredentials, WorksAnywhereInAText) {
  EXPECT_EQ(without_credentials("cannot fetch 'git+ssh://u:p@a/b' or https://u:p@c/d."),
            "cannot fetch 'git+ssh://a/b' or https://c/d.");
}

TEST(WithoutCredentials, LeavesOtherTextsAlone) {
  const std::string text = "https://host/x@y mail@example.com git@host:x /a/b";

  EXPECT_EQ(without_credentials(text), text);
}

TEST(WithoutCredentials, RemovesAPasswordWithAnAtSign) {
  EXPECT_EQ(without_credentials("https://user:se@cret@host/x"), "https://host/x");
}

// When things are broken.

TEST_F(GitSourceTest, AMissingRepositoryFailsAndIsNamed) {
  const auto source = open((temp_ / "gone").native());

  EXPECT_THAT(source->resolve("main", {}), FailsWith(ErrorCode::failed, (temp_ / "gone").native()));
}

TEST_F(GitSourceTest, AnEmptyRepositoryHasNoRevision) {
  git({"init", "--quiet", "--bare", (temp_ / "empty").native()});
  const auto source = open((temp_ / "empty").native());

  EXPECT_FALSE(source->resolve("", {}).has_value());
}

TEST_F(GitSourceTest, AVanishedRepositoryLeavesWhatIsMirrored) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_OK(remove_tree(upstream_));

  EXPECT_EQ(resolved(first_), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitSourceTest, AStopWhileResolvingIsTemporary) {
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(source_->resolve("main", stop.get_token()), FailsWith(ErrorCode::temporary));
}

TEST_F(GitSourceTest, AStopBeforeTheFirstFetchIsTemporary) {
  ASSERT_EQ(resolved("main"), first_);
  std::stop_source stop;
  stop.request_stop();
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, stop.get_token()), FailsWith(ErrorCode::temporary));
}

TEST_F(GitSourceTest, AStreamOfAnUnknownCommitFails) {
  CollectingSink sink;

  EXPECT_THAT(source_->stream(kNoCommit, sink, {}), FailsWith(ErrorCode::failed, kNoCommit));
}

TEST_F(GitSourceTest, AMirrorWithoutAHeadIsMadeAnew) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_OK(remove_tree(mirror() / "HEAD"));

  EXPECT_EQ(resolved("main"), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitSourceTest, AMirrorWithADamagedHeadIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / "HEAD", "garbage");

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitSourceTest, AMirrorThatLostItsObjectsIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_OK(remove_tree(mirror() / "objects"));

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitSourceTest, AMirrorWithEmptiedObjectsIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_FALSE(packs_of_mirror().empty());
  for (const Path& each : packs_of_mirror()) {
    write_file(each, "");
  }

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitSourceTest, AMirrorThatLostTheContentOfAFileIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  const std::string blob = git({"rev-parse", "HEAD:file"});
  const Path object = mirror() / "objects" / blob.substr(0, 2) / blob.substr(2);
  ASSERT_TRUE(path_exists(object)) << "expected a loose object";
  ASSERT_OK(remove_tree(object));

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitSourceTest, ALockThatAKilledGitLeftIsNoHindrance) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / "refs/heads/main.lock", "");
  write_file(mirror() / "shallow.lock", "");
  const std::string second = commit("file", "second");

  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitSourceTest, AMirrorThatIsADirectoryOfOtherThingsIsRebuilt) {
  ASSERT_EQ(resolved("main"), first_);
  const Path place = mirror();
  ASSERT_OK(remove_tree(place));
  write_file(place / "HEAD", "garbage");

  EXPECT_EQ(files(first_)["file"], "first");
}

}  // namespace swarmout::test
