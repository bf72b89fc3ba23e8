#include "common/share/directory/directory_format.hpp"

#include "common/base/remove_tree.hpp"
#include "common/share/open_share.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace swarmout::test {

TEST(InitShare, MakesAShareThatCanBeOpened) {
  const TempDir temp;

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, init_share((temp / "share").native()));

  EXPECT_EQ(made, InitOutcome::made);
  EXPECT_THAT(open_share((temp / "share").native()), IsOk());
}

TEST(InitShare, LeavesAShareThatExistsAsItIs) {
  const TempDir temp;
  const std::string root = (temp / "share").native();
  ASSERT_OK(init_share(root));
  ASSERT_OK_AND_ASSIGN(const std::string format, read_format(root));
  ASSERT_OK_AND_ASSIGN(auto share, open_share(root));
  ASSERT_EQ(share->put(Position{1}, "entry").outcome, PutOutcome::won);

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, init_share(root));

  EXPECT_EQ(made, InitOutcome::there);
  EXPECT_EQ(read_format(root).value_or(""), format);
  EXPECT_EQ(share->read(Position{1}).value_or(std::nullopt), "entry");
}

TEST(InitShare, LeavesNoTemporaryFiles) {
  const TempDir temp;

  ASSERT_OK(init_share((temp / "share").native()));

  ASSERT_OK_AND_ASSIGN(const auto names, list_directory(temp / "share"));
  EXPECT_THAT(names, testing::UnorderedElementsAre("FORMAT", "log", "hb", "stage", "peers", "torrents"));
}

TEST(InitShare, RefusesADirectoryWithOtherThingsInIt) {
  const TempDir temp;
  write_file(temp / "holiday.jpg", "picture");

  EXPECT_THAT(init_share(temp.path().native()), FailsWith(ErrorCode::refused, "holiday.jpg"));

  EXPECT_EQ(listing(temp.path()).size(), 1U);
}

TEST(InitShare, TakesAnEmptyMountPointWithLostAndFound) {
  const TempDir temp;
  ASSERT_OK(make_directories(temp / "lost+found"));

  EXPECT_THAT(init_share(temp.path().native()), IsOk());
}

TEST(InitShare, FinishesWhatAKilledInitLeft) {
  const TempDir temp;
  ASSERT_OK(make_directories(temp / "log"));
  write_file(temp / ".tmp-0123", "half a format");

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, init_share(temp.path().native()));

  EXPECT_EQ(made, InitOutcome::made);
}

TEST(InitShare, DoesNotTouchAShareOfAnotherVersion) {
  const TempDir temp;
  write_file(temp / "FORMAT", "swarmout-share 2\nprimitive link\n");

  EXPECT_THAT(init_share(temp.path().native()), FailsWith(ErrorCode::refused));

  EXPECT_EQ(read_format(temp.path()).value_or(""), "swarmout-share 2\nprimitive link\n");
}

TEST(InitShare, OfManyAtOnceOneMakesTheShareAndAllSucceed) {
  for (int round = 0; round < 30; ++round) {
    const TempDir temp;
    const std::string root = (temp / "share").native();
    std::atomic<int> made{0};
    {
      std::latch start(8);
      std::vector<std::jthread> hosts;
      for (int i = 0; i < 8; ++i) {
        hosts.emplace_back([&] {
          start.arrive_and_wait();
          const auto result = init_share(root);
          EXPECT_THAT(result, IsOk());
          made += result == InitOutcome::made ? 1 : 0;
        });
      }
    }
    ASSERT_EQ(made, 1) << "round " << round;
  }
}

TEST(OpenShare, WithoutFormatIsUnavailableAndNamesInit) {
  const TempDir temp;

  const auto opened = open_share(temp.path().native());

  ASSERT_THAT(opened, FailsWith(ErrorCode::unavailable, temp.path().native()));
  EXPECT_THAT(opened.error().hint, testing::HasSubstr("swarmout init --share " + temp.path().native()));
}

TEST(OpenShare, NeverMakesAnything) {
  const TempDir temp;

  ASSERT_THAT(open_share((temp / "not mounted").native()), FailsWith(ErrorCode::unavailable));

  EXPECT_FALSE(path_exists(temp / "not mounted"));
}

TEST(OpenShare, RefusesAnotherVersion) {
  const TempDir temp;
  write_file(temp / "FORMAT", "swarmout-share 2\ncluster x\nprimitive link\n");

  EXPECT_THAT(open_share(temp.path().native()), FailsWith(ErrorCode::refused, "another version"));
}

TEST(OpenShare, RefusesAnotherPrimitive) {
  const TempDir temp;
  write_file(temp / "FORMAT", "swarmout-share 1\ncluster x\nprimitive s3\n");

  EXPECT_THAT(open_share(temp.path().native()), FailsWith(ErrorCode::refused, "primitive"));
}

TEST(OpenShare, RefusesAFormatThatWasCutOff) {
  const TempDir temp;
  write_file(temp / "FORMAT", "swarmout-share 1\ncluster x\nprimitive li");

  EXPECT_THAT(open_share(temp.path().native()), FailsWith(ErrorCode::refused));
}

TEST(OpenShare, RefusesAnEmptyFormat) {
  const TempDir temp;
  write_file(temp / "FORMAT", "");

  EXPECT_THAT(open_share(temp.path().native()), FailsWith(ErrorCode::refused));
}

TEST(OpenShare, RefusesAFormatOfAbsurdSize) {
  const TempDir temp;
  write_file(temp / "FORMAT", std::string(100 * kKiB, 'x'));

  EXPECT_THAT(open_share(temp.path().native()), FailsWith(ErrorCode::refused));
}

TEST(OpenShare, CannotUseAUrl) {
  EXPECT_THAT(open_share("s3://bucket/prefix"), FailsWith(ErrorCode::usage, "s3://bucket/prefix"));
}

TEST(OpenShare, CannotUseAnEmptyName) {
  EXPECT_THAT(open_share(""), FailsWith(ErrorCode::usage));
}

// Repairs.

TEST(InitShare, MakesWhatIsMissingInAShareAndSaysSo) {
  const TempDir temp;
  ASSERT_OK(init_share(temp.path().native()));
  ASSERT_OK_AND_ASSIGN(const std::string format, read_format(temp.path()));
  for (const char* const each : {"hb", "peers", "stage"}) {
    ASSERT_OK(remove_tree(temp / each));  // as a backup restores a share, without what was empty
  }

  ASSERT_OK_AND_ASSIGN(const InitOutcome repaired, init_share(temp.path().native()));
  ASSERT_OK_AND_ASSIGN(const InitOutcome whole, init_share(temp.path().native()));

  EXPECT_EQ(repaired, InitOutcome::repaired);
  EXPECT_EQ(whole, InitOutcome::there);
  EXPECT_EQ(read_format(temp.path()).value_or(""), format);
  ASSERT_OK_AND_ASSIGN(const auto share, open_share(temp.path().native()));
  EXPECT_THAT(share->write_cell(CellKind::peer, "a", "x"), IsOk());
  EXPECT_THAT(share->tail({}), IsOk());
}

// Links.

TEST(InitShare, TakesALinkToADirectory) {
  const TempDir temp;
  ASSERT_OK(make_directories(temp / "real"));
  write_symlink(temp / "share", "real");

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, init_share((temp / "share").native()));

  EXPECT_EQ(made, InitOutcome::made);
  EXPECT_TRUE(path_exists(temp / "real/FORMAT"));
  EXPECT_EQ(std::filesystem::read_symlink(temp / "share"), "real");
}

TEST(OpenShare, FollowsLinksInItsNameAndInTheParentsOfIt) {
  const TempDir temp;
  ASSERT_OK(init_share((temp / "a/real").native()));
  write_symlink(temp / "b", "a");
  write_symlink(temp / "a/share", "real");

  ASSERT_OK_AND_ASSIGN(const auto share, open_share((temp / "b/share").native()));

  EXPECT_EQ(share->put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_OK(share->write_cell(CellKind::peer, "a", "x"));
  ASSERT_OK(share->write_blob("a.torrent", "x"));
  EXPECT_EQ(share->tail({}).value_or(Position{}), Position{1});
  EXPECT_THAT(share->list_cells(CellKind::peer).value(), testing::ElementsAre("a"));
  EXPECT_THAT(share->list_blobs().value(), testing::ElementsAre("a.torrent"));
  EXPECT_THAT(share->remove_stale(share->now().value() + std::chrono::hours(1)), IsOk());
  EXPECT_THAT(share->list_cells(CellKind::peer).value(), testing::IsEmpty());
}

}  // namespace swarmout::test
