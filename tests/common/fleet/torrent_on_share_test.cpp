#include "common/fleet/torrent_on_share.hpp"

#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/memory_share.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class TorrentOnShareTest : public testing::Test {
protected:
  TorrentOnShareTest() {
    release_.position = Position{2};
    release_.info_hash = sealed_.info_hash;
    release_.torrent_size = sealed_.bytes.size();
  }
  void put(const std::string& bytes) { ASSERT_OK(share_.write_blob(torrent_blob(release_), bytes)); }

  static SealedTorrent made(const std::string& pack) { return seal({{"manifest", "m"}, {name_of_pack(pack), pack}}); }

  const SealedTorrent sealed_ = made(noise(1000));
  Descriptor release_;
  MemoryShare share_{std::make_shared<MemoryShareState>()};
};

}  // namespace

TEST_F(TorrentOnShareTest, IsReadAndUnderstood) {
  put(sealed_.bytes);

  ASSERT_OK_AND_ASSIGN(const TorrentOnShare torrent, torrent_on_share(share_, release_));

  EXPECT_EQ(torrent.bytes, sealed_.bytes);
  EXPECT_EQ(torrent.contents.info_hash, sealed_.info_hash);
  EXPECT_EQ(torrent.contents.files.size(), 2U);
}

TEST_F(TorrentOnShareTest, OneThatIsMissingIsNotFound) {
  EXPECT_THAT(torrent_on_share(share_, release_), FailsWith(ErrorCode::not_found, "release 2"));
}

TEST_F(TorrentOnShareTest, AnotherThanWasSignedIsRefused) {
  const std::string other = made(noise(1000, 2)).bytes;
  release_.torrent_size = other.size();
  put(other);

  EXPECT_THAT(torrent_on_share(share_, release_), FailsWith(ErrorCode::refused, "not the one that was signed"));
}

TEST_F(TorrentOnShareTest, ADamagedOneIsRefused) {
  put(noise(sealed_.bytes.size()));

  EXPECT_THAT(torrent_on_share(share_, release_), FailsWith(ErrorCode::refused));
}

TEST_F(TorrentOnShareTest, ALargerOneThanWasSignedIsRefusedUnread) {
  put(sealed_.bytes + "x");

  EXPECT_THAT(torrent_on_share(share_, release_), FailsWith(ErrorCode::refused));
}

TEST_F(TorrentOnShareTest, AShareThatIsAwayIsNotTakenForAMissingTorrent) {
  put(sealed_.bytes);
  share_.before = [](std::string_view) { return std::optional(Error{ErrorCode::temporary, "away", ""}); };

  EXPECT_THAT(torrent_on_share(share_, release_), FailsWith(ErrorCode::temporary));
}

// Its delta file.

namespace {

class DeltaOnShareTest : public TorrentOnShareTest {
protected:
  DeltaOnShareTest() { release_.delta = {sha256("before"), sha256(kFile), kFile.size(), kFile.size(), 3}; }
  void put(const std::string& bytes) { ASSERT_OK(share_.write_blob(delta_blob(release_), bytes)); }

  const std::string kFile = noise(700, 3);
};

}  // namespace

TEST_F(DeltaOnShareTest, IsRead) {
  put(kFile);

  EXPECT_EQ(delta_on_share(share_, release_), kFile);
}

TEST_F(DeltaOnShareTest, OneThatIsMissingIsNotFound) {
  EXPECT_THAT(delta_on_share(share_, release_), FailsWith(ErrorCode::not_found, "delta of release 2"));
}

TEST_F(DeltaOnShareTest, AnotherThanWasSignedIsRefused) {
  put(noise(700, 4));
  EXPECT_THAT(delta_on_share(share_, release_), FailsWith(ErrorCode::refused, "not the one that was signed"));

  put(kFile.substr(1));
  EXPECT_THAT(delta_on_share(share_, release_), FailsWith(ErrorCode::refused, "not the one that was signed"));
}

TEST_F(DeltaOnShareTest, ALargerOneThanWasSignedIsRefusedUnread) {
  put(kFile + "x");

  EXPECT_THAT(delta_on_share(share_, release_), FailsWith(ErrorCode::refused));
}

TEST_F(DeltaOnShareTest, AShareThatIsAwayIsNotTakenForAMissingDelta) {
  put(kFile);
  share_.before = [](std::string_view) { return std::optional(Error{ErrorCode::temporary, "away", ""}); };

  EXPECT_THAT(delta_on_share(share_, release_), FailsWith(ErrorCode::temporary));
}

}  // namespace swarmout::test
