#include "common/release/torrent_file.hpp"

#include "common/release/pack.hpp"
#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/torrent_info.hpp>

namespace swarmout::test {

namespace {

/// The torrent that libtorrent makes when it reads and hashes the files itself.
std::string made_by_libtorrent(const Path& directory, const Payload& payload, Bytes piece_length) {
  lt::file_storage storage;
  for (const auto& [name, content] : payload) {
    storage.add_file(fmt::format("{}/{}", kTorrentRoot, name), static_cast<std::int64_t>(content.size()));
  }
  lt::create_torrent torrent(storage, static_cast<int>(piece_length), lt::create_torrent::v2_only);
  torrent.set_creation_date(0);
  lt::set_piece_hashes(torrent, directory.native());
  const std::vector<char> bytes = torrent.generate_buf();
  return {bytes.begin(), bytes.end()};
}

Digest info_hash_by_libtorrent(const std::string& torrent) {
  const lt::torrent_info info(torrent, lt::from_span);
  Digest digest;
  std::memcpy(digest.bytes.data(), info.info_hashes().v2.data(), Digest::kSize);
  return digest;
}

}  // namespace

class SealedFrom : public testing::TestWithParam<std::size_t> {};

TEST_P(SealedFrom, OurLeavesIsWhatLibtorrentMakesOfTheFiles) {
  TempDir temp;
  const std::string content = noise(GetParam(), static_cast<std::uint32_t>(GetParam()));
  const Payload payload = {{"manifest", prose(100)}, {name_of_pack(content), content}};
  lay_out(temp.path(), payload);

  const SealedTorrent sealed = seal(payload, 64 * kKiB);

  const std::string theirs = made_by_libtorrent(temp.path(), payload, 64 * kKiB);
  EXPECT_EQ(sealed.bytes == theirs, true);
  EXPECT_EQ(sealed.info_hash.digest, info_hash_by_libtorrent(theirs));
}

INSTANTIATE_TEST_SUITE_P(LessThanALeaf, SealedFrom, testing::Values(1, 2, kLeafSize - 1));
INSTANTIATE_TEST_SUITE_P(LessThanAPiece, SealedFrom,
                         testing::Values(kLeafSize, kLeafSize + 1, 2 * kLeafSize, 3 * kLeafSize - 1, 3 * kLeafSize + 1,
                                         64 * kKiB - 1));
INSTANTIATE_TEST_SUITE_P(APiece, SealedFrom, testing::Values(64 * kKiB, 64 * kKiB + 1));
INSTANTIATE_TEST_SUITE_P(Pieces, SealedFrom,
                         testing::Values(2 * 64 * kKiB - 1, 2 * 64 * kKiB, 2 * 64 * kKiB + 1, 3 * 64 * kKiB + kLeafSize,
                                         5 * 64 * kKiB + 1, 16 * 64 * kKiB, 17 * 64 * kKiB + 12345));

TEST(TorrentFileTest, ManyFilesInAnyOrderGiveTheSameTorrent) {
  TempDir temp;
  Payload payload = {{"manifest", prose(70000)}};
  std::vector<TorrentInput> inputs = {{"manifest", 70000, leaves_of(prose(70000))}};
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::string content = noise(10'000 + i * 13'333, i);
    payload[name_of_pack(content)] = content;
    inputs.insert(inputs.begin() + i / 2, {name_of_pack(content), content.size(), leaves_of(content)});
  }
  lay_out(temp.path(), payload);

  ASSERT_OK_AND_ASSIGN(const SealedTorrent sealed, seal_torrent(std::move(inputs), 32 * kKiB));

  EXPECT_EQ(sealed.bytes == made_by_libtorrent(temp.path(), payload, 32 * kKiB), true);
  EXPECT_EQ(sealed.bytes, seal(payload).bytes);
}

TEST(TorrentFileTest, WhatWasSealedIsRead) {
  const std::string pack = noise(100'000);
  const Payload payload = {{"manifest", prose(5000)}, {name_of_pack(pack), pack}};
  const SealedTorrent sealed = seal(payload);

  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(sealed.bytes));

  EXPECT_EQ(contents.info_hash, sealed.info_hash);
  EXPECT_EQ(contents.piece_length, 32 * kKiB);
  ASSERT_EQ(contents.files.size(), 2U);
  for (const TorrentFile& each : contents.files) {
    EXPECT_EQ(each.size, payload.at(each.name).size());
    EXPECT_EQ(each.root, merkle_root(leaves_of(payload.at(each.name))));
  }
}

TEST(TorrentFileTest, FilesComeInTheOrderOfTheirNames) {
  Payload payload = {{"manifest", "m"}};
  for (std::uint32_t i = 0; i < 9; ++i) {
    payload[name_of_pack(noise(10, i))] = noise(10, i);
  }

  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(seal(payload).bytes));

  std::vector<std::string> names;
  for (const TorrentFile& each : contents.files) {
    names.push_back(each.name);
  }
  EXPECT_EQ(names.size(), 10U);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(TorrentFileTest, NothingButNamesSizesAndContentMattersForTheInfoHash) {
  const Payload payload = {{"manifest", "m"}, {name_of_pack("pack"), "pack"}};
  Payload other = payload;
  other["manifest"] = "n";

  EXPECT_EQ(seal(payload).bytes, seal(payload).bytes);
  EXPECT_NE(seal(payload).info_hash, seal(other).info_hash);
}

TEST(TorrentFileTest, AFewThousandPiecesAtMostUntilPiecesAreAsLargeAsTheyGet) {
  for (const Bytes total : {Bytes{1}, kMiB, 40 * kMiB, 100 * kMiB, kGiB, 5 * kGiB}) {
    const Bytes length = piece_length_for(total);
    EXPECT_TRUE(std::has_single_bit(length)) << total;
    EXPECT_GE(length, 32 * kKiB) << total;
    EXPECT_LE(length, 4 * kMiB) << total;
    EXPECT_LE(total / length, 8000U) << total;
  }
  EXPECT_EQ(piece_length_for(0), 32 * kKiB);
  EXPECT_EQ(piece_length_for(Bytes{1} << 50), 4 * kMiB);
}

TEST(TorrentFileTest, ATebibyteInPacksThatEndAnywhereIsSealedAndRead) {
  constexpr Bytes kTebibyte = Bytes{1} << 40;
  const Bytes piece = piece_length_for(kTebibyte);
  std::vector<TorrentInput> files{{std::string(kManifestName), 100, {sha256("manifest")}}};
  Bytes total = 100;
  for (std::size_t i = 0; total < kTebibyte; ++i) {
    const Bytes size = pack_size(i) + 1;  // nearly a piece is lost behind each
    std::vector<Digest> layer(size / piece + 1, sha256("all the same"));
    layer.front() = sha256(std::to_string(i));
    files.push_back({pack_name(root_of_layer(layer, piece)), size, {}, std::move(layer)});
    total += size;
  }

  ASSERT_OK_AND_ASSIGN(const SealedTorrent sealed, seal_torrent(files, piece));
  ASSERT_OK_AND_ASSIGN(const TorrentContents read, read_torrent(sealed.bytes));

  EXPECT_LT(sealed.bytes.size(), kMaxTorrentFile);
  EXPECT_EQ(read.files.size(), files.size());
  EXPECT_EQ(read.info_hash, sealed.info_hash);
  Bytes found = 0;
  std::size_t next = 0;
  for (const TorrentFile& file : read.files) {
    EXPECT_EQ(file.first_piece, next) << file.name;
    next += (file.size + piece - 1) / piece;
    found += file.size;
  }
  EXPECT_EQ(found, total);
  EXPECT_EQ(read.pieces, next);
}

}  // namespace swarmout::test
