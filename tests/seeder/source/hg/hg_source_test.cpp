#include "tests/seeder/source/hg/hg_upstream.hpp"
#include "tests/support/tcp_server.hpp"

#include <cstdlib>
#include <mutex>
#include <thread>

namespace swarmout::test {

namespace {

class HgSourceTest : public HgUpstream {
protected:
  void SetUp() override { ::setenv("no_proxy", "*", 1); }
  void TearDown() override {
    ::unsetenv("HGRCPATH");
    ::setenv("PATH", path_.c_str(), 1);
  }
  /// The caller's settings.
  void configure(const std::string& text) {
    write_file(temp_ / "hgrc", text);
    ::setenv("HGRCPATH", (temp_ / "hgrc").c_str(), 1);
  }
  /// Every hg is this script first.
  void put_before_hg(const std::string& script) {
    write_file(temp_ / "bin/hg", "#!/bin/sh\nPATH=${PATH#*:}\n" + script + "\nexec hg \"$@\"\n", true);
    ::setenv("PATH", ((temp_ / "bin").native() + ":" + path_).c_str(), 1);
  }

private:
  std::string path_ = std::getenv("PATH");
};

constexpr const char* kHostile =
    "[hooks]\npre-identify = touch TOUCHED\nchangegroup = touch TOUCHED\npre-archive = touch TOUCHED\n"
    "outgoing = touch TOUCHED\npre-pull = touch TOUCHED\n[extensions]\neol =\nkeyword =\n"
    "[encode]\n** = tr a-z A-Z\n[decode]\n** = tr a-z A-Z\n[keyword]\n** =\n[alias]\narchive = init TOUCHED\n"
    "[ui]\narchivemeta = True\n[defaults]\narchive = -S\n";

std::string hostile(const Path& touched) {
  std::string text = kHostile;
  const std::string word = "TOUCHED";
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    text.replace(at, word.size(), touched.native());
    at += touched.native().size();
  }
  return text;
}

}  // namespace

// What is published.

TEST_F(HgSourceTest, NothingIsAddedAndNothingConverted) {
  write_file(repository_.path() / ".hgeol", "[patterns]\n** = CRLF\n");
  write_file(repository_.path() / "id", "$Id$ $Author$\n");
  const std::string last = repository_.commit("lines", "one\ntwo\r\n");

  auto found = files(last);

  EXPECT_EQ(found.size(), 4U);
  EXPECT_EQ(found["lines"], "one\ntwo\r\n");
  EXPECT_EQ(found["id"], "$Id$ $Author$\n");
}

TEST_F(HgSourceTest, SettingsOfTheCallerAndOfTheRepositoryChangeNothingAndRunNothing) {
  const Path touched = temp_ / "touched";
  write_file(touched.native() + ".py", "open('" + touched.native() + "', 'w')\n");
  const std::string evil = "[extensions]\nevil = " + touched.native() + ".py\n";
  configure(hostile(touched));  // its extensions may run, as hg tells the settings
  write_file(repository_.path() / ".hg/hgrc", hostile(touched) + evil);

  EXPECT_EQ(files(resolved()), (std::map<std::string, std::string>{{"file", "first"}}));
  write_file(mirror() / ".hg/hgrc", hostile(touched) + evil);
  const std::string second = repository_.commit("file", "second");

  EXPECT_EQ(files(second), (std::map<std::string, std::string>{{"file", "second"}}));
  EXPECT_FALSE(path_exists(touched));
}

TEST_F(HgSourceTest, AnEmptyTreeIsATree) {
  std::filesystem::remove(repository_.path() / "file");

  EXPECT_TRUE(files(repository_.commit()).empty());
}

TEST_F(HgSourceTest, ASubrepositoryIsRefusedByItsPathUnlessThatIsWanted) {
  const HgRepository inner(repository_.path() / "lib/inner");
  HgRepository::at(inner.path()).commit("x", "x");
  const std::string last = repository_.commit(".hgsub", "lib/inner = lib/inner\n");
  CollectingSink sink;

  EXPECT_THAT(source_->stream(last, sink, {}), FailsWith(ErrorCode::refused, "\"lib/inner\" is a subrepository"));
  const auto allowing = open(repository_.path().native(), {false, true});
  EXPECT_EQ(files(*allowing, last).size(), 3U) << ".hgsub, .hgsubstate, file";
}

TEST_F(HgSourceTest, ALargefileIsRefusedByItsPathUnlessItsPointerIsWanted) {
  const std::string last = repository_.commit(".hglf/big.bin", std::string(40, 'a') + "\n");
  CollectingSink sink;

  EXPECT_THAT(source_->stream(last, sink, {}), FailsWith(ErrorCode::refused, ".hglf/big.bin"));
  EXPECT_TRUE(files(*open(repository_.path().native(), {true, false}), last).contains(".hglf/big.bin"));
}

// Following upstream, with how little is asked of the server.

TEST_F(HgSourceTest, AnExportFetchesOnceAndAnUpdateOnceMore) {
  const HgServer server(repository_.path(), temp_.path());
  source_ = open(server.url());
  EXPECT_EQ(files(resolved())["file"], "first");
  EXPECT_EQ(server.logged("cmd=getbundle"), 1U);
  EXPECT_EQ(server.logged("cmd=lookup"), 1U);
  EXPECT_EQ(files(resolved(first_))["file"], "first");
  EXPECT_EQ(server.logged("cmd=lookup"), 1U) << "what is here is not asked for";
  const std::string second = repository_.commit("file", "second");

  EXPECT_EQ(files(resolved())["file"], "second");

  EXPECT_EQ(server.logged("cmd=getbundle"), 2U);
}

TEST_F(HgSourceTest, ResolvingFetchesNothing) {
  EXPECT_EQ(resolved(), first_);

  EXPECT_FALSE(path_exists(mirror() / ".hg/store/00changelog.i"));
}

TEST_F(HgSourceTest, OnlyWhatTheChangesetComesFromIsFetched) {
  repository_.commit("file", "second");

  EXPECT_EQ(files(first_)["file"], "first");

  const Command count{{"hg", "--repository", mirror().native(), "log", "--template", "x"}, {{"HGRCPATH", ""}}};
  EXPECT_EQ(run_and_capture(count, kMiB, {}).value_or(""), "x");
}

TEST_F(HgSourceTest, ARepositoryThatWasMadeAnewIsFollowed) {
  ASSERT_EQ(files(first_)["file"], "first");
  std::filesystem::remove_all(repository_.path());
  HgRepository other(repository_.path());
  const std::string last = other.commit("other", "tree");

  EXPECT_EQ(files(resolved()), (std::map<std::string, std::string>{{"other", "tree"}}));
  EXPECT_EQ(resolved(), last);
}

// The mirror heals.

TEST_F(HgSourceTest, LocksAndHalfAPullOfAKilledHgAreCleared) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_symlink(mirror() / ".hg/store/lock", "elsewhere:1");
  write_symlink(mirror() / ".hg/wlock", "elsewhere:1");
  write_file(mirror() / ".hg/store/journal", "");
  const std::string second = repository_.commit("file", "second");

  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(HgSourceTest, AnUpstreamThatIsAwayCostsNoMirror) {
  ASSERT_EQ(files(first_)["file"], "first");
  const std::string second = repository_.commit("file", "second");
  std::filesystem::rename(repository_.path(), temp_ / "away");
  CollectingSink sink;

  EXPECT_THAT(source_->stream(second, sink, {}), FailsWith(ErrorCode::failed, repository_.path().native()));

  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(HgSourceTest, AChangesetThatUpstreamHasNotIsNotFound) {
  CollectingSink sink;

  EXPECT_THAT(source_->stream(std::string(40, '7'), sink, {}), FailsWith(ErrorCode::not_found, std::string(40, '7')));
}

TEST_F(HgSourceTest, ADamagedMirrorIsMadeAnew) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / ".hg/store/00manifest.i", "garbage");

  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(HgSourceTest, ContentThatWasDamagedFailsOnceAndIsFetchedAnew) {
  ASSERT_EQ(files(first_)["file"], "first");
  const Path data = mirror() / ".hg/store/data/file.i";
  std::string bytes = read_file(data, kMiB).value_or("");
  ASSERT_FALSE(bytes.empty());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(data, bytes);
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, {}), FailsWith(ErrorCode::temporary, "was damaged"));
  EXPECT_EQ(files(first_)["file"], "first");
}

// What must not be seen, and what must not hang.

TEST_F(HgSourceTest, CredentialsReachTheServerAndNoListOfProcesses) {
  std::mutex mutex;
  std::set<std::string> given;
  const TcpServer server([&](int socket, const std::stop_token& end) {
    while (const auto request = read_http(socket, end)) {
      const std::size_t at = request->find("uthorization: Basic ");  // with a small letter, from hg
      if (at != std::string::npos) {
        const std::lock_guard lock(mutex);
        given.insert(request->substr(at, request->find('\r', at) - at));
      }
      if (!send_text(socket, at == std::string::npos
                                 ? "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                                   "Content-Length: 0\r\n\r\n"
                                 : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) {
        return;
      }
    }
  });
  put_before_hg("echo \"$@\" >> " + (temp_ / "seen").native() + "\nenv >> " + (temp_ / "seen").native());

  const auto by_url = open("http://bot:S3cret@" + server.endpoint() + "/x")->resolve("", {});
  configure("[auth]\nx.prefix = *\nx.schemes = https\n http\nx.username = bot\nx.password = S3cret\n");
  const auto by_settings = open("http://" + server.endpoint() + "/x")->resolve("", {});

  for (const auto& each : {by_url, by_settings}) {
    ASSERT_THAT(each, FailsWith(ErrorCode::failed, server.endpoint()));
    EXPECT_THAT(to_string(each.error()), testing::Not(testing::HasSubstr("S3cret")));
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(given, (std::set<std::string>{"uthorization: Basic Ym90OlMzY3JldA=="}));
  EXPECT_THAT(read_file(temp_ / "seen", kMiB).value_or(""), testing::Not(testing::HasSubstr("S3cret")));
  for (const auto& each : std::filesystem::recursive_directory_iterator(temp_ / "state")) {
    if (each.is_regular_file()) {
      EXPECT_THAT(read_file(each.path(), kMiB).value_or(""), testing::Not(testing::HasSubstr("S3cret")));
    }
  }
}

TEST_F(HgSourceTest, AServerThatWantsAPasswordFailsAtOnceAndSaysWhatToDo) {
  const TcpServer server([&](int socket, const std::stop_token& end) {
    while (read_http(socket, end) && send_text(socket,
                                               "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                                               "Content-Length: 0\r\n\r\n")) {
    }
  });

  EXPECT_THAT(open("http://" + server.endpoint() + "/x")->resolve("", {}), FailsWith(ErrorCode::failed, "[auth]"));
}

TEST_F(HgSourceTest, TheCallersSshIsUsedElseOneThatNeverAsks) {
  write_file(temp_ / "bin/ssh", "#!/bin/sh\necho \"$@\" >> " + (temp_ / "called").native() + "\nexit 255\n", true);
  ::setenv("PATH", ((temp_ / "bin").native() + ":" + std::getenv("PATH")).c_str(), 1);
  EXPECT_THAT(open("ssh://me@somewhere/x")->resolve("", {}), FailsWith(ErrorCode::failed, "somewhere"));
  EXPECT_THAT(read_file(temp_ / "called", kMiB).value_or(""), testing::HasSubstr("BatchMode=yes"));
  configure("[ui]\nssh = ssh -o Mine=yes\n");

  EXPECT_THAT(open("ssh://me@somewhere/x")->resolve("", {}), FailsWith(ErrorCode::failed, "somewhere"));

  EXPECT_THAT(read_file(temp_ / "called", kMiB).value_or(""), testing::HasSubstr("Mine=yes"));
}

TEST_F(HgSourceTest, AHostWithoutHgIsTold) {
  ::setenv("PATH", (temp_ / "bin").c_str(), 1);

  EXPECT_THAT(source_->resolve("", {}), FailsWith(ErrorCode::failed, "apt install mercurial"));
}

TEST_F(HgSourceTest, AServerThatNeverAnswersIsLeftWhenWeAreToStop) {
  std::stop_source stop;
  const TcpServer silent([&](int, const std::stop_token& end) {
    stop.request_stop();
    while (!end.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });

  EXPECT_THAT(open("http://" + silent.endpoint() + "/x")->resolve("", stop.get_token()),
              FailsWith(ErrorCode::temporary, "stopped"));
}

}  // namespace swarmout::test
