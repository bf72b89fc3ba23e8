// The same commit gives the same tree, whatever the tree's attributes, the host and the caller are set up for.

#include "tests/seeder/source/git/git_upstream.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace swarmout::test {

namespace {

/// A variable, for as long as this is there.
class Variable {
public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const before = ::getenv(name)) {
      before_ = before;
    }
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

private:
  const char* name_;
  std::optional<std::string> before_;
};

class GitEnvironment : public GitUpstream {
protected:
  /// A configuration that only this test's gits see.
  Variable configured(const std::string& text) {
    write_file(temp_ / "gitconfig", text);
    return {"GIT_CONFIG_GLOBAL", (temp_ / "gitconfig").native()};
  }
};

}  // namespace

TEST_F(GitEnvironment, AttributesOfTheTreeChangeNothing) {
  write_file(upstream_ / ".gitattributes",
             "secret.txt export-ignore\ndir export-ignore\nversion export-subst\n*.crlf text eol=crlf\n"
             "*.utf16 text working-tree-encoding=UTF-16\n*.id ident\n");
  write_file(upstream_ / "secret.txt", "kept");
  write_file(upstream_ / "dir/inside", "kept");
  write_file(upstream_ / "version", "$Format:%H$");
  write_file(upstream_ / "lines.crlf", "one\ntwo\n");
  write_file(upstream_ / "x.id", "$Id$");
  const std::string second = commit("plain", "plain");

  auto found = files(second);

  EXPECT_EQ(found["secret.txt"], "kept");
  EXPECT_EQ(found["dir/inside"], "kept");
  EXPECT_EQ(found["version"], "$Format:%H$");
  EXPECT_EQ(found["lines.crlf"], "one\ntwo\n");
  EXPECT_EQ(found["x.id"], "$Id$");
}

TEST_F(GitEnvironment, SettingsOfTheHostChangeNothing) {
  const std::string second = commit("lines", "one\ntwo\n");
  write_file(temp_ / "attributes", "file export-ignore\n* text eol=crlf\n");
  write_file(temp_ / "template/hooks/reference-transaction", "#!/bin/sh\nexit 1\n", true);
  write_file(temp_ / "template/info/attributes", "file export-ignore\n");
  const Variable config =
      configured("[core]\n\tautocrlf = true\n\teol = crlf\n\tattributesFile = " + (temp_ / "attributes").native() +
                 "\n\thooksPath = " + (temp_ / "template/hooks").native() +
                 "\n[init]\n\ttemplateDir = " + (temp_ / "template").native() + "\n\tdefaultObjectFormat = sha256\n" +
                 "[tar]\n\tumask = 0777\n[fetch]\n\tprune = true\n");

  auto found = files(resolved("main"));

  EXPECT_EQ(resolved("main"), second);
  EXPECT_EQ(found["lines"], "one\ntwo\n");
  EXPECT_EQ(found["file"], "first");
}

TEST_F(GitEnvironment, VariablesThatPointElsewhereChangeNothing) {
  const Path other = temp_ / "other";
  ASSERT_OK(make_directories(other));
  const Variable directory("GIT_DIR", (other / ".git").native());
  const Variable tree("GIT_WORK_TREE", other.native());
  const Variable index("GIT_INDEX_FILE", (other / "index").native());
  const Variable objects("GIT_OBJECT_DIRECTORY", (other / "objects").native());
  const Variable hashes("GIT_DEFAULT_HASH", "sha256");
  const Variable names("GIT_NAMESPACE", "elsewhere");
  CollectingSink sink;

  const auto name = source_->resolve("main", {});

  ASSERT_OK(name);
  EXPECT_EQ(*name, first_);
  EXPECT_THAT(stream_guarded(*source_, first_, sink), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(other));
}

TEST_F(GitEnvironment, ARepositoryAroundTheStateDirectoryChangesNothing) {
  git({"init", "--quiet", temp_.path().native()});
  git({"-C", temp_.path().native(), "config", "url.file:///nowhere/.insteadOf", "/"});

  EXPECT_EQ(resolved("main"), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitEnvironment, TheCallersRewrittenUrlsAreFollowed) {
  const Variable config = configured("[url \"" + temp_.path().native() + "/\"]\n\tinsteadOf = company:\n");
  source_ = open("company:upstream");

  EXPECT_EQ(resolved("main"), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitEnvironment, TheCallersSshCommandIsUsed) {
  write_file(temp_ / "ssh", "#!/bin/sh\necho \"$@\" > " + (temp_ / "called").native() + "\nshift; exec sh -c \"$*\"\n",
             true);
  const Variable config =
      configured("[core]\n\tsshCommand = " + (temp_ / "ssh").native() + "\n[ssh]\n\tvariant = simple\n");
  source_ = open("ssh://somewhere" + upstream_.native());

  EXPECT_EQ(resolved("main"), first_);
  EXPECT_TRUE(path_exists(temp_ / "called"));
}

TEST_F(GitEnvironment, TheKeyThatSystemdHandsIsGivenToSsh) {
  write_file(
      temp_ / "bin/ssh",
      "#!/bin/sh\necho \"$@\" > '" + (temp_ / "called").native() + "'\nfor last; do :; done\nexec sh -c \"$last\"\n",
      true);
  write_file(temp_ / "what is handed/swarmout.ssh-key", "key");
  const Variable path("PATH", (temp_ / "bin").native() + ":" + ::getenv("PATH"));
  const Variable handed("CREDENTIALS_DIRECTORY", (temp_ / "what is handed").native());
  source_ = open("ssh://somewhere" + upstream_.native());

  EXPECT_THAT(source_->resolve("", {}), IsOk());

  const std::string called = read_file(temp_ / "called", kMiB).value_or("");
  EXPECT_THAT(called, testing::HasSubstr("-i " + (temp_ / "what is handed/swarmout.ssh-key").native() + " -o Ident"));
}

TEST_F(GitEnvironment, AnSshThatAsksAtTheTerminalFailsAtOnce) {
  write_file(temp_ / "ssh", "#!/bin/sh\nread answer </dev/tty || exit 255\nsleep 1000\n", true);
  const Variable ssh("GIT_SSH", (temp_ / "ssh").native());
  source_ = open("ssh://somewhere/x.git");

  EXPECT_THAT(source_->resolve("main", {}), FailsWith(ErrorCode::failed, "somewhere"));
}

TEST_F(GitEnvironment, AnUpstreamOfAnotherUserNeedsTheCallersConsent) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a repository away";
  }
  for (const auto& each : std::filesystem::recursive_directory_iterator(upstream_)) {
    ASSERT_EQ(::lchown(each.path().c_str(), 65534, 65534), 0);
  }
  ASSERT_EQ(::lchown(upstream_.c_str(), 65534, 65534), 0);
  {
    const Variable config = configured("");
    EXPECT_THAT(source_->resolve("main", {}), FailsWith(ErrorCode::failed, "safe.directory"));
  }
  const Variable config =
      configured("[safe]\n\tdirectory = " + upstream_.native() + "/.git\n\tdirectory = " + upstream_.native() + "\n");

  EXPECT_EQ(resolved("main"), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

}  // namespace swarmout::test
