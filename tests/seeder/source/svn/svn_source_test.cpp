#include "tests/seeder/source/svn/svn_upstream.hpp"
#include "tests/support/bytes.hpp"

#include <cstdlib>

namespace swarmout::test {

namespace {

class SvnSourceTest : public SvnUpstream {
protected:
  void TearDown() override {
    for (const char* const each : {"HOME", "SVN_SSH", "PATH"}) {
      ::setenv(each, saved_.at(each).c_str(), 1);
      if (saved_.at(each).empty()) {
        ::unsetenv(each);
      }
    }
  }

private:
  static std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value ? value : "";
  }
  std::map<std::string, std::string> saved_ = {
      {"HOME", variable("HOME")}, {"SVN_SSH", variable("SVN_SSH")}, {"PATH", variable("PATH")}};
};

}  // namespace

// What is published.

TEST_F(SvnSourceTest, KeywordsAndLineEndsAreAsTheRepositoryHasThem) {
  repository_.commit("id", "$Id$ $Rev$\n", {{"svn:keywords", "Id Rev"}});
  repository_.commit("crlf", "one\r\ntwo\r\n", {{"svn:eol-style", "native"}});
  repository_.commit("lf", "one\ntwo\n", {{"svn:eol-style", "CRLF"}});
  const std::string last = repository_.commit("mixed", "one\r\ntwo\n$Id: old $\n", {{"svn:keywords", "Id"}});

  auto found = files(last);

  EXPECT_EQ(found["id"], "$Id$ $Rev$\n");
  EXPECT_EQ(found["crlf"], "one\r\ntwo\r\n");
  EXPECT_EQ(found["lf"], "one\ntwo\n");
  EXPECT_EQ(found["mixed"], "one\r\ntwo\n$Id: old $\n");
}

TEST_F(SvnSourceTest, SettingsOfTheCallerChangeNothing) {
  write_file(temp_ / "home/.subversion/config",
             "[miscellany]\nuse-commit-times = yes\nenable-auto-props = yes\nglobal-ignores = *\n"
             "[auto-props]\n* = svn:eol-style=CRLF\n[helpers]\nmerge-tool-cmd = false\n");
  ::setenv("HOME", (temp_ / "home").c_str(), 1);
  const std::string last = repository_.commit("lines", "one\ntwo\n", {{"svn:eol-style", "native"}});

  EXPECT_EQ(files(last)["lines"], "one\ntwo\n");
}

TEST_F(SvnSourceTest, AFileThatIsSaidToBeALinkAndIsNoneIsAFile) {
  const std::string last = repository_.commit("odd", "no link\n", {{"svn:special", "*"}});

  auto found = files(last);

  EXPECT_EQ(found["odd"], "no link\n");
}

TEST_F(SvnSourceTest, EmptyDirectoriesAreKept) {
  const std::string last = repository_.commit({{"void", {Node::Kind::directory, ""}}});

  EXPECT_EQ(listed(last), (std::map<std::string, std::string>{{"void", "dir"}}));
}

TEST_F(SvnSourceTest, AnEmptyTreeIsATree) {
  EXPECT_TRUE(files(repository_.commit(MadeTree{})).empty());
}

TEST_F(SvnSourceTest, ExternalsAreRefusedByTheirDirectory) {
  repository_.commit({{"lib", {Node::Kind::directory, ""}}});
  const std::string last = repository_.set("lib", {{"svn:externals", "https://host/x inner\n"}});
  CollectingSink sink;

  EXPECT_THAT(source_->stream(last, sink, {}), FailsWith(ErrorCode::refused, "\"lib\" has svn:externals"));
}

TEST_F(SvnSourceTest, ExternalsAreLeftOutIfThatIsWanted) {
  repository_.commit({{"lib", {Node::Kind::directory, ""}}});
  const std::string last = repository_.set("lib", {{"svn:externals", "https://host/x inner\n"}});
  const auto source = open(server_.url("repository/trunk"), {false, true});

  EXPECT_EQ(listed(*source, last), (std::map<std::string, std::string>{{"lib", "dir"}}));
}

// How little is asked of the server.

TEST_F(SvnSourceTest, AnExportIsTwoConnectionsAndAnUpdateThree) {
  ASSERT_EQ(resolved(), first_);
  EXPECT_EQ(server_.connections(), 1);
  ASSERT_EQ(files(first_)["file"], "first");
  EXPECT_EQ(server_.connections(), 2);
  const std::string second = repository_.commit("file", "second");

  ASSERT_EQ(resolved(), second);
  ASSERT_EQ(files(second)["file"], "second");

  EXPECT_EQ(server_.connections(), 5) << "one more, to see that its history is that of before";
}

TEST_F(SvnSourceTest, ResolvingFetchesNothing) {
  repository_.commit("large", noise(2 * kMiB));
  static_cast<void>(resolved());

  EXPECT_EQ(source_->fetched(), 0U);
  EXPECT_EQ(working_copy(), temp_ / "no-working-copy");
}

// The working copy heals.

TEST_F(SvnSourceTest, AnUpdateThatWasKilledIsGoneOnWith) {
  ASSERT_EQ(files(first_)["file"], "first");
  const std::string second = repository_.commit("file", "second");
  const std::string lock = "insert into wc_lock (wc_id, local_dir_relpath, locked_levels) values (1, '', -1);";
  const Command command{{"python3", "-c",
                         "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\n"
                         "db.execute(sys.argv[2])\ndb.commit()\n",
                         (working_copy() / ".svn/wc.db").native(), lock}};
  ASSERT_THAT(run_and_capture(command, kMiB, {}), IsOk());

  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(SvnSourceTest, ADamagedDatabaseIsMadeAnew) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(working_copy() / ".svn/wc.db", "garbage");

  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(SvnSourceTest, ContentThatWasLostFailsOnceAndIsFetchedAnew) {
  ASSERT_EQ(files(first_)["file"], "first");
  for (const auto& each : std::filesystem::recursive_directory_iterator(working_copy() / ".svn/pristine")) {
    if (each.is_regular_file()) {
      std::filesystem::permissions(each.path(), std::filesystem::perms::owner_all);
      write_file(each.path(), "fjrst");
    }
  }
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, {}), FailsWith(ErrorCode::temporary, "\"file\""));
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(SvnSourceTest, AFullDiskNamesTheWorkingCopyAndKeepsIt) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(temp_ / "bin/svn",
             "#!/bin/sh\nPATH=${PATH#*:}\ncase \" $* \" in *\" switch \"*) echo \"svn: E155009: Failed to "
             "run the WC DB work queue\nsvn: E000028: Can't write: No space left on device\" >&2; exit 1;; "
             "esac\nexec svn \"$@\"\n",
             true);
  ::setenv("PATH", ((temp_ / "bin").native() + ":" + std::getenv("PATH")).c_str(), 1);
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, {}), FailsWith(ErrorCode::cannot_write, (temp_ / "state/svn").native()));
  EXPECT_TRUE(path_exists(working_copy() / ".svn/wc.db"));
}

TEST_F(SvnSourceTest, ARepositoryThatWasMadeAnewIsFollowed) {
  ASSERT_EQ(files(first_)["file"], "first");
  std::filesystem::remove_all(repository_.path());
  SvnRepository other(repository_.path());
  const std::string last = other.commit("other", "tree");

  EXPECT_EQ(files(last), (std::map<std::string, std::string>{{"other", "tree"}}));
}

/// It has the same UUID, and svn says that all is well.
TEST_F(SvnSourceTest, ARepositoryThatWasRestoredIsFollowedInItsNewHistory) {
  repository_.commit("other", "old");
  const Path backup = temp_ / "backup";
  std::filesystem::copy(repository_.path(), backup, std::filesystem::copy_options::recursive);
  const std::string lost = repository_.commit("file", "lost");
  ASSERT_EQ(resolved(), lost);
  ASSERT_EQ(files(lost)["file"], "lost");
  std::filesystem::remove_all(repository_.path());
  std::filesystem::rename(backup, repository_.path());

  EXPECT_EQ(files(resolved())["file"], "first") << "of fewer revisions than the working copy";
  repository_.commit("other", "new");
  EXPECT_EQ(resolved(), lost) << "the number is there again";
  repository_.commit("more", "content");

  EXPECT_EQ(files(resolved()),
            (std::map<std::string, std::string>{{"file", "first"}, {"other", "new"}, {"more", "content"}}));
}

TEST_F(SvnSourceTest, ALargeFileThatIsSaidToBeALinkIsAFile) {
  const std::string large = noise(kMiB);
  const std::string last = repository_.commit("odd", large, {{"svn:special", "*"}});

  EXPECT_TRUE(files(last)["odd"] == large);
  EXPECT_TRUE(files(last)["odd"] == large) << "and nothing is fetched anew";
}

TEST_F(SvnSourceTest, WhatSomebodyChangedInTheWorkingCopyIsNotPublished) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(working_copy() / "file", "meddled");
  write_file(working_copy() / "more", "meddled");
  const std::string second = repository_.commit("file", "second");

  EXPECT_EQ(files(second), (std::map<std::string, std::string>{{"file", "second"}}));
}

// What svn must not take for an option, and what must not be seen.

TEST_F(SvnSourceTest, ARevisionLikeAnOptionIsAUsageError) {
  EXPECT_THAT(source_->resolve("--config-dir=/tmp", {}), FailsWith(ErrorCode::usage));
}

TEST_F(SvnSourceTest, APasswordInTheUrlReachesTheServerAndNoListOfProcesses) {
  write_file(repository_.path() / "conf/svnserve.conf",
             "[general]\nanon-access = none\nauth-access = read\npassword-db = passwd\n");
  write_file(repository_.path() / "conf/passwd", "[users]\nme = S3cret/x\n");
  write_file(temp_ / "bin/svn",
             "#!/bin/sh\necho \"$@\" >> " + (temp_ / "seen").native() + "\nenv >> " + (temp_ / "seen").native() +
                 "\nPATH=${PATH#*:}\nexec svn \"$@\"\n",
             true);
  ::setenv("HOME", (temp_ / "home").c_str(), 1);
  ASSERT_OK(make_directories(temp_ / "home"));
  ::setenv("PATH", ((temp_ / "bin").native() + ":" + std::getenv("PATH")).c_str(), 1);
  std::string url = server_.url("repository/trunk");
  const auto source = open(url.insert(6, "me:S3cret%2Fx@"));

  EXPECT_EQ(files(*source, resolved(*source))["file"], "first");

  const std::string seen = read_file(temp_ / "seen", 16 * kMiB).value_or("");
  EXPECT_THAT(seen, testing::HasSubstr("--username me"));
  EXPECT_THAT(seen, testing::Not(testing::HasSubstr("S3cret")));
  for (const auto& each : std::filesystem::recursive_directory_iterator(temp_.path())) {
    if (each.is_regular_file() && each.path().filename() != "passwd") {
      EXPECT_THAT(read_file(each.path(), 16 * kMiB).value_or(""), testing::Not(testing::HasSubstr("S3cret")))
          << each.path();
    }
  }
}

TEST_F(SvnSourceTest, AWrongPasswordFailsAtOnceAndIsNotShown) {
  write_file(repository_.path() / "conf/svnserve.conf",
             "[general]\nanon-access = none\nauth-access = read\npassword-db = passwd\n");
  write_file(repository_.path() / "conf/passwd", "[users]\nme = other\n");
  std::string url = server_.url("repository/trunk");
  const auto source = open(url.insert(6, "me:S3cret@"));

  const auto name = source->resolve("", {});

  ASSERT_THAT(name, FailsWith(ErrorCode::failed, "repository/trunk"));
  EXPECT_THAT(to_string(name.error()), testing::HasSubstr("let svn store what it asks for"));
  EXPECT_THAT(to_string(name.error()), testing::Not(testing::HasSubstr("S3cret")));
}

TEST_F(SvnSourceTest, SshNeverAsks) {
  write_file(temp_ / "bin/ssh", "#!/bin/sh\necho \"$@\" > " + (temp_ / "called").native() + "\nexit 255\n", true);
  ::setenv("PATH", ((temp_ / "bin").native() + ":" + std::getenv("PATH")).c_str(), 1);
  const auto source = open("svn+ssh://me@somewhere/x");

  EXPECT_THAT(source->resolve("", {}), FailsWith(ErrorCode::failed, "somewhere"));
  EXPECT_THAT(read_file(temp_ / "called", kMiB).value_or(""), testing::HasSubstr("BatchMode=yes"));
}

TEST_F(SvnSourceTest, AHostWithoutSvnIsTold) {
  ::setenv("PATH", (temp_ / "bin").c_str(), 1);

  EXPECT_THAT(source_->resolve("", {}), FailsWith(ErrorCode::failed, "apt install subversion"));
}

TEST_F(SvnSourceTest, AServerThatNeverAnswersIsLeftWhenWeAreToStop) {
  std::stop_source stop;
  const TcpServer silent([&](int, const std::stop_token& end) {
    stop.request_stop();
    while (!end.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  source_ = open("svn://" + silent.endpoint() + "/x");

  EXPECT_THAT(source_->resolve("", stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
}

}  // namespace swarmout::test
