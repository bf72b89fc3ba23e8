// A git source, exported by what differs between two commits.

#include "common/base/subprocess.hpp"
#include "seeder/source/open_source.hpp"
#include "tests/seeder/exported_twice.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/bytes.hpp"

namespace swarmout::test {

namespace {

class GitChangesExport : public ExportedTwice {
protected:
  void SetUp() override {
    ASSERT_OK(make_directories(tree_));
    git({"init", "--quiet", "--initial-branch=main", "."});
    options_.source = "git+" + (tree_ / ".git").native();
  }

  std::string git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=T", "-c", "user.email=t@example.com"});
    const Command command{std::move(arguments), {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"LC_ALL", "C"}}, tree_};
    const auto said = run_and_capture(command, kMiB, {});
    EXPECT_THAT(said, IsOk());
    return said.value_or("").substr(0, said.value_or("").find('\n'));
  }
  std::string commit() {
    git({"add", "--all", "--force"});
    return commit_index();
  }
  std::string commit_index() {
    git({"commit", "--quiet", "--allow-empty", "--message=change"});
    return git({"rev-parse", "HEAD"});
  }
  std::string commit(const std::string& name, const std::string& content) {
    write_file(tree_ / name, content);
    return commit();
  }
  std::unique_ptr<Source> open(const SourceOptions& options = {}) {
    return open_source(options_.source, options_.state, options).value();
  }
  void export_and_compare(const std::string& revision, const SourceOptions& options = {}) {
    ExportedTwice::export_and_compare(*open(options), *open(options), revision);
  }
  Path mirror() const {
    for (const auto& each : std::filesystem::directory_iterator(options_.state / "git")) {
      if (each.is_directory()) {
        return each.path();
      }
    }
    return {};
  }
};

class RandomGitHistory : public GitChangesExport, public testing::WithParamInterface<unsigned> {};

constexpr const char* kPointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:"
    "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

}  // namespace

TEST_P(RandomGitHistory, GivesTheSameAsAnExportOfEverything) {
  AwkwardHistory history(GetParam());
  for (int step = 0; step < 20; ++step) {
    SCOPED_TRACE(step);
    write(history.step());
    export_and_compare(commit());
    ASSERT_FALSE(HasFailure());
    EXPECT_EQ(took_changes(), step > 0) << said_.back();
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomGitHistory, testing::Values(1U, 2U));

TEST_F(GitChangesExport, OnlyWhatHasChangedIsRead) {
  write_file(tree_ / "large", noise(6 * kMiB));
  export_and_compare(commit("file", "one"));
  EXPECT_GT(read_, 6 * kMiB);

  export_and_compare(commit("file", "second"));

  EXPECT_EQ(read_, 6U);
  EXPECT_EQ(files_, 2U) << "what is unchanged counts as well";
}

TEST_F(GitChangesExport, AModeAloneReadsNothing) {
  write_file(tree_ / "file", "content", false);
  export_and_compare(commit());
  std::filesystem::permissions(tree_ / "file", std::filesystem::perms::all);

  export_and_compare(commit());

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 0U);
}

TEST_F(GitChangesExport, AttributesOfTheTreeChangeNothing) {
  write_file(tree_ / "secret", "x\r\n");
  export_and_compare(commit("file", "$Format:%H$ $Id$\r\n"));

  export_and_compare(commit(".gitattributes", "secret export-ignore\nfile export-subst ident text\n* eol=lf\n"));
  EXPECT_TRUE(took_changes());
  export_and_compare(commit("file", "$Format:%H$ $Id$ again\r\n"));

  EXPECT_TRUE(took_changes());
}

TEST_F(GitChangesExport, GoingBackIsAChangeToo) {
  const std::string first = commit("file", "one");
  const std::string second = commit("other", "two");
  export_and_compare(second);

  export_and_compare(first);

  EXPECT_TRUE(took_changes());
}

TEST_F(GitChangesExport, ARunThatPublishesNothingDoesNotCostTheNextOneItsBasis) {
  export_and_compare(commit("file", "one"));
  ASSERT_THAT(export_once(*open(), commit("file", "two")), IsOk());
  ASSERT_THAT(export_once(*open(), commit("file", "three")), IsOk());
  EXPECT_TRUE(took_changes());

  export_and_compare(commit("file", "four"));

  EXPECT_TRUE(took_changes());
}

TEST_F(GitChangesExport, TheCommitOfTheReleaseSurvivesTidying) {
  export_and_compare(commit("file", "one"));
  for (std::uint32_t i = 0; i < 20; ++i) {
    ASSERT_THAT(export_once(*open(), commit("file", noise(1000, i + 1))), IsOk());
    ASSERT_TRUE(took_changes()) << i;
  }
}

// Where it cannot be told, everything is exported.

TEST_F(GitChangesExport, ACommitThatTheMirrorHasLostMeansEverything) {
  export_and_compare(commit("file", "one"));
  ASSERT_OK(remove_tree(mirror()));

  export_and_compare(commit("file", "two"));

  EXPECT_THAT(said_, testing::Contains(testing::HasSubstr("exporting all of it")));
}

TEST_F(GitChangesExport, ContentThatTheMirrorHasLostMeansEverything) {
  export_and_compare(commit("file", "one"));
  const std::string second = commit("file", "two");
  ASSERT_OK(open()->stream(second, *std::make_unique<CollectingSink>(), {}));
  const std::string blob = git({"rev-parse", "HEAD:file"});
  for (const auto& each : std::filesystem::directory_iterator(mirror() / "objects/pack")) {
    if (each.path().extension() == ".pack") {
      std::filesystem::rename(each.path(), temp_ / "aside.pack");
      const Command unpack{{"sh", "-c", "git --git-dir \"$0\" unpack-objects -q < \"$1\"", mirror().native(),
                            (temp_ / "aside.pack").native()}};
      ASSERT_THAT(run_and_capture(unpack, kMiB, {}), IsOk());
    }
  }
  ASSERT_OK(remove_tree(mirror() / "objects/pack"));
  ASSERT_OK(remove_tree(mirror() / "objects" / blob.substr(0, 2) / blob.substr(2)));

  export_and_compare(second);

  EXPECT_THAT(said_, testing::Contains(testing::HasSubstr("exporting all of it")));
}

TEST_F(GitChangesExport, AnotherSourceMeansEverything) {
  export_and_compare(commit("file", "one"));
  options_.source = "git+" + tree_.native() + "/./.git";

  export_and_compare(commit("file", "two"));

  EXPECT_FALSE(took_changes());
}

TEST_F(GitChangesExport, AnotherBranchOfTheSameSourceIsTheSameSource) {
  export_and_compare(commit("file", "one"));
  options_.source += "#main";

  export_and_compare(commit("file", "two"));

  EXPECT_TRUE(took_changes());
}

TEST_F(GitChangesExport, AReleaseOfAnotherHostMeansEverything) {
  const std::string first = commit("file", "one");
  export_and_compare(first);
  PackProgress progress;
  Packer packer(store_, std::nullopt, progress);
  ASSERT_OK(feed(packer, {file_of("file", "of another leader")}));
  publish(packer.finish().value(), "another");

  export_and_compare(commit("file", "two"));

  EXPECT_FALSE(took_changes());
}

TEST_F(GitChangesExport, ADamagedRecordMeansEverything) {
  export_and_compare(commit("file", "one"));
  std::string record = read_file(options_.state / "export", kMiB).value();
  record[record.size() - 2] = record[record.size() - 2] == '0' ? '1' : '0';
  write_file(options_.state / "export", record);

  export_and_compare(commit("file", "two"));

  EXPECT_FALSE(took_changes());
}

// What is refused in an export of everything is refused in one of the changes.

TEST_F(GitChangesExport, ANewPointerWithoutContentIsNotPublished) {
  export_and_compare(commit("file", "one"));

  EXPECT_THAT(export_once(*open(), commit("pointer", kPointer)), FailsWith(ErrorCode::failed, "pointer"));
}

TEST_F(GitChangesExport, APointerThatWasAllowedIsNotPublishedOnceItIsNotAnyMore) {
  write_file(tree_ / "pointer", kPointer);
  export_and_compare(commit("file", "one"), {true, false});
  export_and_compare(commit("file", "two"), {true, false});
  EXPECT_TRUE(took_changes());

  EXPECT_THAT(export_once(*open(), commit("file", "three")), FailsWith(ErrorCode::failed, "pointer"));
}

TEST_F(GitChangesExport, ANewSubmoduleIsRefused) {
  const std::string first = commit("file", "one");
  export_and_compare(first);
  git({"update-index", "--add", "--cacheinfo", "160000," + first + ",lib/inner"});

  EXPECT_THAT(export_once(*open(), commit_index()), FailsWith(ErrorCode::refused, "lib/inner"));
}

TEST_F(GitChangesExport, ASubmoduleThatWasAllowedIsRefusedOnceItIsNotAnyMore) {
  const std::string first = commit("file", "one");
  git({"update-index", "--add", "--cacheinfo", "160000," + first + ",lib/inner"});
  export_and_compare(commit_index(), {false, true});

  EXPECT_THAT(export_once(*open(), commit_index()), FailsWith(ErrorCode::refused, "lib/inner"));
}

TEST_F(GitChangesExport, SubmodulesThatAreAllowedComeAndGoAsEmptyDirectories) {
  const SourceOptions allowed{false, true};
  const std::string first = commit("file", "one");
  export_and_compare(first, allowed);
  git({"update-index", "--add", "--cacheinfo", "160000," + first + ",lib/inner"});
  const std::string second = commit_index();
  export_and_compare(second, allowed);
  EXPECT_TRUE(took_changes());
  git({"update-index", "--add", "--cacheinfo", "160000," + second + ",lib/inner"});
  git({"update-index", "--add", "--cacheinfo", "160000," + first + ",lib/other"});
  write_file(tree_ / "beside", "x");
  git({"add", "beside"});
  export_and_compare(commit_index(), allowed);
  EXPECT_TRUE(took_changes());
  git({"update-index", "--force-remove", "lib/inner"});
  write_file(tree_ / "lib/inner/file", "a directory now");
  git({"add", "lib/inner/file"});
  export_and_compare(commit_index(), allowed);
  EXPECT_TRUE(took_changes());
  git({"update-index", "--force-remove", "lib/other"});

  export_and_compare(commit_index(), allowed);

  EXPECT_TRUE(took_changes());
}

TEST_F(GitChangesExport, AStopIsTemporary) {
  export_and_compare(commit("file", "one"));
  stop_.request_stop();

  EXPECT_THAT(export_once(*open(), commit("file", "two")), FailsWith(ErrorCode::temporary));
}

}  // namespace swarmout::test
