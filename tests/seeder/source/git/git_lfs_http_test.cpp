// A repository with submodules and Git LFS content behind http and a password, as git hosts have it.

#include "tests/seeder/source/git/git_superproject.hpp"
#include "tests/support/tcp_server.hpp"

#include <mutex>
#include <set>

namespace swarmout::test {

namespace {

constexpr const char* kUser = "bot:S3cret@";
constexpr const char* kHeader = "Authorization: Basic Ym90OlMzY3JldA==";

/// Gives out bare repositories below a directory, as files, and their Git LFS objects; to its user only.
class GitHost {
public:
  explicit GitHost(Path root) : root_(std::move(root)) {}

  std::string url(const std::string& user = kUser) const { return "http://" + user + server_.endpoint(); }
  /// Paths that were asked for with its user's name.
  std::set<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  void damage() { damaged_ = true; }

private:
  void serve(int socket, const std::stop_token& stop) {
    while (const auto request = read_http(socket, stop)) {
      if (!send_text(socket, answer(*request))) {
        return;
      }
    }
  }
  std::string answer(const std::string& request) {
    if (request.find(kHeader) == std::string::npos) {
      return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    }
    const std::size_t begin = request.find(' ') + 1;
    const std::string path = request.substr(begin, request.find_first_of(" ?", begin) - begin);
    {
      const std::lock_guard lock(mutex_);
      asked_.insert(path);
    }
    if (path.ends_with("/objects/batch")) {
      return http_answer(200, batch(path.substr(0, path.find("/info/lfs")), request));
    }
    const auto file = read_file(root_ / path.substr(1), 64 * kMiB);
    return file ? http_answer(
                      200, damaged_ && path.find("/lfs/") != std::string::npos ? std::string(file->size(), 'x') : *file)
                : http_answer(404, "");
  }
  /// Says where each object is that is asked for.
  std::string batch(const std::string& repository, const std::string& request) const {
    std::string objects;
    constexpr std::string_view kOid = "\"oid\":\"";
    for (std::size_t at = request.find(kOid); at != std::string::npos; at = request.find(kOid, at + 1)) {
      const std::string oid = request.substr(at + kOid.size(), 64);
      const std::string size = request.substr(request.find("\"size\":", at) + 7, 20);
      const std::string place = repository + "/lfs/objects/" + oid.substr(0, 2) + "/" + oid.substr(2, 2) + "/" + oid;
      objects += objects.empty() ? "" : ",";
      objects += R"({"oid":")" + oid + R"(","size":)" + size.substr(0, size.find_first_not_of("0123456789")) +
                 R"(,"actions":{"download":{"href":")" + url("") + place + R"("}}})";
    }
    return R"({"transfer":"basic","objects":[)" + objects + "]}";
  }

  Path root_;
  mutable std::mutex mutex_;
  std::set<std::string> asked_;
  std::atomic<bool> damaged_ = false;
  TcpServer server_{[this](int socket, const std::stop_token& stop) { serve(socket, stop); }};
};

class GitLfsHttp : public GitSuperproject {
protected:
  void SetUp() override {
    GitSuperproject::SetUp();
    make_repository("lib", ".gitattributes", "*.bin filter=lfs -text\n");
    for (const char* const each : {"upstream", "lib"}) {
      git_in(each, {"lfs", "install", "--local", "--skip-repo"});
    }
    commit_in("lib", "inner.bin", inner_);
    commit_in("upstream", ".gitattributes", "*.bin filter=lfs -text\n");
    add_submodule("upstream", "../lib", "third/lib");
    git({"submodule", "--quiet", "set-url", "third/lib", "../lib.git"});
    configure("");
  }
  void TearDown() override {
    ::unsetenv("GIT_CONFIG_GLOBAL");
    ::unsetenv("CREDENTIALS_DIRECTORY");
  }
  void configure(const std::string& text) {
    write_file(temp_ / "gitconfig", "[lfs \"transfer\"]\n\tmaxretries = 1\n" + text);
    ::setenv("GIT_CONFIG_GLOBAL", (temp_ / "gitconfig").c_str(), 1);
  }
  /// As git hosts have them.
  void push() {
    for (const std::string& each : {std::string("upstream"), std::string("lib")}) {
      const Path bare = temp_ / "served" / (each + ".git");
      EXPECT_THAT(remove_tree(bare), IsOk());
      git_in(".", {"clone", "--quiet", "--bare", (temp_ / each).native(), bare.native()});
      std::filesystem::copy(temp_ / each / ".git/lfs", bare / "lfs", std::filesystem::copy_options::recursive);
      git_in("served/" + each + ".git", {"update-server-info"});
    }
  }

  const std::string inner_ = noise(300'000, 1);
  const std::string outer_ = noise(500'000, 2);
  GitHost host_{temp_ / "served"};
};

}  // namespace

TEST_F(GitLfsHttp, AllOfItComesFromThereWithTheSuperprojectsUser) {
  const std::string commit = commit_in("upstream", "outer.bin", outer_);
  push();
  source_ = open(host_.url() + "/upstream.git");

  auto found = files(resolved("main"));

  EXPECT_TRUE(found["outer.bin"] == outer_);
  EXPECT_TRUE(found["third/lib/inner.bin"] == inner_);
  EXPECT_TRUE(host_.asked().contains("/lib.git/info/lfs/objects/batch"));
}

/// As LoadCredential= has it: a directory that nobody may write to.
TEST_F(GitLfsHttp, ThePasswordThatSystemdHandsIsTakenForAllOfIt) {
  commit_in("upstream", "outer.bin", outer_);
  push();
  const Path handed = temp_ / "what systemd hands";
  write_file(handed / "swarmout.git-credentials", host_.url() + "\n");
  ASSERT_EQ(::chmod((handed / "swarmout.git-credentials").c_str(), 0400), 0);
  ASSERT_EQ(::chmod(handed.c_str(), 0500), 0);
  ::setenv("CREDENTIALS_DIRECTORY", handed.c_str(), 1);
  source_ = open(host_.url("") + "/upstream.git");

  auto found = files(resolved("main"));

  EXPECT_TRUE(found["outer.bin"] == outer_);
  EXPECT_TRUE(found["third/lib/inner.bin"] == inner_);
}

TEST_F(GitLfsHttp, TheTreeMayNameAnotherPlaceOnTheSameHost) {
  write_file(upstream_ / ".lfsconfig", "[lfs]\n\turl = " + host_.url("") + "/lib.git/info/lfs\n");
  commit_in("upstream", "same.bin", inner_);
  push();
  ASSERT_OK(remove_tree(temp_ / "served/upstream.git/lfs"));
  write_file(temp_ / "credentials", host_.url() + "\n");
  configure("[credential]\n\thelper = store --file " + (temp_ / "credentials").native() + "\n");
  source_ = open(host_.url("") + "/upstream.git");

  EXPECT_TRUE(files(resolved("main"))["same.bin"] == inner_);
  EXPECT_FALSE(host_.asked().contains("/upstream.git/info/lfs/objects/batch"));
}

TEST_F(GitLfsHttp, NoCredentialsGoToAnotherHostThatTheTreeNames) {
  const GitHost elsewhere(temp_ / "served");
  write_file(upstream_ / ".lfsconfig", "[lfs]\n\turl = " + elsewhere.url("") + "/lib.git/info/lfs\n");
  commit_in("upstream", "same.bin", inner_);
  push();
  source_ = open(host_.url() + "/upstream.git");

  EXPECT_THAT(streamed(resolved("main")), FailsWith(ErrorCode::refused, "another server"));
  EXPECT_THAT(elsewhere.asked(), testing::IsEmpty());
}

/// Who may commit may name any server; a program that answers whoever asks must not be asked for it.
TEST_F(GitLfsHttp, ASubmoduleOnAnotherServerDoesNotGetWhatAnAskpassProgramKnows) {
  const GitHost elsewhere(temp_ / "served");
  git({"submodule", "--quiet", "set-url", "third/lib", elsewhere.url("") + "/lib.git"});
  commit_in("upstream", "outer.bin", outer_);
  push();
  write_file(temp_ / "askpass", "#!/bin/sh\ncase $1 in Username*) echo bot ;; *) echo S3cret ;; esac\n", true);
  ::setenv("GIT_ASKPASS", (temp_ / "askpass").c_str(), 1);
  source_ = open(host_.url("") + "/upstream.git");
  const std::string commit = resolved("main");

  const auto done = streamed(commit);

  ::unsetenv("GIT_ASKPASS");
  EXPECT_FALSE(commit.empty()) << "its own server is told";
  EXPECT_THAT(done, FailsWith(ErrorCode::failed, "third/lib"));
  EXPECT_THAT(elsewhere.asked(), testing::IsEmpty());
}

TEST_F(GitLfsHttp, AServerThatGivesSomethingElseIsNotBelieved) {
  commit_in("upstream", "outer.bin", outer_);
  push();
  host_.damage();
  source_ = open(host_.url() + "/upstream.git");

  const auto done = streamed(resolved("main"));

  ASSERT_THAT(done, FailsWith(ErrorCode::failed, "outer.bin"));
  EXPECT_THAT(to_string(done.error()), testing::Not(testing::HasSubstr("S3cret")));
}

}  // namespace swarmout::test
