#include "common/delta/delta_torrent.hpp"

#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Digest kBeforeOfDelta = sha256("the manifest before");

class DeltaRoomsTest : public testing::Test {
protected:
  std::vector<std::string> names() const {
    return list_directory(temp_ / "deltas").value_or(std::vector<std::string>());
  }
  static InfoHash hash(const char* of) { return {sha256(of)}; }

  TempDir temp_;
  DeltaRooms rooms_{temp_.path(), "peer"};
};

}  // namespace

TEST(DeltaTorrent, HasTheDeltaAndWhatItBeginsAt) {
  const std::string delta = noise(100 * kKiB);
  ASSERT_OK_AND_ASSIGN(const SealedTorrent torrent, seal_delta(delta, kBeforeOfDelta, ""));
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(torrent.bytes));

  EXPECT_EQ(contents.info_hash, torrent.info_hash);
  ASSERT_THAT(contents.files, testing::SizeIs(2));
  EXPECT_EQ(contents.files[0].name, kDeltaName);
  EXPECT_EQ(contents.files[0].size, delta.size());
  EXPECT_EQ(contents.files[1].name, kDeltaBeforeName);
  EXPECT_EQ(contents.files[1].size, 65U);
}

TEST(DeltaTorrent, IsAnotherForAnotherDeltaAnotherBeginningAndInTheClear) {
  ASSERT_OK_AND_ASSIGN(const SealedTorrent torrent, seal_delta("delta", kBeforeOfDelta, ""));
  ASSERT_OK_AND_ASSIGN(const SealedTorrent same, seal_delta("delta", kBeforeOfDelta, ""));
  ASSERT_OK_AND_ASSIGN(const SealedTorrent other, seal_delta("another", kBeforeOfDelta, ""));
  ASSERT_OK_AND_ASSIGN(const SealedTorrent elsewhere, seal_delta("delta", sha256("elsewhere"), ""));
  ASSERT_OK_AND_ASSIGN(const SealedTorrent encrypted, seal_delta("delta", kBeforeOfDelta, "a certificate"));

  EXPECT_EQ(torrent.bytes, same.bytes);
  EXPECT_NE(torrent.info_hash, other.info_hash);
  EXPECT_NE(torrent.info_hash, elsewhere.info_hash);
  EXPECT_NE(torrent.info_hash, encrypted.info_hash);
}

TEST_F(DeltaRoomsTest, WhatIsServedIsLaidOutAsItsTorrentSays) {
  ASSERT_OK_AND_ASSIGN(const Path room, rooms_.make(hash("one"), "delta", kBeforeOfDelta));

  EXPECT_EQ(read_file(room / "swarmout/delta", kMiB), "delta");
  EXPECT_EQ(read_file(room / "swarmout/delta.before", kMiB), kBeforeOfDelta.hex() + '\n');
  EXPECT_EQ(rooms_.read(hash("one"), 5), "delta");
  EXPECT_THAT(rooms_.read(hash("one"), 4), FailsWith(ErrorCode::refused));
}

TEST_F(DeltaRoomsTest, OneToFetchIntoIsEmptyWhateverWasThere) {
  ASSERT_OK(rooms_.make(hash("one"), "delta", kBeforeOfDelta));

  ASSERT_OK_AND_ASSIGN(const Path room, rooms_.make(hash("one")));

  EXPECT_THAT(list_directory(room / "swarmout").value(), IsEmpty());
  EXPECT_THAT(rooms_.read(hash("one"), kMiB), FailsWith(ErrorCode::not_found));
}

TEST_F(DeltaRoomsTest, WhatIsRemovedLeavesNothing) {
  ASSERT_OK(rooms_.make(hash("one"), "delta", kBeforeOfDelta));
  ASSERT_OK(rooms_.make(hash("two")));

  ASSERT_OK(rooms_.remove(hash("one")));
  EXPECT_THAT(names(), ElementsAre("peer-" + hash("two").hex()));
  EXPECT_THAT(rooms_.remove(hash("one")), IsOk()) << "twice is as good";
}

TEST_F(DeltaRoomsTest, EachPurposeClearsItsOwn) {
  const DeltaRooms others(temp_.path(), "seed");
  ASSERT_OK(rooms_.make(hash("one"), "delta", kBeforeOfDelta));
  ASSERT_OK(rooms_.make(hash("two")));
  ASSERT_OK(others.make(hash("one"), "delta", kBeforeOfDelta));

  ASSERT_OK(rooms_.clear());

  EXPECT_THAT(names(), ElementsAre("seed-" + hash("one").hex()));
}

TEST_F(DeltaRoomsTest, WhereThereIsNothingNothingIsCleared) {
  EXPECT_THAT(rooms_.clear(), IsOk());
  EXPECT_FALSE(path_exists(temp_ / "deltas"));
}

TEST_F(DeltaRoomsTest, WhatIsInTheWayIsSaid) {
  write_file(temp_ / "deltas", "in the way");

  EXPECT_THAT(rooms_.make(hash("one")), FailsWith(ErrorCode::cannot_write));
}

}  // namespace swarmout::test
