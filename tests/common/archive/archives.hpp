// A store with a release, its archive in memory, and an empty store that it is brought to.

#pragma once

#include "common/archive/imports.hpp"
#include "common/archive/members.hpp"
#include "common/archive/release_reader.hpp"
#include "common/archive/release_writer.hpp"
#include "common/archive/tar_header.hpp"
#include "common/base/host.hpp"
#include "common/base/remove_tree.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace swarmout::test {

class TextSink final : public ByteSink {
public:
  Result<void> write(ByteView bytes) override {
    text += as_text(bytes);
    return {};
  }
  std::string text;
};

/// Gives a few bytes at a time, as a pipe may.
class TextSource final : public ByteSource {
public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t size = std::min({out.size(), text_.size() - at_, std::size_t{700}});
    std::memcpy(out.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  std::string shown() const override { return "the archive"; }

private:
  std::string text_;
  std::size_t at_ = 0;
};

inline std::string header_of(std::string_view name, Bytes size) {
  const TarHeader header = tar_header(name, size);
  return {header.data(), header.size()};
}
inline std::string member_of(std::string_view name, std::string_view content) {
  return header_of(member_name(name), content.size()) + std::string(content) +
         std::string(tar_padding(content.size()), '\0');
}

class Archives : public testing::Test {
protected:
  Archives() { release_ = made(42, "v42", {prose(9000), noise(20000), "the third"}); }

  /// A release with one file a pack, whole in the store of its origin.
  SignedDescriptor made(std::uint64_t position, const std::string& revision, const std::vector<std::string>& contents,
                        const std::string& created = "2026-11-23T12:00:00Z") {
    Manifest manifest;
    manifest.revision = revision;
    for (const std::string& content : contents) {
      const auto number = static_cast<std::uint32_t>(manifest.packs.size());
      auto writer = PackWriter::create(origin_.scratch() / (random_nonce_hex() + ".new"));
      EXPECT_THAT(writer->append(ZstdCompressor().compress(as_bytes(content))), IsOk());
      const PackFile pack = writer->finish().value();
      const auto size = static_cast<std::uint32_t>(content.size());
      manifest.chunks.push_back({sha256(content), size});
      manifest.frames.push_back({static_cast<std::uint32_t>(pack.size - kPackHeader), size, number, 1});
      manifest.packs.push_back({pack.root, pack.size, number, 1});
      manifest.nodes.push_back({"file" + std::to_string(number), Node::Kind::file, "", size, number, 1});
      manifest.refs.push_back(number);
      EXPECT_THAT(origin_.add_pack(pack), IsOk());
    }
    const std::string bytes = encode_manifest(manifest);
    EXPECT_THAT(origin_.put_manifest(bytes), IsOk());
    SignedDescriptor release;
    release.descriptor.position = Position{position};
    release.descriptor.revision = revision;
    release.descriptor.source = "dir:tree";
    release.descriptor.created = created;
    release.descriptor.manifest = sha256(bytes);
    release.descriptor.info_hash = {sha256("torrent of " + revision)};
    release.descriptor.manifest_size = bytes.size();
    release.descriptor.torrent_size = 1;
    release.descriptor.packed_size = bytes.size();
    release.descriptor.tree_size = manifest.tree_size();
    release.descriptor.files = manifest.nodes.size();
    release.text = encode(release.descriptor);
    release.signature = fleet_key().sign(release.text, "a release").value();
    EXPECT_THAT(origin_.record(release), IsOk());
    return release;
  }

  std::string archive_of(const SignedDescriptor& release) {
    TextSink sink;
    EXPECT_THAT(write_release(origin_, release, sink, [](const ArchiveProgress&) {}, {}), IsOk());
    return sink.text;
  }
  Result<Imported> bring(const std::string& archive, Store& to, const TrustedKeys& keys = fleet_trust(),
                         const ImportCalls& calls = {}, const std::stop_token& stop = {}) {
    TextSource source(archive);
    return read_release(to, source, keys, calls, stop);
  }
  Result<Imported> bring(const std::string& archive) { return bring(archive, far_); }

  std::vector<ListedPack> packs() const {
    return packs_in_order(decode_manifest(origin_.manifest_bytes(release_.descriptor.manifest).value()).value());
  }
  /// Everything that is in place as a pack is one.
  static std::size_t good_packs(const Store& store) {
    std::size_t count = 0;
    const auto names = list_directory(store.state() / "packs");
    for (const std::string& name : names.value()) {
      if (name.ends_with(".pack")) {
        EXPECT_EQ(pack_name(merkle_root(hash_leaves(store.state() / "packs" / name).value())), name);
        ++count;
      }
    }
    return count;
  }
  static std::size_t imported(const Store& store) { return imports(store).value().size(); }
  static void expect_no_leftovers(const Store& store) {
    EXPECT_THAT(list_directory(store.scratch()).value(), testing::IsEmpty());
  }

  TempDir dir_;
  Store origin_ = Store::open(dir_ / "origin").value();
  Store far_ = Store::open(dir_ / "far").value();
  SignedDescriptor release_;
};

}  // namespace swarmout::test
