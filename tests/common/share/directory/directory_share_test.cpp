#include "common/share/directory/directory_share.hpp"

#include "common/fleet/peer_record.hpp"
#include "common/fleet/registry.hpp"
#include "common/share/open_share.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

namespace swarmout::test {

namespace {

constexpr auto kShortPatience = std::chrono::milliseconds(60);

/// An initialised share in a directory of its own.
class DirectoryShareTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_THAT(init_share(root_.native()), IsOk()); }

  std::vector<std::string> names_in(const char* directory) const {
    return list_directory(root_ / directory).value_or(std::vector<std::string>{"cannot be listed"});
  }
  void damage_cell(const std::function<void(std::string&)>& damage) {
    ASSERT_OK(share_.write_cell(CellKind::heartbeat, "a", "a value of some length"));
    ASSERT_OK_AND_ASSIGN(std::string bytes, read_file(root_ / "hb/a", 64 * kKiB));
    damage(bytes);
    write_file(root_ / "hb/a", bytes);
  }

  TempDir temp_;
  Path root_ = temp_ / "share";
  DirectoryShare share_{root_, kShortPatience};
};

PeerRecord some_peer() {
  PeerRecord record;
  record.id = "0123456789abcdef";
  record.endpoint = {"192.0.2.1", 6881};
  return record;
}

}  // namespace

// Torn cells.

TEST_F(DirectoryShareTest, ACellIsOneBlock) {
  ASSERT_OK(share_.write_cell(CellKind::heartbeat, "a", "short"));

  EXPECT_EQ(std::filesystem::file_size(root_ / "hb/a"), 4096U);
}

TEST_F(DirectoryShareTest, ACellCutOffInItsContentIsNoCell) {
  damage_cell([](std::string& bytes) { bytes.resize(90); });

  EXPECT_THAT(share_.read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::refused, "hb/a"));
}

TEST_F(DirectoryShareTest, ACellCutOffInItsFirstLineIsNoCell) {
  damage_cell([](std::string& bytes) { bytes.resize(20); });

  EXPECT_THAT(share_.read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::refused));
}

TEST_F(DirectoryShareTest, AnEmptyCellFileIsNotWrittenYet) {
  damage_cell([](std::string& bytes) { bytes.clear(); });

  ASSERT_OK_AND_ASSIGN(const auto found, share_.read_cell(CellKind::heartbeat, "a"));
  EXPECT_FALSE(found);
}

TEST_F(DirectoryShareTest, ACellOfZerosIsNoCell) {
  damage_cell([](std::string& bytes) { bytes.assign(4096, '\0'); });

  EXPECT_THAT(share_.read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::refused));
}

TEST_F(DirectoryShareTest, AFlippedByteOfContentIsNoCell) {
  damage_cell([](std::string& bytes) { bytes[bytes.find("value")] ^= 1; });

  EXPECT_THAT(share_.read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::refused));
}

TEST_F(DirectoryShareTest, AFlippedByteOfTheDigestIsNoCell) {
  damage_cell([](std::string& bytes) { bytes[bytes.find('\n') - 1] ^= 1; });

  EXPECT_THAT(share_.read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::refused));
}

TEST_F(DirectoryShareTest, AnImpossibleSizeIsNoCell) {
  damage_cell([](std::string& bytes) { bytes.replace(5, 2, "4095"); });

  EXPECT_THAT(share_.read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::refused));
}

TEST_F(DirectoryShareTest, ASizeWithoutADigestIsNoCell) {
  damage_cell([](std::string& bytes) { bytes.replace(0, bytes.find('\n'), "cell 5"); });

  EXPECT_THAT(share_.read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::refused));
}

TEST_F(DirectoryShareTest, ATornCellIsWholeAgainAfterTheNextWrite) {
  damage_cell([](std::string& bytes) { bytes.resize(20); });

  ASSERT_OK(share_.write_cell(CellKind::heartbeat, "a", "whole"));

  ASSERT_OK_AND_ASSIGN(const auto found, share_.read_cell(CellKind::heartbeat, "a"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->bytes, "whole");
}

// The end of the log.

TEST_F(DirectoryShareTest, WhoWasAwayForThousandsOfEntriesFindsTheEndAllTheSame) {
  for (int i = 1; i <= 2500; ++i) {
    write_file(root_ / fmt::format("log/{:08}", i), "entry");
  }

  EXPECT_EQ(share_.tail(Position{1}).value().value, 2500U);
  EXPECT_EQ(share_.tail(Position{2400}).value().value, 2500U);
}

// Stray things.

TEST_F(DirectoryShareTest, TemporaryFilesInTheLogAreNoEntries) {
  write_file(root_ / "log/.t-00000007", "not yet linked");

  EXPECT_EQ(share_.tail({}).value_or(Position{999}).value, 0U);
}

TEST_F(DirectoryShareTest, EditorBackupsInTheLogAreNoEntries) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  for (const char* const name : {"00000009~", "00000009.bak", ".00000009.swp", "#00000009#", "+0000009", "9"}) {
    write_file(root_ / "log" / name, "backup");
  }

  EXPECT_EQ(share_.tail({}).value_or(Position{999}).value, 1U);
}

TEST_F(DirectoryShareTest, AnEntryNumberedZeroIsNone) {
  write_file(root_ / "log/00000000", "no such number");

  EXPECT_EQ(share_.tail({}).value_or(Position{999}).value, 0U);
}

TEST_F(DirectoryShareTest, ADirectoryInTheLogIsNoEntry) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_OK(make_directories(root_ / "log/old entries"));

  EXPECT_EQ(share_.tail({}).value_or(Position{999}).value, 1U);
}

TEST_F(DirectoryShareTest, ADirectoryInTheLogThatIsNamedAfterADayIsNoEntry) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_OK(make_directories(root_ / "log/20260923"));

  EXPECT_EQ(share_.tail({}).value_or(Position{999}).value, 1U);
}

TEST_F(DirectoryShareTest, StrayFilesAmongThePeersAreNotListed) {
  ASSERT_OK(share_.write_cell(CellKind::peer, "real", encode(some_peer())));
  for (const char* const name : {".t-1234", "real~", ".real.swp", "#real#", "with space"}) {
    write_file(root_ / "peers" / name, "stray");
  }

  ASSERT_OK_AND_ASSIGN(const auto names, share_.list_cells(CellKind::peer));

  EXPECT_THAT(names, testing::ElementsAre("real"));
}

TEST_F(DirectoryShareTest, ACellThatIsDatedAfterTheEndOfClocksIsNotOld) {
  ASSERT_OK(share_.write_cell(CellKind::peer, "dated", "value"));
  const timespec times[2] = {{1LL << 40, 0}, {1LL << 40, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ / "peers/dated").c_str(), times, 0), 0);

  EXPECT_GT(share_.read_cell(CellKind::peer, "dated").value()->written, share_.now().value());
  ASSERT_OK(share_.remove_stale(share_.now().value()));
  EXPECT_TRUE(share_.read_cell(CellKind::peer, "dated").value());
}

TEST_F(DirectoryShareTest, StrayThingsAmongThePeersAreNoPeers) {
  ASSERT_OK(share_.write_cell(CellKind::peer, some_peer().id, encode(some_peer())));
  write_file(root_ / "peers" / (some_peer().id + ".bak"), "stray");
  ASSERT_OK(make_directories(root_ / "peers/directory"));

  ASSERT_OK_AND_ASSIGN(const auto peers, live_peers(share_, 0, share_.now().value()));

  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].record.id, some_peer().id);
}

TEST_F(DirectoryShareTest, StrayFilesAmongTheBlobsAreNotListed) {
  ASSERT_OK(share_.write_blob("a.torrent", "a"));
  write_file(root_ / "torrents/.tmp-1234", "half");
  write_file(root_ / "torrents/a.torrent~", "backup");

  ASSERT_OK_AND_ASSIGN(const auto names, share_.list_blobs());

  EXPECT_THAT(names, testing::ElementsAre("a.torrent"));
}

// Writing, and not being able to.

TEST_F(DirectoryShareTest, AWonPutLeavesNoTemporaryFiles) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);

  EXPECT_THAT(names_in("log"), testing::ElementsAre("00000001"));
}

TEST_F(DirectoryShareTest, ALostPutLeavesNoTemporaryFiles) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_EQ(share_.put(Position{1}, "another").outcome, PutOutcome::lost);

  EXPECT_THAT(names_in("log"), testing::ElementsAre("00000001"));
}

TEST_F(DirectoryShareTest, AskingForTheTimeLeavesNoTemporaryFiles) {
  ASSERT_OK(share_.now());

  EXPECT_THAT(names_in("log"), testing::IsEmpty());
}

TEST_F(DirectoryShareTest, ABlobLeavesNoTemporaryFiles) {
  ASSERT_OK(share_.write_blob("a.torrent", "a"));

  EXPECT_THAT(names_in("torrents"), testing::ElementsAre("a.torrent"));
}

TEST_F(DirectoryShareTest, WithAFileInPlaceOfTheLogAPutIsUnknown) {
  ASSERT_OK(remove_tree(root_ / "log"));
  write_file(root_ / "log", "in the way");

  const PutResult put = share_.put(Position{1}, "entry");

  EXPECT_EQ(put.outcome, PutOutcome::unknown);
  EXPECT_FALSE(put.error.message.empty());
}

TEST_F(DirectoryShareTest, WithoutItsLogAPutIsUnknown) {
  ASSERT_OK(remove_tree(root_ / "log"));

  EXPECT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::unknown);
}

TEST_F(DirectoryShareTest, WithADirectoryUnderTheNumberAPutIsUnknown) {
  ASSERT_OK(make_directories(root_ / "log/00000001"));

  EXPECT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::unknown);
}

TEST_F(DirectoryShareTest, AReadOnlyShareGivesAnErrorAndNeverAWin) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  ASSERT_EQ(::chmod((root_ / "log").c_str(), 0555), 0);

  const PutResult put = share_.put(Position{1}, "entry");

  EXPECT_EQ(put.outcome, PutOutcome::unknown);
  EXPECT_EQ(put.error.code, ErrorCode::cannot_write);
  EXPECT_THAT(share_.now(), FailsWith(ErrorCode::cannot_write));
  ASSERT_EQ(::chmod((root_ / "log").c_str(), 0755), 0);
}

TEST_F(DirectoryShareTest, AnUnmountedShareIsUnavailableForItsTail) {
  ASSERT_OK(remove_tree(root_));

  EXPECT_THAT(share_.tail({}), FailsWith(ErrorCode::unavailable));
}

TEST_F(DirectoryShareTest, AnUnmountedShareIsUnavailableForListingCells) {
  ASSERT_OK(remove_tree(root_));

  EXPECT_THAT(share_.list_cells(CellKind::peer), FailsWith(ErrorCode::unavailable));
}

TEST_F(DirectoryShareTest, AnUnmountedShareIsUnavailableForWritingCells) {
  ASSERT_OK(remove_tree(root_));

  EXPECT_THAT(share_.write_cell(CellKind::peer, "a", "value"), FailsWith(ErrorCode::unavailable));
}

TEST_F(DirectoryShareTest, ALostDirectoryOfAMountedShareIsTemporary) {
  ASSERT_OK(remove_tree(root_ / "peers"));

  EXPECT_THAT(share_.list_cells(CellKind::peer), FailsWith(ErrorCode::temporary));
  EXPECT_THAT(share_.write_cell(CellKind::peer, "a", "value"), FailsWith(ErrorCode::temporary));
}

TEST_F(DirectoryShareTest, AnEntryOfAbsurdSizeIsRefused) {
  write_file(root_ / "log/00000001", std::string(kMaxEntry + 1, 'x'));

  EXPECT_THAT(share_.read(Position{1}), FailsWith(ErrorCode::refused));
}

TEST_F(DirectoryShareTest, WhatAClientOfNfsLeftOfRemovedFilesIsRemovedWhenItIsOld) {
  for (const char* const place : {"log", "hb", "stage", "peers", "torrents"}) {
    write_file(root_ / place / ".nfs00000000000a0b0c00000001", "removed while somebody had it open");
  }
  const WallTime now = share_.now().value();

  ASSERT_OK(share_.remove_stale(now - std::chrono::hours(1)));
  EXPECT_THAT(names_in("log"), testing::SizeIs(1)) << "its reader may be there yet";

  ASSERT_OK(share_.remove_stale(now + std::chrono::hours(1)));
  for (const char* const place : {"log", "hb", "stage", "peers", "torrents"}) {
    EXPECT_THAT(names_in(place), testing::IsEmpty()) << place;
  }
}

TEST_F(DirectoryShareTest, EntriesThatAListingDoesNotShowYetAreFound) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_EQ(share_.put(Position{2}, "entry").outcome, PutOutcome::won);

  EXPECT_EQ(share_.tail(Position{1}).value_or(Position{}).value, 2U);
}

}  // namespace swarmout::test
