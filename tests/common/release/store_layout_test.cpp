// What the swarm serves and fetches: a directory of links to what the store has.

#include "common/release/store.hpp"
#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

using Names = std::set<std::string>;

class StoreLayoutTest : public testing::Test {
protected:
  void add_pack(const std::string& content) {
    const Path file = store_.scratch() / "new";
    write_file(file, content);
    ASSERT_OK(store_.adopt_pack(file, merkle_root(leaves_of(content))));
    ASSERT_OK(remove_tree(file));
  }
  Result<Path> lay_out(std::string_view purpose = "seed") {
    complete_.clear();
    return store_.lay_out(purpose, contents_, sha256(manifest_), complete_);
  }
  static std::string content_of(const Path& directory, const std::string& name) {
    return read_file(directory / kTorrentRoot / name, kMiB).value_or("not there");
  }

  const std::string manifest_ = prose(1000);
  const std::string one_ = noise(50'000, 1);
  const std::string two_ = noise(70'000, 2);
  const TorrentContents contents_ =
      read_torrent(seal({{"manifest", manifest_}, {name_of_pack(one_), one_}, {name_of_pack(two_), two_}}).bytes)
          .value();
  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
  Names complete_;
};

}  // namespace

TEST_F(StoreLayoutTest, EverythingThatIsThereIsLinked) {
  add_pack(one_);
  add_pack(two_);
  ASSERT_OK(store_.put_manifest(manifest_));

  ASSERT_OK_AND_ASSIGN(const Path directory, lay_out());

  EXPECT_EQ(complete_, (Names{"manifest", name_of_pack(one_), name_of_pack(two_)}));
  EXPECT_EQ(content_of(directory, "manifest"), manifest_);
  EXPECT_EQ(content_of(directory, name_of_pack(one_)), one_);
  EXPECT_EQ(std::filesystem::hard_link_count(store_.pack_path(merkle_root(leaves_of(one_)))), 2U) << "not a copy";
}

TEST_F(StoreLayoutTest, WhatIsNotThereIsLeftToBeFetched) {
  add_pack(one_);

  ASSERT_OK_AND_ASSIGN(const Path directory, lay_out());

  EXPECT_EQ(complete_, Names{name_of_pack(one_)});
  EXPECT_THAT(list_directory(directory / kTorrentRoot).value_or(std::vector<std::string>{}),
              testing::ElementsAre(name_of_pack(one_)));
}

TEST_F(StoreLayoutTest, NothingMayBeThere) {
  ASSERT_OK_AND_ASSIGN(const Path directory, lay_out());

  EXPECT_EQ(complete_, Names{});
  EXPECT_TRUE(std::filesystem::is_directory(directory / kTorrentRoot));
}

TEST_F(StoreLayoutTest, LayingOutTwiceIsTheSame) {
  add_pack(one_);
  ASSERT_OK_AND_ASSIGN(const Path first, lay_out());

  ASSERT_OK_AND_ASSIGN(const Path second, lay_out());

  EXPECT_EQ(first, second);
  EXPECT_EQ(complete_, Names{name_of_pack(one_)});
}

TEST_F(StoreLayoutTest, APartOfAFileIsReplacedByTheWhole) {
  ASSERT_OK_AND_ASSIGN(const Path directory, lay_out());
  write_file(directory / kTorrentRoot / name_of_pack(one_), one_.substr(0, 20'000));
  write_file(directory / kTorrentRoot / "manifest", "half");
  add_pack(one_);
  ASSERT_OK(store_.put_manifest(manifest_));

  ASSERT_OK(lay_out());

  EXPECT_EQ(content_of(directory, name_of_pack(one_)), one_);
  EXPECT_EQ(content_of(directory, "manifest"), manifest_);
}

TEST_F(StoreLayoutTest, APartOfAFileThatIsNotInTheStoreStays) {
  ASSERT_OK_AND_ASSIGN(const Path directory, lay_out());
  write_file(directory / kTorrentRoot / name_of_pack(one_), one_.substr(0, 20'000));

  ASSERT_OK(lay_out());

  EXPECT_EQ(content_of(directory, name_of_pack(one_)), one_.substr(0, 20'000));
}

TEST_F(StoreLayoutTest, APackOfAnotherSizeIsNotLinked) {
  write_file(store_.pack_path(merkle_root(leaves_of(one_))), "cut short");

  ASSERT_OK(lay_out());

  EXPECT_EQ(complete_, Names{});
}

TEST_F(StoreLayoutTest, ADamagedManifestIsNotLinked) {
  write_file(store_.state() / "manifests" / sha256(manifest_).hex(), "damaged");

  ASSERT_OK(lay_out());

  EXPECT_EQ(complete_, Names{});
}

TEST_F(StoreLayoutTest, WhatWasLaidOutOutlivesThePruning) {
  add_pack(one_);
  ASSERT_OK_AND_ASSIGN(const Path directory, lay_out());

  ASSERT_OK(store_.prune(3));

  EXPECT_EQ(content_of(directory, name_of_pack(one_)), one_);
}

TEST_F(StoreLayoutTest, LayoutsOfOnePurposeAreRemoved) {
  ASSERT_OK_AND_ASSIGN(const Path seed, lay_out("seed"));
  ASSERT_OK_AND_ASSIGN(const Path peer, lay_out("peer"));
  ASSERT_NE(seed, peer);

  ASSERT_OK(store_.remove_layouts("seed"));

  EXPECT_FALSE(path_exists(seed));
  EXPECT_TRUE(path_exists(peer));
}

TEST_F(StoreLayoutTest, LayoutsOfKeptTorrentsStay) {
  ASSERT_OK_AND_ASSIGN(const Path seed, lay_out("seed"));

  ASSERT_OK(store_.remove_layouts("seed", {contents_.info_hash}));
  EXPECT_TRUE(path_exists(seed));

  ASSERT_OK(store_.remove_layouts("seed", {InfoHash{sha256("another")}}));
  EXPECT_FALSE(path_exists(seed));
}

TEST_F(StoreLayoutTest, RemovingALayoutKeepsThePacks) {
  add_pack(one_);
  ASSERT_OK(lay_out("seed"));

  ASSERT_OK(store_.remove_layouts("seed"));

  EXPECT_TRUE(store_.has_pack(merkle_root(leaves_of(one_)), one_.size()));
}

TEST_F(StoreLayoutTest, AStateDirectoryThatIsALinkIsUsedLikeAnyOther) {
  write_symlink(temp_ / "link", "state");
  ASSERT_OK_AND_ASSIGN(Store linked, Store::open(temp_ / "link"));
  add_pack(one_);
  ASSERT_OK(linked.put_manifest(manifest_));
  ASSERT_OK(linked.lay_out("seed", contents_, sha256(manifest_), complete_));
  EXPECT_EQ(complete_.size(), 2U);
  write_file(linked.scratch() / "half", "x");

  ASSERT_OK(linked.clear_scratch());
  ASSERT_OK(linked.prune(0));
  ASSERT_OK(linked.remove_layouts("seed"));

  EXPECT_FALSE(path_exists(temp_ / "state/tmp/half"));
  EXPECT_FALSE(store_.has_pack(merkle_root(leaves_of(one_)), one_.size()));
}

}  // namespace swarmout::test
