// The worked examples of docs/formats, read by the code that reads the real things.

#include "common/fleet/log_reader.hpp"
#include "common/fleet/trust.hpp"
#include "common/share/directory/directory_format.hpp"
#include "common/share/share_format.hpp"
#include "tests/golden/golden_fleet.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

#include <cctype>
#include <sstream>

namespace swarmout::test {

namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

std::string page(const std::string& name) {
  auto text = read_file(project_directory() / "docs/formats" / (name + ".md"), kMiB);
  EXPECT_THAT(text, IsOk());
  return text.value_or("");
}

/// What stands between lines of ```, of those blocks that begin with `beginning`.
std::vector<std::string> blocks_of(const std::string& name, const std::string& beginning) {
  std::vector<std::string> blocks;
  std::istringstream lines(page(name));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) {
        blocks.emplace_back();
      }
    } else if (inside) {
      blocks.back() += line + '\n';
    }
  }
  std::erase_if(blocks, [&](const std::string& block) { return !block.starts_with(beginning); });
  return blocks;
}

std::string block_of(const std::string& name, const std::string& beginning) {
  const auto blocks = blocks_of(name, beginning);
  EXPECT_THAT(blocks, SizeIs(1)) << name << ".md, blocks that begin with " << beginning;
  return blocks.empty() ? "" : blocks[0];
}

/// The bytes in the lines of xxd, "00000000: 502a 4d18 …  P*M.".
std::string bytes_of_dump(const std::string& block) {
  std::string bytes;
  std::istringstream lines(block);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 10 || line[8] != ':' || std::isxdigit(static_cast<unsigned char>(line[0])) == 0) {
      continue;
    }
    std::string digits = line.substr(10, line.find("  ", 10) - 10);
    std::erase(digits, ' ');
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    }
  }
  return bytes;
}

std::string dump_of(const std::string& name, const std::string& command) {
  return bytes_of_dump(block_of(name, "$ xxd " + command));
}

/// The key on the page about keys, which has signed the example of the descriptor.
Result<VerifyKey> key_of_page(const TempDir& temp) {
  const std::string block = block_of("keys", "$ cat keys/swarmout.pub\n");
  const std::size_t begin = block.find('\n') + 1;
  write_file(temp / "swarmout.pub", block.substr(begin, block.find("\n$") + 1 - begin));
  return VerifyKey::load(temp / "swarmout.pub");
}

}  // namespace

TEST(FormatExamples, TheLogIsAChainOfEveryKindOfEntry) {
  const auto blocks = blocks_of("log-entry", "swarmout-log 2\n");
  ASSERT_THAT(blocks, SizeIs(5));
  ASSERT_OK_AND_ASSIGN(const TrustedKeys keys, TrustedKeys::load(golden_directory() / "keys"));
  std::vector<LogEntry> entries;
  for (const std::string& each : blocks) {
    ASSERT_OK_AND_ASSIGN(entries.emplace_back(), decode_entry(each, keys));
  }

  EXPECT_EQ(entries[0].kind, EntryKind::claim);
  EXPECT_EQ(entries[1].previous, sha256(blocks[0]));
  EXPECT_EQ(entries[1].release, entries[1].position);
  EXPECT_EQ(entries[2].kind, EntryKind::commit);
  EXPECT_EQ(entries[2].release, entries[1].position);
  EXPECT_EQ(entries[3].kind, EntryKind::abandon);
  EXPECT_NE(entries[3].reason, "");
  EXPECT_EQ(entries[4].release, entries[1].position);
  EXPECT_NE(entries[4].hold.value_or(""), "");
  EXPECT_THAT(page("log-entry"), HasSubstr(sha256(blocks[0]).hex() + "  log/00000001")) << "the digest on the page";
  EXPECT_THAT(page("log-entry"), HasSubstr(files_below(golden_directory() / "keys").at("swarmout.pub")))
      << "the key that has signed them";
}

TEST(FormatExamples, TheEntriesOfThePageAreThoseOfTests) {
  for (const std::string& each : blocks_of("log-entry", "swarmout-log 2\n")) {
    EXPECT_THAT(files_below(golden_directory() / "share/log"), Contains(testing::Pair(testing::_, each)));
  }
}

TEST(FormatExamples, TheDescriptorIsSignedByTheKeyOnItsPage) {
  const TempDir temp;
  ASSERT_OK_AND_ASSIGN(const VerifyKey key, key_of_page(temp));
  const std::string text = block_of("descriptor", "swarmout-descriptor 1\n");
  ASSERT_OK_AND_ASSIGN(const Descriptor descriptor, decode_descriptor(text));

  EXPECT_THAT(key.verify(text, block_of("descriptor", "untrusted comment: ")), IsOk());
  EXPECT_EQ(descriptor.position, Position{8});
  EXPECT_EQ(release_name(descriptor), "00000008-d-c5abe6b40352fd52");
  EXPECT_THAT(page("descriptor"), HasSubstr('`' + release_name(descriptor) + '`'));
  EXPECT_THAT(page("keys"), HasSubstr(descriptor.info_hash.hex()));
}

TEST(FormatExamples, TheBytesOfAKeyAreThoseOfItsLine) {
  const TempDir temp;
  ASSERT_OK_AND_ASSIGN(const VerifyKey key, key_of_page(temp));
  const std::string bytes = bytes_of_dump(block_of("keys", "$ cat keys/swarmout.pub\n"));

  ASSERT_THAT(bytes, SizeIs(42));
  EXPECT_EQ(bytes.substr(0, 2), "Ed");
  std::string id = bytes.substr(2, 8);
  std::reverse(id.begin(), id.end());
  EXPECT_EQ(to_hex(as_bytes(id)), "1e2f415161dc6372");
  EXPECT_EQ(key.id(), "1E2F415161DC6372");
}

TEST(FormatExamples, TheManifestAndThePackUnpackToTheTreeOnThePage) {
  const TempDir temp;
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, decode_manifest(dump_of("manifest", "manifest")));
  ASSERT_THAT(manifest.packs, SizeIs(1));
  EXPECT_EQ(manifest.revision, "d-0dae2a84e81b95dd");
  EXPECT_EQ(manifest.tree_size(), 35U);
  const std::string root = manifest.packs[0].root.hex();
  const std::string pack = dump_of("pack", root + ".pack");
  ASSERT_OK_AND_ASSIGN(Store store, Store::open(temp / "state"));
  write_file(store.pack_path(manifest.packs[0].root), pack);

  EXPECT_EQ(sha256(pack).hex(), root) << "as the page says of one below 16 KiB";
  EXPECT_EQ(unpacked(store, manifest), listing_of(golden_tree()));
}

TEST(FormatExamples, TheTorrentHasTheInfoHashOfThePage) {
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents,
                       read_torrent(bytes_of_dump(block_of("torrent", "$ xxd torrents/00000002-"))));

  EXPECT_THAT(contents.files, SizeIs(2));
  EXPECT_THAT(page("torrent"), HasSubstr('`' + contents.info_hash.hex() + '`'));
  EXPECT_THAT(block_of("torrent", "$ xxd torrents/00000002-"), HasSubstr("00000002-" + contents.info_hash.hex()));
}

TEST(FormatExamples, TheFormatOfAShareIsOne) {
  const std::string block = block_of("share", "$ cat FORMAT\n");
  EXPECT_THAT(check_format(block.substr(block.find('\n') + 1), "link", "the page"), IsOk());
}

TEST(FormatExamples, TheCellsOfThePageAreReadFromAShare) {
  const TempDir temp;
  ASSERT_TRUE(copy_golden("share", temp / "share"));
  ASSERT_OK_AND_ASSIGN(const auto share, open_directory(temp / "share"));
  const auto blocks = blocks_of("share", "cell ");
  ASSERT_THAT(blocks, SizeIs(2));
  std::vector<std::string> cells;
  for (std::string each : blocks) {
    each.resize(4096);
    write_file(temp / "share/peers/example", each);
    ASSERT_OK_AND_ASSIGN(const auto cell, share->read_cell(CellKind::peer, "example"));
    cells.push_back(cell->bytes);
  }

  ASSERT_OK_AND_ASSIGN(const TrustedKeys keys, TrustedKeys::load(golden_directory() / "keys"));
  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo beat, decode_heartbeat(cells[0], full_heartbeat().claim, keys));
  EXPECT_EQ(beat.counter, 17U);
  EXPECT_EQ(beat.endpoint, full_heartbeat().endpoint);
  ASSERT_OK_AND_ASSIGN(const PeerRecord peer, decode_peer(cells[1]));
  EXPECT_EQ(peer.active, Position{8});
  EXPECT_TRUE(peer.complete);
}

TEST(FormatExamples, TheRecordOfAReleaseInTheStoreIsRead) {
  const std::string block = block_of("state", "swarmout-release 1\n");
  ASSERT_OK_AND_ASSIGN(const SignedDescriptor release, decode_record(block));

  EXPECT_EQ(release.descriptor.position, Position{2});
  EXPECT_EQ(files_below(golden_directory() / "state").at("releases/00000002"), block);
}

}  // namespace swarmout::test
