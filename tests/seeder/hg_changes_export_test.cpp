// A Mercurial source, exported by what differs between two changesets.

#include "seeder/source/open_source.hpp"
#include "tests/seeder/exported_twice.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/hg_repository.hpp"

namespace swarmout::test {

namespace {

class HgChangesExport : public ExportedTwice {
protected:
  void SetUp() override { options_.source = "hg+" + tree_.native(); }

  std::unique_ptr<Source> open(const SourceOptions& options = {}) {
    return open_source(options_.source, options_.state, options).value();
  }
  void export_and_compare(const std::string& revision, const SourceOptions& options = {}) {
    ExportedTwice::export_and_compare(*open(options), *open(options), revision);
  }

  HgRepository repository_{tree_};
};

class RandomHgHistory : public HgChangesExport, public testing::WithParamInterface<unsigned> {};

}  // namespace

TEST_P(RandomHgHistory, GivesTheSameAsAnExportOfEverything) {
  AwkwardHistory history(GetParam());
  for (int step = 0; step < 10; ++step) {
    SCOPED_TRACE(step);
    write(history.step());
    export_and_compare(repository_.commit());
    ASSERT_FALSE(HasFailure());
    EXPECT_EQ(took_changes(), step > 0) << said_.back();
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomHgHistory, testing::Values(1U, 2U));

TEST_F(HgChangesExport, OnlyWhatHasChangedIsRead) {
  write_file(tree_ / "large", noise(6 * kMiB));
  export_and_compare(repository_.commit("file", "one"));
  EXPECT_GT(read_, 6 * kMiB);

  export_and_compare(repository_.commit("file", "second"));

  EXPECT_EQ(read_, 6U);
  EXPECT_EQ(files_, 2U);
}

TEST_F(HgChangesExport, ManyChangesAreReadWithoutNamingThem) {
  for (int i = 0; i < 600; ++i) {
    write_file(tree_ / "many" / std::to_string(i), "one");
  }
  write_file(tree_ / "large", noise(6 * kMiB));
  export_and_compare(repository_.commit());
  for (int i = 0; i < 600; ++i) {
    write_file(tree_ / "many" / std::to_string(i), "second");
  }

  export_and_compare(repository_.commit());

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 600U * 6U);
}

TEST_F(HgChangesExport, AModeAloneReadsNothing) {
  write_file(tree_ / "file", "content", false);
  export_and_compare(repository_.commit());
  std::filesystem::permissions(tree_ / "file", std::filesystem::perms::all);

  export_and_compare(repository_.commit());

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 0U);
}

TEST_F(HgChangesExport, NamesThatLookLikePatternsAreNames) {
  for (const char* const each :
       {"glob:*", "re:.*", "path:x", "*", "[ab]", " lead", "trail ", "set:all()", "#x", "-x"}) {
    write_file(tree_ / each, "one");
  }
  write_file(tree_ / "a", "one");
  export_and_compare(repository_.commit());
  for (const char* const each :
       {"glob:*", "re:.*", "path:x", "*", "[ab]", " lead", "trail ", "set:all()", "#x", "-x"}) {
    write_file(tree_ / each, "second");
  }

  export_and_compare(repository_.commit());

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 10U * 6U);
}

TEST_F(HgChangesExport, GoingBackIsAChangeToo) {
  const std::string first = repository_.commit("file", "one");
  export_and_compare(repository_.commit("other", "two"));

  export_and_compare(first);

  EXPECT_TRUE(took_changes());
}

TEST_F(HgChangesExport, AnotherBranchOfTheSameSourceIsTheSameSource) {
  export_and_compare(repository_.commit("file", "one"));
  options_.source += "#default";

  export_and_compare(repository_.commit("file", "two"));

  EXPECT_TRUE(took_changes());
}

}  // namespace swarmout::test
