#include "common/swarm/release_content.hpp"

#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class ReleaseContentTest : public testing::Test {
protected:
  ReleaseContentTest() {
    release_.position = Position{2};
    release_.info_hash = torrent_.info_hash;
    release_.manifest = sha256(manifest_);
    EXPECT_THAT(store_.put_manifest(manifest_), IsOk());
  }
  void add_pack() {
    const Path file = store_.scratch() / "new";
    write_file(file, pack_);
    ASSERT_OK(store_.adopt_pack(file, merkle_root(leaves_of(pack_))));
  }

  const std::string manifest_ = prose(1000);
  const std::string pack_ = noise(50'000);
  const SealedTorrent torrent_ = seal({{"manifest", manifest_}, {name_of_pack(pack_), pack_}});
  Descriptor release_;
  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
};

}  // namespace

TEST_F(ReleaseContentTest, AReleaseThatIsWholeInTheStoreCanBeServed) {
  add_pack();

  ASSERT_OK_AND_ASSIGN(const SwarmContent content, release_content(store_, release_, torrent_.bytes, "seed"));

  EXPECT_EQ(content.torrent, torrent_.bytes);
  EXPECT_EQ(content.complete, (std::set<std::string>{"manifest", name_of_pack(pack_)}));
  EXPECT_FALSE(content.check_existing) << "what the store has was hashed when it came in";
  EXPECT_EQ(read_file(content.directory / kTorrentRoot / name_of_pack(pack_), kMiB).value_or(""), pack_);
}

TEST_F(ReleaseContentTest, EachPurposeHasItsOwnDirectory) {
  add_pack();

  ASSERT_OK_AND_ASSIGN(const SwarmContent seed, release_content(store_, release_, torrent_.bytes, "seed"));
  ASSERT_OK_AND_ASSIGN(const SwarmContent peer, release_content(store_, release_, torrent_.bytes, "peer"));

  EXPECT_NE(seed.directory, peer.directory);
}

TEST_F(ReleaseContentTest, AMissingPackIsNotFound) {
  EXPECT_THAT(release_content(store_, release_, torrent_.bytes, "seed"),
              FailsWith(ErrorCode::not_found, "1 of its 2 files"));
}

TEST_F(ReleaseContentTest, TheTorrentOfAnotherReleaseIsRefused) {
  add_pack();
  release_.info_hash = {sha256("another")};

  EXPECT_THAT(release_content(store_, release_, torrent_.bytes, "seed"),
              FailsWith(ErrorCode::refused, "not the one that was signed"));
}

TEST_F(ReleaseContentTest, WhatIsNoTorrentIsRefused) {
  EXPECT_THAT(release_content(store_, release_, "garbage", "seed"), FailsWith(ErrorCode::refused));
}

}  // namespace swarmout::test
