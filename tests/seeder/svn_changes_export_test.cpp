// A Subversion source, exported by what differs between two revisions.

#include "seeder/source/open_source.hpp"
#include "tests/seeder/exported_twice.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/svn_repository.hpp"

namespace swarmout::test {

namespace {

class SvnChangesExport : public ExportedTwice {
protected:
  void SetUp() override { options_.source = "svn+" + server_.url("repository/trunk"); }

  std::unique_ptr<Source> open(const SourceOptions& options = {}) {
    return open_source(options_.source, options_.state, options).value();
  }
  void export_and_compare(const std::string& revision, const SourceOptions& options = {}) {
    ExportedTwice::export_and_compare(*open(options), *open(options), revision);
  }

  SvnRepository repository_{temp_ / "repository"};
  SvnServer server_{temp_.path()};
};

class RandomSvnHistory : public SvnChangesExport, public testing::WithParamInterface<unsigned> {};

}  // namespace

TEST_P(RandomSvnHistory, GivesTheSameAsAnExportOfEverything) {
  AwkwardHistory history(GetParam());
  for (int step = 0; step < 12; ++step) {
    SCOPED_TRACE(step);
    export_and_compare(repository_.commit(history.step()));
    ASSERT_FALSE(HasFailure());
    EXPECT_EQ(took_changes(), step > 0) << said_.back();
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomSvnHistory, testing::Values(1U, 2U));

TEST_F(SvnChangesExport, OnlyWhatHasChangedIsRead) {
  repository_.commit("large", noise(6 * kMiB));
  export_and_compare(repository_.commit("file", "one"));
  EXPECT_GT(read_, 6 * kMiB);

  export_and_compare(repository_.commit("file", "second"));

  EXPECT_EQ(read_, 6U);
  EXPECT_EQ(files_, 2U);
}

TEST_F(SvnChangesExport, OnlyWhatHasChangedIsFetched) {
  repository_.commit("large", noise(6 * kMiB));
  const std::string first = repository_.commit("file", "one");
  const auto source = open();
  ASSERT_THAT(export_once(*source, first), IsOk());
  const Bytes before = source->fetched();
  EXPECT_GT(before, 6 * kMiB);

  ASSERT_THAT(export_once(*source, repository_.commit("file", "second")), IsOk());

  EXPECT_EQ(source->fetched() - before, 6U);
}

TEST_F(SvnChangesExport, APropertyAloneReadsNothing) {
  export_and_compare(repository_.commit("file", "content"));

  export_and_compare(repository_.commit("file", "content", {{"svn:executable", "*"}}));

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 0U);
}

TEST_F(SvnChangesExport, AFileThatBecomesALinkWithTheSameContentIsALink) {
  export_and_compare(repository_.commit("file", "link target"));
  export_and_compare(repository_.commit("file", "link target", {{"svn:special", "*"}}));
  EXPECT_TRUE(took_changes());

  export_and_compare(repository_.commit("file", "link target"));

  EXPECT_TRUE(took_changes());
}

TEST_F(SvnChangesExport, ARenamedDirectoryIsNotReadAgain) {
  repository_.commit({{"old", {Node::Kind::directory, ""}}, {"old/large", {Node::Kind::file, noise(6 * kMiB)}}});
  export_and_compare(repository_.commit_elsewhere());
  run_svn({"move", "--message", "x", repository_.url("trunk/old"), repository_.url("trunk/new")});

  export_and_compare("r5");

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 0U);
}

TEST_F(SvnChangesExport, GoingBackIsAChangeToo) {
  const std::string first = repository_.commit("file", "one");
  export_and_compare(repository_.commit("other", "two"));

  export_and_compare(first);

  EXPECT_TRUE(took_changes());
}

TEST_F(SvnChangesExport, AWorkingCopyThatIsLostIsMadeAnewAndTheChangesAreTheSame) {
  export_and_compare(repository_.commit("file", "one"));
  std::filesystem::remove_all(options_.state / "svn");

  export_and_compare(repository_.commit("file", "two"));

  EXPECT_TRUE(took_changes());
}

TEST_F(SvnChangesExport, ExternalsThatWereAllowedAreRefusedOnceTheyAreNotAnyMore) {
  repository_.commit("file", "one");
  export_and_compare(repository_.set("", {{"svn:externals", "https://host/x inner\n"}}), {false, true});

  EXPECT_THAT(export_once(*open(), repository_.commit("file", "two")), FailsWith(ErrorCode::refused, "svn:externals"));
}

}  // namespace swarmout::test
