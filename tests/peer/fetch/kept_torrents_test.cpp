#include "peer/fetch/kept_torrents.hpp"

#include "tests/peer/fetch/swarming.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class KeptTorrentsTest : public testing::Test {
protected:
  KeptTorrentsTest() {
    share_.before = [this](std::string_view) -> std::optional<Error> {
      return away_ ? std::optional(Error{ErrorCode::temporary, "away", ""}) : std::nullopt;
    };
  }
  const Descriptor& release() const { return sealed_.release.descriptor; }
  Path file() const { return dir_ / ("torrents/" + release().info_hash.hex() + ".torrent"); }
  void put_on_share() { ASSERT_OK(share_.write_blob(torrent_blob(release()), sealed_.torrent)); }

  Leader leader_;
  SealedRelease sealed_ = leader_.release({file_of("file", noise(100 * kKiB))}, 2, false);
  TempDir dir_;
  MemoryShare share_{std::make_shared<MemoryShareState>()};
  bool away_ = false;
  KeptTorrents torrents_{dir_.path(), share_};
};

}  // namespace

TEST_F(KeptTorrentsTest, WhatWasReadOnceIsThereWhileTheShareIsAway) {
  put_on_share();
  EXPECT_EQ(torrents_.get(release()), sealed_.torrent);
  away_ = true;

  EXPECT_EQ(torrents_.get(release()), sealed_.torrent);
}

TEST_F(KeptTorrentsTest, OneThatWasMadeHereNeedsNoShare) {
  away_ = true;
  EXPECT_FALSE(torrents_.has(release()));

  torrents_.keep(release(), sealed_.torrent);

  EXPECT_TRUE(torrents_.has(release()));
  EXPECT_EQ(torrents_.get(release()), sealed_.torrent);
}

TEST_F(KeptTorrentsTest, WhereItCannotBeKeptItIsAskedOfTheShareAgain) {
  put_on_share();
  write_file(dir_ / "torrents", "in the way");

  torrents_.keep(release(), sealed_.torrent);

  EXPECT_FALSE(torrents_.has(release()));
  EXPECT_EQ(torrents_.get(release()), sealed_.torrent);
}

TEST_F(KeptTorrentsTest, WhatIsNotThereYetMayComeLater) {
  EXPECT_THAT(torrents_.get(release()), FailsWith(ErrorCode::temporary, "is not on memory"));
}

TEST_F(KeptTorrentsTest, AFileThatIsDamagedIsReadFromTheShareAgain) {
  put_on_share();
  write_file(file(), "garbage");

  EXPECT_EQ(torrents_.get(release()), sealed_.torrent);
  EXPECT_EQ(read_file(file(), kMiB), sealed_.torrent);
}

TEST_F(KeptTorrentsTest, AnotherTorrentUnderItsNameIsRefused) {
  const SealedRelease other = leader_.release({file_of("file", noise(10 * kKiB, 7))}, 4, false);
  ASSERT_OK(share_.write_blob(torrent_blob(release()), other.torrent));
  Descriptor wanted = release();
  wanted.torrent_size = kMaxTorrentFile;

  EXPECT_THAT(torrents_.get(wanted), FailsWith(ErrorCode::refused));
}

TEST_F(KeptTorrentsTest, OfWhatIsNotKeptTheTorrentGoesToo) {
  put_on_share();
  ASSERT_OK(torrents_.get(release()));
  ASSERT_OK(torrents_.keep_only({release().info_hash}));
  EXPECT_TRUE(path_exists(file()));

  ASSERT_OK(torrents_.keep_only({}));

  EXPECT_FALSE(path_exists(file()));
}

}  // namespace swarmout::test
