// Servers as they are: silent, old, private, out of space.

#include "tests/seeder/source/git/git_upstream.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/wait_for.hpp"

#include <cstdlib>
#include <mutex>
#include <thread>

namespace swarmout::test {

namespace {

class GitTransport : public GitUpstream {
protected:
  void TearDown() override {
    for (const char* const each : {"GIT_CONFIG_GLOBAL", "GIT_ASKPASS"}) {
      ::unsetenv(each);
    }
    ::setenv("PATH", path_.c_str(), 1);
  }
  /// Every git is this script first; `exec git "$@"` goes on.
  void put_before_git(const std::string& script) {
    write_file(temp_ / "bin/git", "#!/bin/sh\nPATH=${PATH#*:}\n" + script + "\nexec git \"$@\"\n", true);
    ::setenv("PATH", ((temp_ / "bin").native() + ":" + path_).c_str(), 1);
  }

private:
  std::string path_ = std::getenv("PATH");
};

}  // namespace

TEST_F(GitTransport, AServerThatNeverAnswersIsLeftWhenWeAreToStop) {
  std::stop_source stop;
  const TcpServer server([&](int socket, const std::stop_token& end) {
    static_cast<void>(read_http(socket, end));
    stop.request_stop();
    while (!end.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  source_ = open("http://" + server.endpoint() + "/x.git");

  EXPECT_THAT(source_->resolve("main", stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(GitTransport, TheCallersAskpassAnswersForAPrivateRepository) {
  std::mutex mutex;
  std::string given;
  const TcpServer server([&](int socket, const std::stop_token& end) {
    while (const auto request = read_http(socket, end)) {
      const std::size_t at = request->find("Authorization: Basic ");
      if (at != std::string::npos) {
        const std::lock_guard lock(mutex);
        given = request->substr(at, request->find('\r', at) - at);
      }
      if (!send_text(socket, at == std::string::npos
                                 ? "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                                   "Content-Length: 0\r\n\r\n"
                                 : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) {
        return;
      }
    }
  });
  write_file(temp_ / "askpass", "#!/bin/sh\ncase \"$1\" in Username*) echo bot;; *) echo S3cret;; esac\n", true);
  ::setenv("GIT_ASKPASS", (temp_ / "askpass").c_str(), 1);
  source_ = open("http://" + server.endpoint() + "/x.git");

  const auto name = source_->resolve("main", {});

  ASSERT_THAT(name, FailsWith(ErrorCode::failed, "403"));
  EXPECT_THAT(to_string(name.error()), testing::Not(testing::HasSubstr("S3cret")));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(given, "Authorization: Basic Ym90OlMzY3JldA==");
}

TEST_F(GitTransport, AServerThatGivesOutOnlyWhatHasANameIsAskedForAllOfThat) {
  const std::string second = commit("file", "second");
  commit("file", "third");
  write_file(temp_ / "gitconfig", "[protocol]\n\tversion = 0\n");
  ::setenv("GIT_CONFIG_GLOBAL", (temp_ / "gitconfig").c_str(), 1);

  EXPECT_EQ(resolved(second), second);
  EXPECT_EQ(files(first_)["file"], "first");
  EXPECT_THAT(source_->resolve(kNoCommit, {}), FailsWith(ErrorCode::not_found, kNoCommit));
}

TEST_F(GitTransport, AFullDiskUnderGitNamesThePath) {
  ASSERT_EQ(resolved("main"), first_);
  put_before_git(
      "case \" $* \" in *\" fetch \"*) echo 'fatal: write error: No space left on device' >&2; exit 128;; esac");
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, {}), FailsWith(ErrorCode::cannot_write, (temp_ / "state").native()));
}

TEST_F(GitTransport, AFullDiskOfTheServerIsNotOurs) {
  ASSERT_EQ(resolved("main"), first_);
  put_before_git("case \" $* \" in *\" fetch \"*) echo 'remote: fatal: No space left on device' >&2; exit 128;; esac");
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, {}), FailsWith(ErrorCode::failed, upstream_.native()));
}

TEST_F(GitTransport, GitGetsNoneOfOurSecrets) {
  ::setenv("SWARMOUT_ETCD_PASSWORD", "S3cret", 1);
  put_before_git("env >> " + (temp_ / "seen").native());

  EXPECT_EQ(files(resolved("main"))["file"], "first");
  ::unsetenv("SWARMOUT_ETCD_PASSWORD");

  const std::string seen = read_file(temp_ / "seen", kMiB).value_or("");
  EXPECT_THAT(seen, testing::HasSubstr("GIT_TERMINAL_PROMPT=0"));
  EXPECT_THAT(seen, testing::Not(testing::HasSubstr("SWARMOUT_")));
}

}  // namespace swarmout::test
