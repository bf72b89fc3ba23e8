// A store, and what is in it.

#pragma once

#include "common/base/host.hpp"
#include "common/release/store.hpp"
#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <string>
#include <vector>

namespace swarmout::test {

class StoreTest : public testing::Test {
protected:
  /// A pack with this content in one frame, not in the store yet.
  PackFile packed(const std::string& content) {
    auto writer = PackWriter::create(store_.scratch() / (random_nonce_hex() + ".new"));
    EXPECT_THAT(writer, IsOk());
    EXPECT_THAT(writer->append(ZstdCompressor().compress(as_bytes(content))), IsOk());
    auto file = writer->finish();
    EXPECT_THAT(file, IsOk());
    return std::move(file).value_or(PackFile{});
  }
  PackFile added(const std::string& content) {
    PackFile pack = packed(content);
    EXPECT_THAT(store_.add_pack(pack), IsOk());
    return pack;
  }
  /// A manifest that names these packs, in the store, and a record of the release.
  Digest recorded(std::uint64_t position, const std::vector<PackFile>& packs) {
    Manifest manifest;
    manifest.revision = "r" + std::to_string(position);
    for (const PackFile& each : packs) {
      const auto number = static_cast<std::uint32_t>(manifest.frames.size());
      manifest.chunks.push_back({sha256("chunk"), 10});
      manifest.frames.push_back({static_cast<std::uint32_t>(each.size - kPackHeader), 10, number, 1});
      manifest.packs.push_back({each.root, each.size, number, 1});
    }
    const std::string bytes = encode_manifest(manifest);
    EXPECT_THAT(store_.put_manifest(bytes), IsOk());
    SignedDescriptor release;
    release.descriptor.position = Position{position};
    release.descriptor.revision = manifest.revision;
    release.descriptor.manifest = sha256(bytes);
    release.text = encode(release.descriptor);
    release.signature = "signature";
    EXPECT_THAT(store_.record(release), IsOk());
    return sha256(bytes);
  }
  std::vector<std::uint64_t> positions() const {
    std::vector<std::uint64_t> found;
    for (const SignedDescriptor& each : store_.releases().value_or(std::vector<SignedDescriptor>())) {
      found.push_back(each.descriptor.position.value);
    }
    return found;
  }
  std::vector<std::string> names_in(const Path& folder) const {
    return list_directory(folder).value_or(std::vector<std::string>{"error"});
  }
  Path leaves_file(const Digest& root) const { return store_.state() / "packs" / (root.hex() + ".leaves"); }
  void damage(const Path& file) {
    std::string bytes = read_file(file, kGiB).value_or("");
    ASSERT_FALSE(bytes.empty()) << file;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    ASSERT_OK(remove_tree(file));
    write_file(file, bytes);
  }
  static ino_t inode_of(const Path& file) {
    struct stat info {};
    EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
    return info.st_ino;
  }

  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
};

}  // namespace swarmout::test
