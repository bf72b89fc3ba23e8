// What Git LFS pointers stand for is published in their places, if it is what they say. With a real git-lfs.

#include "tests/seeder/source/git/git_superproject.hpp"

#include <cstdlib>

namespace swarmout::test {

namespace {

class GitLfs : public GitSuperproject {
protected:
  void SetUp() override {
    GitSuperproject::SetUp();
    track("upstream");
  }
  void TearDown() override {
    ::unsetenv("GIT_CONFIG_GLOBAL");
    ::setenv("PATH", path_.c_str(), 1);
  }
  /// From now on *.bin is kept by git-lfs.
  void track(const std::string& repository) {
    git_in(repository, {"lfs", "install", "--local", "--skip-repo"});
    write_file(temp_ / repository / ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    commit_in(repository);
  }
  /// The objects of a repository that is not bare, or of the mirror.
  static std::vector<Path> objects_of(const Path& git_directory) {
    std::vector<Path> found;
    std::error_code none;
    for (const auto& each : std::filesystem::recursive_directory_iterator(git_directory / "lfs/objects", none)) {
      if (each.is_regular_file()) {
        found.push_back(each.path());
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  Path object_of(const Path& git_directory, const std::string& content) const {
    const std::string name = sha256(content).hex();
    return git_directory / "lfs/objects" / name.substr(0, 2) / name.substr(2, 2) / name;
  }
  void configure(const std::string& text) {
    write_file(temp_ / "gitconfig", text);
    ::setenv("GIT_CONFIG_GLOBAL", (temp_ / "gitconfig").c_str(), 1);
  }
  std::unique_ptr<Source> open_with(const SourceOptions& options) {
    return open_source("git+" + upstream_.native(), temp_ / "state", options).value();
  }

  const std::string large_ = noise(3 * kMiB);
  std::string path_ = std::getenv("PATH");
};

}  // namespace

TEST_F(GitLfs, ContentIsPublishedInThePlaceOfAPointer) {
  write_file(upstream_ / "large.bin", large_);
  write_file(upstream_ / "dir/run.bin", noise(900, 7), true);
  write_file(upstream_ / "empty.bin", "");
  const std::string commit = commit_in("upstream");
  ASSERT_LT(std::stoul(git_in("upstream", {"cat-file", "-s", "HEAD:large.bin"})), 200U) << "it is a pointer";

  auto found = files(commit);

  EXPECT_TRUE(found["large.bin"] == large_);
  EXPECT_TRUE(found["dir/run.bin"] == noise(900, 7));
  EXPECT_EQ(found["file"], "first");
  EXPECT_EQ(published(commit), cloned(commit));
}

TEST_F(GitLfs, ItComesFromABareRepositoryThatItWasPushedTo) {
  git_in(".", {"clone", "--quiet", "--bare", upstream_.native(), (temp_ / "bare.git").native()});
  git_in("upstream", {"remote", "add", "origin", (temp_ / "bare.git").native()});
  write_file(upstream_ / "large.bin", large_);
  const std::string commit = commit_in("upstream");
  git_in("upstream", {"lfs", "push", "origin", "main"});
  git_in("upstream", {"push", "--quiet", "--no-verify", "origin", "main"});
  for (const std::string& location : {(temp_ / "bare.git").native(), "file://" + (temp_ / "bare.git").native()}) {
    source_ = open(location);
    EXPECT_TRUE(files(resolved("main"))["large.bin"] == large_) << location;
  }
}

TEST_F(GitLfs, WhatIsHereIsNotFetchedAgain) {
  const std::string commit = commit_in("upstream", "large.bin", large_);
  ASSERT_TRUE(files(commit)["large.bin"] == large_);
  ASSERT_OK(remove_tree(upstream_ / ".git/lfs"));

  EXPECT_TRUE(files(commit)["large.bin"] == large_);
}

TEST_F(GitLfs, WhatIsNotWantedAnyMoreGoes) {
  const std::string first = commit_in("upstream", "large.bin", large_);
  ASSERT_TRUE(files(first)["large.bin"] == large_);
  const std::string second = commit_in("upstream", "large.bin", "another");
  ASSERT_EQ(files(second)["large.bin"], "another");
  EXPECT_THAT(objects_of(mirror()), testing::ElementsAre(object_of(mirror(), "another")));

  git_in("upstream", {"rm", "--quiet", "large.bin"});
  files(commit_in("upstream"));

  EXPECT_THAT(objects_of(mirror()), testing::IsEmpty());
}

TEST_F(GitLfs, ContentThatIsNotWhatItsPointerSaysIsRefusedAndFetchedAnew) {
  const std::string commit = commit_in("upstream", "dir/large.bin", large_);
  ASSERT_TRUE(files(commit)["dir/large.bin"] == large_);
  const Path object = object_of(mirror(), large_);
  std::string damaged = large_;
  damaged[kMiB] = static_cast<char>(damaged[kMiB] + 1);
  std::filesystem::remove(object);  // it may be one file with that of upstream
  write_file(object, damaged);

  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, "dir/large.bin"));
  EXPECT_FALSE(path_exists(object));
  EXPECT_TRUE(files(commit)["dir/large.bin"] == large_);
}

TEST_F(GitLfs, ContentOfAnotherSizeIsFetchedAnewAtOnce) {
  const std::string commit = commit_in("upstream", "large.bin", large_);
  ASSERT_TRUE(files(commit)["large.bin"] == large_);
  std::filesystem::remove(object_of(mirror(), large_));
  write_file(object_of(mirror(), large_), large_.substr(1));

  EXPECT_TRUE(files(commit)["large.bin"] == large_);
}

TEST_F(GitLfs, ALinkInThePlaceOfAnObjectIsNotFollowed) {
  const std::string commit = commit_in("upstream", "large.bin", large_);
  ASSERT_TRUE(files(commit)["large.bin"] == large_);
  std::filesystem::remove(object_of(mirror(), large_));
  write_file(temp_ / "aside", noise(3 * kMiB, 5));
  write_symlink(object_of(mirror(), large_), (temp_ / "aside").native());

  EXPECT_TRUE(files(commit)["large.bin"] == large_);
  EXPECT_EQ(std::filesystem::file_size(temp_ / "aside"), 3 * kMiB);
}

TEST_F(GitLfs, ContentThatUpstreamDoesNotHaveFailsAndIsNamed) {
  const std::string commit = commit_in("upstream", "dir/large.bin", large_);
  ASSERT_OK(remove_tree(upstream_ / ".git/lfs/objects"));

  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::failed, "dir/large.bin"));
  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::failed, sha256(large_).hex()));
}

TEST_F(GitLfs, WithoutGitLfsAPointerIsRefusedAndSaysWhatToInstall) {
  const std::string commit = commit_in("upstream", "dir/large.bin", large_);
  const auto which = run_and_capture({{"sh", "-c", "command -v git"}}, kMiB, {});
  ASSERT_OK(which);
  ASSERT_OK(make_directories(temp_ / "bin"));
  write_symlink(temp_ / "bin/git", without_newline(*which));
  ::setenv("PATH", (temp_ / "bin").c_str(), 1);

  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, "apt install git-lfs"));
  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, "dir/large.bin"));
  EXPECT_EQ(files(first_)["file"], "first") << "which has no pointer";
}

TEST_F(GitLfs, PointersArePublishedIfThoseAreWanted) {
  const std::string commit = commit_in("upstream", "large.bin", large_);
  ASSERT_TRUE(files(commit)["large.bin"] == large_);
  source_ = open_with({true, false});

  EXPECT_THAT(files(commit)["large.bin"], testing::HasSubstr("oid sha256:" + sha256(large_).hex()));
  EXPECT_FALSE(path_exists(mirror() / "lfs"));
}

TEST_F(GitLfs, APointerThatSaysMoreIsRefused) {
  write_file(upstream_ / "odd",
             "version https://git-lfs.github.com/spec/v1\next-0-case sha256:" + std::string(64, 'a') +
                 "\noid sha256:" + sha256(large_).hex() + "\nsize " + std::to_string(large_.size()) + "\n");

  EXPECT_THAT(streamed(commit_in("upstream")), FailsWith(ErrorCode::refused, "\"odd\" is a Git LFS pointer"));
}

TEST_F(GitLfs, SubmodulesHaveTheirOwn) {
  make_repository("lib", "lib.c", "lib");
  track("lib");
  commit_in("lib", "inner.bin", large_);
  write_file(upstream_ / "outer.bin", "outer");
  const std::string commit = add_submodule("upstream", "../lib", "third/lib");

  auto found = files(commit);

  EXPECT_TRUE(found["third/lib/inner.bin"] == large_);
  EXPECT_EQ(found["outer.bin"], "outer");
  ASSERT_EQ(modules().size(), 1U);
  EXPECT_THAT(objects_of(modules()[0]), testing::ElementsAre(object_of(modules()[0], large_)));
  std::filesystem::remove(object_of(modules()[0], large_));
  ASSERT_OK(remove_tree(temp_ / "lib/.git/lfs/objects"));
  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::failed, "third/lib/inner.bin"));
}

// Settings: those of the caller say how upstream is reached, those of the tree nothing that matters.

TEST_F(GitLfs, WhatTheTreeSaysNotToFetchIsPublishedAllTheSame) {
  write_file(upstream_ / ".lfsconfig", "[lfs]\n\tfetchexclude = *\n\tfetchinclude = nothing\n");

  EXPECT_TRUE(files(commit_in("upstream", "large.bin", large_))["large.bin"] == large_);
}

TEST_F(GitLfs, WhatTheCallerDoesNotFetchForHimselfIsPublishedAllTheSame) {
  const std::string commit = commit_in("upstream", "large.bin", large_);
  configure("[lfs]\n\tfetchexclude = *\n\tfetchrecentalways = true\n");

  EXPECT_TRUE(files(commit)["large.bin"] == large_);
}

TEST_F(GitLfs, ATreeThatNamesAnotherServerIsRefused) {
  for (const std::string& url :
       {std::string("https://user:S3cret@elsewhere.example/lfs"), "file://" + (temp_ / "other").native()}) {
    write_file(upstream_ / ".lfsconfig", "[lfs]\n\turl = " + url + "\n");
    const auto done = streamed(commit_in("upstream", "large.bin", noise(300 + url.size())));
    ASSERT_THAT(done, FailsWith(ErrorCode::refused, "another server"));
    EXPECT_THAT(to_string(done.error()), testing::HasSubstr("large.bin"));
    EXPECT_THAT(to_string(done.error()), testing::Not(testing::HasSubstr("S3cret")));
  }
}

TEST_F(GitLfs, TheCallersServerGoesBeforeThatOfTheTree) {
  write_file(upstream_ / ".lfsconfig", "[lfs]\n\turl = https://elsewhere.example/lfs\n");
  const std::string commit = commit_in("upstream", "large.bin", large_);
  configure("[lfs]\n\turl = file://" + upstream_.native() + "\n");

  EXPECT_TRUE(files(commit)["large.bin"] == large_);
}

TEST_F(GitLfs, NoSecretIsInTheCommandLineOfGitLfs) {
  const std::string commit = commit_in("upstream", "large.bin", large_);
  ASSERT_TRUE(files(commit)["large.bin"] == large_);
  write_file(temp_ / "bin/git",
             "#!/bin/sh\nPATH=${PATH#*:}\ncase \" $* \" in *\" lfs fetch \"*) echo \"$@\" > " +
                 (temp_ / "said").native() + ";; esac\nexec git \"$@\"\n",
             true);
  ::setenv("PATH", ((temp_ / "bin").native() + ":" + path_).c_str(), 1);
  configure("[url \"" + temp_.path().native() + "/\"]\n\tinsteadOf = http://bot:S3cret@company/\n");
  source_ = open("http://bot:S3cret@company/upstream");

  EXPECT_TRUE(files(commit)["large.bin"] == large_);

  const std::string said = read_file(temp_ / "said", kMiB).value_or("");
  EXPECT_THAT(said, testing::HasSubstr("lfs fetch"));
  EXPECT_THAT(said, testing::Not(testing::HasSubstr("S3cret")));
}

}  // namespace swarmout::test
