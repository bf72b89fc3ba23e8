#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/name_of.hpp"

#include <gmock/gmock.h>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/entry.hpp>

namespace swarmout::test {

namespace {

std::string pack_content() {
  return noise(100'000);
}

lt::entry good_torrent() {
  const std::string bytes = seal({{"manifest", prose(5000)}, {name_of_pack(pack_content()), pack_content()}}).bytes;
  return lt::bdecode(lt::span<char const>(bytes.data(), static_cast<std::ptrdiff_t>(bytes.size())));
}

std::string encoded(const lt::entry& torrent) {
  std::string bytes;
  lt::bencode(std::back_inserter(bytes), torrent);
  return bytes;
}

lt::entry& files_of(lt::entry& torrent) {
  return torrent["info"]["file tree"];
}
lt::entry& manifest_of(lt::entry& torrent) {
  return files_of(torrent)["manifest"][""];
}

/// By libtorrent itself, with flags of the caller's choice, of a file of two pieces.
std::string created(lt::create_flags_t flags) {
  lt::file_storage storage;
  storage.add_file("swarmout/manifest", 40'000);
  storage.add_file("swarmout/" + name_of_pack("x"), 10);
  lt::create_torrent torrent(storage, 32 * kKiB, flags);
  for (const lt::piece_index_t piece : storage.piece_range()) {
    if (!(flags & lt::create_torrent::v2_only)) {
      torrent.set_hash(piece, lt::sha1_hash("01234567890123456789"));
    }
  }
  if (!(flags & lt::create_torrent::v1_only)) {
    for (const lt::file_index_t file : storage.file_range()) {
      for (const auto piece : storage.pad_file_at(file) ? lt::index_range<lt::piece_index_t::diff_type>{}
                                                        : storage.file_piece_range(file)) {
        torrent.set_hash2(file, piece, lt::sha256_hash("01234567890123456789012345678901"));
      }
    }
  }
  const std::vector<char> bytes = torrent.generate_buf();
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST(TorrentHostileTest, TheTorrentThatTheOthersSpoilIsFine) {
  EXPECT_THAT(read_torrent(encoded(good_torrent())), IsOk());
}

TEST(TorrentHostileTest, AV1TorrentIsRefused) {
  EXPECT_THAT(read_torrent(created(lt::create_torrent::v1_only)), FailsWith(ErrorCode::refused, "v2-only"));
}

TEST(TorrentHostileTest, AHybridTorrentIsRefused) {
  EXPECT_THAT(read_torrent(created({})), FailsWith(ErrorCode::refused, "v2-only"));
}

namespace {

struct Spoiled {
  const char* name;
  std::function<void(lt::entry&)> spoil;
  const char* says;
};
void PrintTo(const Spoiled& spoiled, std::ostream* out) {
  *out << spoiled.name;
}
class HostileTorrent : public testing::TestWithParam<Spoiled> {};

}  // namespace

TEST_P(HostileTorrent, IsRefused) {
  lt::entry torrent = good_torrent();
  GetParam().spoil(torrent);

  EXPECT_THAT(read_torrent(encoded(torrent)), FailsWith(ErrorCode::refused, GetParam().says));
}

namespace {

/// The manifest under another name.
Spoiled renamed(const char* name, std::string to) {
  return {name,
          [to = std::move(to)](lt::entry& torrent) {
            lt::entry::dictionary_type& files = files_of(torrent).dict();
            files[to] = files["manifest"];
            files.erase("manifest");
          },
          "no pack, manifest or delta"};
}
Spoiled with_attribute(const char* name, const char* attribute) {
  return {name, [attribute](lt::entry& torrent) { manifest_of(torrent)["attr"] = attribute; }, "attributes"};
}
}  // namespace

INSTANTIATE_TEST_SUITE_P(
    Names, HostileTorrent,
    testing::Values(renamed("Foreign", "evil"), renamed("ManifestOfAnotherCase", "Manifest"),
                    renamed("Suffix", "manifest.pack"), renamed("ShortDigest", std::string(63, 'a') + ".pack"),
                    renamed("LongDigest", std::string(65, 'a') + ".pack"),
                    renamed("UpperCaseDigest", std::string(64, 'A') + ".pack"),
                    renamed("NoSuffix", std::string(64, 'a')), renamed("DotDot", ".."), renamed("Slash", "../manifest"),
                    Spoiled{"Folder",
                            [](lt::entry& torrent) {
                              lt::entry inner;
                              inner["manifest"] = files_of(torrent)["manifest"];
                              files_of(torrent)["folder"] = inner;
                            },
                            "no pack, manifest or delta"},
                    Spoiled{"RootOfAnotherName", [](lt::entry& torrent) { torrent["info"]["name"] = "other"; },
                            "another root directory"},
                    Spoiled{"RootUpwards", [](lt::entry& torrent) { torrent["info"]["name"] = ".."; },
                            "another root directory"},
                    Spoiled{"NoRoot",
                            [](lt::entry& torrent) {
                              lt::entry only;
                              only["swarmout"] = files_of(torrent)["manifest"];
                              files_of(torrent) = only;
                              torrent["piece layers"] = lt::entry(lt::entry::dictionary_t);
                            },
                            "no pack, manifest or delta"}),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Elsewhere, HostileTorrent,
    testing::Values(Spoiled{"Tracker", [](lt::entry& torrent) { torrent["announce"] = "http://192.0.2.1/announce"; },
                            "trackers or web seeds"},
                    Spoiled{"TrackerList",
                            [](lt::entry& torrent) {
                              lt::entry tier(lt::entry::list_t);
                              tier.list().emplace_back("http://192.0.2.1/announce");
                              torrent["announce-list"] = lt::entry(lt::entry::list_t);
                              torrent["announce-list"].list().push_back(tier);
                            },
                            "trackers or web seeds"},
                    Spoiled{"WebSeed", [](lt::entry& torrent) { torrent["url-list"] = "http://192.0.2.1/"; },
                            "trackers or web seeds"},
                    Spoiled{"HttpSeed",
                            [](lt::entry& torrent) {
                              torrent["httpseeds"] = lt::entry(lt::entry::list_t);
                              torrent["httpseeds"].list().emplace_back("http://192.0.2.1/");
                            },
                            "trackers or web seeds"}),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Files, HostileTorrent,
    testing::Values(
        with_attribute("Executable", "x"), with_attribute("Hidden", "h"),
        Spoiled{"Link",
                [](lt::entry& torrent) {
                  lt::entry& file = manifest_of(torrent);
                  file["attr"] = "l";
                  file["symlink path"] = lt::entry(lt::entry::list_t);
                  file["symlink path"].list().emplace_back("etc");
                },
                ""},
        Spoiled{"EmptyFile",
                [](lt::entry& torrent) {
                  manifest_of(torrent) = lt::entry(lt::entry::dictionary_t);
                  manifest_of(torrent)["length"] = 0;
                },
                "empty file"},
        Spoiled{"NegativeSize", [](lt::entry& torrent) { manifest_of(torrent)["length"] = -5; }, "damaged"},
        Spoiled{"NoRootHash", [](lt::entry& torrent) { manifest_of(torrent).dict().erase("pieces root"); }, "damaged"},
        Spoiled{"ShortRootHash", [](lt::entry& torrent) { manifest_of(torrent)["pieces root"] = std::string(31, 'x'); },
                "damaged"},
        Spoiled{"NoFiles", [](lt::entry& torrent) { files_of(torrent) = lt::entry(lt::entry::dictionary_t); }, ""},
        // More pieces than the limit, in one file that nobody has.
        Spoiled{"TooManyPieces",
                [](lt::entry& torrent) {
                  torrent["info"]["piece length"] = static_cast<std::int64_t>(kLeafSize);
                  manifest_of(torrent)["length"] = static_cast<std::int64_t>((kMaxTorrentPieces + 1) * kLeafSize);
                },
                "too many pieces"}),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(
    Layers, HostileTorrent,
    testing::Values(Spoiled{"Missing",
                            [](lt::entry& torrent) { torrent["piece layers"] = lt::entry(lt::entry::dictionary_t); },
                            "do not match its roots"},
                    Spoiled{"NoneAtAll", [](lt::entry& torrent) { torrent.dict().erase("piece layers"); },
                            "do not match its roots"},
                    Spoiled{"OfAnotherRoot",
                            [](lt::entry& torrent) {
                              std::string& layer = torrent["piece layers"].dict().begin()->second.string();
                              layer[0] = static_cast<char>(layer[0] ^ 1);
                            },
                            "do not match its roots"},
                    Spoiled{"CutShort",
                            [](lt::entry& torrent) {
                              std::string& layer = torrent["piece layers"].dict().begin()->second.string();
                              layer.resize(layer.size() - 32);
                            },
                            "damaged"}),
    kNameOf);

INSTANTIATE_TEST_SUITE_P(
    PieceLengths, HostileTorrent,
    testing::Values(
        Spoiled{"Zero", [](lt::entry& torrent) { torrent["info"]["piece length"] = 0; }, "damaged"},
        Spoiled{"Negative", [](lt::entry& torrent) { torrent["info"]["piece length"] = -32768; }, "damaged"},
        Spoiled{"NoPowerOfTwo", [](lt::entry& torrent) { torrent["info"]["piece length"] = 40'000; }, "damaged"},
        Spoiled{"LessThanALeaf", [](lt::entry& torrent) { torrent["info"]["piece length"] = 8192; }, "damaged"}),
    kNameOf);

TEST(TorrentHostileTest, MoreFilesThanTheLimitAreRefused) {
  lt::entry torrent = good_torrent();
  lt::entry file;
  file[""]["length"] = 1;
  file[""]["pieces root"] = std::string(32, 'r');
  lt::entry::dictionary_type& files = files_of(torrent).dict();
  for (std::size_t i = files.size(); i <= kMaxTorrentFiles; ++i) {
    files[fmt::format("{:064x}.pack", i)] = file;
  }

  EXPECT_THAT(read_torrent(encoded(torrent)), FailsWith(ErrorCode::refused, "too many files"));
}

TEST(TorrentHostileTest, TruncatedBytesAreRefused) {
  const std::string bytes = encoded(good_torrent());

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(read_torrent(std::string_view(bytes).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

TEST(TorrentHostileTest, BytesThatAreNotBencodedAreRefused) {
  EXPECT_THAT(read_torrent(noise(1000)), FailsWith(ErrorCode::refused, "damaged"));
}

TEST(TorrentHostileTest, NestingThatWouldEatTheStackIsRefused) {
  EXPECT_THAT(read_torrent(std::string(200'000, 'l') + std::string(200'000, 'e')), FailsWith(ErrorCode::refused));
}

}  // namespace swarmout::test
