#include "tests/contract/source_contract.hpp"

#include "common/base/subprocess.hpp"
#include "seeder/source/open_source.hpp"
#include "tests/support/hg_repository.hpp"
#include "tests/support/name_of.hpp"
#include "tests/support/svn_repository.hpp"

namespace swarmout::test {

namespace {

class DirWorld final : public SourceWorld {
public:
  void prepare() override {}
  std::unique_ptr<Source> open(const SourceOptions& options) override { return open_at(tree(), options); }
  std::unique_ptr<Source> open_missing() override { return open_at(temp() / missing_name(), {}); }
  std::string missing_name() override { return "gone"; }

private:
  std::unique_ptr<Source> open_at(const Path& path, const SourceOptions& options) {
    return std::move(open_source("dir:" + path.native(), temp() / "state", options)).value();
  }
};

class TarWorld final : public SourceWorld {
public:
  /// `begin` and `end` stand around the name of the directory.
  TarWorld(std::string begin, std::string end) : begin_(std::move(begin)), end_(std::move(end)) {}
  void prepare() override {}
  std::unique_ptr<Source> open(const SourceOptions& options) override { return open_at(tree(), options); }
  std::unique_ptr<Source> open_missing() override { return open_at(temp() / missing_name(), {}); }
  std::string missing_name() override { return "gone"; }

private:
  std::unique_ptr<Source> open_at(const Path& path, const SourceOptions& options) {
    return std::move(open_source("tar:" + begin_ + path.native() + end_, temp() / "state", options)).value();
  }
  std::string begin_;
  std::string end_;
};

class GitWorld final : public SourceWorld {
public:
  void prepare() override {
    git({"init", "--quiet", "--initial-branch=main", "."});
    git({"add", "--all"});
    git({"-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "--message=tree"});
    std::filesystem::rename(tree() / ".git", temp() / "repository.git");
  }
  void renew() override {
    const std::string repository = "--git-dir=" + (temp() / "repository.git").native();
    git({repository, "--work-tree=.", "add", "--all"});
    git({repository, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "--message=more"});
  }
  std::unique_ptr<Source> open(const SourceOptions& options) override {
    return open_at(temp() / "repository.git", options);
  }
  std::unique_ptr<Source> open_missing() override { return open_at(temp() / missing_name(), {}); }
  std::string missing_name() override { return "gone"; }

private:
  void git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "git");
    const Command command{std::move(arguments), {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"LC_ALL", "C"}}, tree()};
    EXPECT_THAT(run_and_capture(command, kMiB, {}), IsOk());
  }
  std::unique_ptr<Source> open_at(const Path& path, const SourceOptions& options) {
    return std::move(open_source("git+" + path.native(), temp() / "state", options)).value();
  }
};

/// Of its names, a repository takes all that are UTF-8 without control characters.
class SvnWorld final : public SourceWorld {
public:
  explicit SvnWorld(bool served) : served_(served) {}
  void prepare() override {
    std::filesystem::remove(tree() / "names/new\nline");
    std::filesystem::remove(tree() / "names/\xff\xfe not utf-8");
    std::filesystem::remove(tree() / "names/\x01\x1b[31m\x7f");
    renew();
  }
  void renew() override { repository_.commit(made_tree_of(tree())); }
  std::unique_ptr<Source> open(const SourceOptions& options) override {
    return std::move(open_source("svn+" + url("repository/trunk"), temp() / "state", options)).value();
  }
  std::unique_ptr<Source> open_missing() override {
    return std::move(open_source("svn+" + url("repository/gone"), temp() / "state")).value();
  }
  std::string missing_name() override { return "gone"; }

private:
  std::string url(const std::string& below) const {
    return served_ ? server_.url(below) : "file://" + (temp() / below).native();
  }
  bool served_;
  SvnRepository repository_{temp() / "repository"};
  SvnServer server_{temp().path()};
};

/// Of its names, a repository takes all without line breaks.
class HgWorld final : public SourceWorld {
public:
  explicit HgWorld(bool served) : served_(served) {}
  void prepare() override {
    std::filesystem::remove(tree() / "names/new\nline");
    HgRepository repository(tree());
    repository.commit();
    std::filesystem::rename(tree() / ".hg", aside());
  }
  void renew() override {
    std::filesystem::rename(aside(), tree() / ".hg");
    HgRepository::at(tree()).commit();
    std::filesystem::rename(tree() / ".hg", aside());
  }
  std::unique_ptr<Source> open(const SourceOptions& options) override {
    if (served_ && !server_) {
      server_ = std::make_unique<HgServer>(aside().parent_path(), temp().path());
    }
    const std::string place = served_ ? server_->url() : aside().parent_path().native();
    return std::move(open_source("hg+" + place, temp() / "state", options)).value();
  }
  std::unique_ptr<Source> open_missing() override {
    const std::string place = served_ ? server_->url() + missing_name() : (temp() / missing_name()).native();
    return std::move(open_source("hg+" + place, temp() / "state")).value();
  }
  std::string missing_name() override { return "gone"; }

private:
  Path aside() const {
    std::filesystem::create_directories(temp() / "repository");
    return temp() / "repository/.hg";
  }
  bool served_;
  std::unique_ptr<HgServer> server_;
};

std::unique_ptr<SourceWorld> tar_of_the_directory() {
  return std::make_unique<TarWorld>("tar -C ", " -cf - .");
}
std::unique_ptr<SourceWorld> tar_of_its_names() {
  return std::make_unique<TarWorld>("cd ", " && tar -cf - *");
}

}  // namespace

const auto kEachSource =
    testing::Values(SourceKind{"Dir", true, true, true, [] { return std::make_unique<DirWorld>(); }},
                    SourceKind{"TarOfNames", true, false, false, tar_of_its_names},
                    SourceKind{"Git", false, true, true, [] { return std::make_unique<GitWorld>(); }, true},
                    SourceKind{"Svn", true, true, true, [] { return std::make_unique<SvnWorld>(false); }},
                    SourceKind{"SvnServe", true, true, true, [] { return std::make_unique<SvnWorld>(true); }},
                    SourceKind{"Hg", false, true, true, [] { return std::make_unique<HgWorld>(false); }},
                    SourceKind{"HgServe", false, true, true, [] { return std::make_unique<HgWorld>(true); }});
INSTANTIATE_TEST_SUITE_P(Each, SourceContract, kEachSource, kNameOf);
INSTANTIATE_TEST_SUITE_P(Each, SourceChangesContract, kEachSource, kNameOf);
INSTANTIATE_TEST_SUITE_P(Root, SourceContract,
                         testing::Values(SourceKind{"Tar", true, false, false, tar_of_the_directory}), kNameOf);

TEST(OpenSource, AnUnknownSchemeIsAUsageError) {
  const TempDir temp;

  EXPECT_THAT(open_source("ftp://host/tree", temp.path()), FailsWith(ErrorCode::usage, "ftp://host/tree"));
}

TEST(OpenSource, ADirectoryWithoutANameIsAUsageError) {
  const TempDir temp;

  EXPECT_THAT(open_source("dir:", temp.path()), FailsWith(ErrorCode::usage));
}

TEST(OpenSource, ATarWithoutACommandIsAUsageError) {
  const TempDir temp;

  EXPECT_THAT(open_source("tar:", temp.path()), FailsWith(ErrorCode::usage));
}

TEST(OpenSource, AnEmptySourceIsAUsageError) {
  const TempDir temp;

  EXPECT_THAT(open_source("", temp.path()), FailsWith(ErrorCode::usage));
}

TEST(OpenSource, KnowsWhereTheRevisionIsNamed) {
  EXPECT_EQ(place_of_revision("git+https://host/x#main"), 18U);
  EXPECT_EQ(place_of_revision("svn+https://host/trunk#12"), 22U);
  EXPECT_EQ(place_of_revision("hg+https://host/x#stable"), 17U);
  EXPECT_EQ(place_of_revision("hg+https://host/x"), std::string::npos);
  EXPECT_EQ(place_of_revision("dir:/srv/tree#1"), std::string::npos);
}

TEST(OpenSource, ShowsNoCredentialsOfASourceItDoesNotKnow) {
  const TempDir temp;

  const auto opened = open_source("https://user:secret@host/x", temp.path());

  ASSERT_THAT(opened, FailsWith(ErrorCode::usage, "https://host/x"));
  EXPECT_THAT(to_string(opened.error()), testing::Not(testing::HasSubstr("secret")));
}

TEST(OpenSource, NoErrorOfASourceShowsASecret) {
  const TempDir temp;
  ASSERT_OK_AND_ASSIGN(
      const auto source,
      open_source("tar:printf 'no https://bot:S3cret@host/x?token=S3cret\\n\\033[31m' >&2; exit 3", temp.path()));
  CollectingSink sink;

  const auto streamed = source->stream("", sink, {});

  ASSERT_THAT(streamed, FailsWith(ErrorCode::failed, "https://host/x?token=***"));
  EXPECT_THAT(to_string(streamed.error()), testing::Not(testing::HasSubstr("S3cret")));
  EXPECT_THAT(to_string(streamed.error()), testing::Not(testing::HasSubstr("\033")));
}

TEST(OpenSource, AVeryLongSourceIsAUsageError) {
  const TempDir temp;

  EXPECT_THAT(open_source("foo x://" + std::string(60'000, 'a'), temp.path()), FailsWith(ErrorCode::usage));
}

}  // namespace swarmout::test
