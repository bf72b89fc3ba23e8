// What a release is made of: descriptor, signature, manifest, torrent, packs.

#include "common/archive/imports.hpp"
#include "common/archive/release_reader.hpp"
#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"
#include "common/release/signing.hpp"
#include "common/release/torrent_file.hpp"
#include "peer/tree/unpack.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/temp_dir.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace swarmout::fuzz {

namespace {

constexpr const char* kManifest = "state/manifests/3c1fe773ffd00de8fe1bd69a4b4bb4de1097333e438a9a728fda57bf14f1a842";

}  // namespace

void descriptor(std::string_view input) {
  if (const auto read = decode_descriptor(input)) {
    const auto again = decode_descriptor(encode(*read));
    check(again.has_value(), "what was written can be read");
    check(encode(*again) == encode(*read), "and is the same");
  }
  (void)decode_record(input);
}

void signature(std::string_view input) {
  static const auto trust = TrustedKeys::load(Path(SWARMOUT_TEST_DATA) / "keys");
  check(trust.has_value(), "the keys of the data are there");
  static const std::string text = data("descriptors/limited");
  (void)trust->verify(text, input);
  (void)trust->verify_line(text, input);
  (void)signed_with(input);
  (void)VerifyKey::parse(input, "a key");
}

void manifest(std::string_view input) {
  if (const auto read = decode_manifest(input)) {
    const auto again = decode_manifest(encode_manifest(*read));
    check(again.has_value(), "what was written can be read");
    check(again->tree_digest() == read->tree_digest(), "and is the same tree");
  }
}

void torrent(std::string_view input) {
  if (const auto read = read_torrent(input)) {
    check(read->files.size() <= kMaxTorrentFiles, "files are capped");
  }
}

/// The bytes of the only pack of a release, whose manifest is good. Nothing may be written but what that says.
void pack(std::string_view input) {
  static const auto good = decode_manifest(data(kManifest));
  check(good && good->packs.size() == 1, "the manifest of the data is good");
  const test::TempDir scratch;
  std::filesystem::create_directory(scratch / "tree");
  {
    const auto file = open_file(scratch / "pack", O_WRONLY | O_CREAT, 0600);
    check(file &&
              write_all(file->get(), ByteView(reinterpret_cast<const std::byte*>(input.data()), input.size()), "pack"),
          "a pack can be written");
  }
  const auto unpacker = Unpacker::start(*good, scratch / "tree", nullptr);
  check(unpacker.has_value(), "there is a tree to fill");
  const bool whole = (*unpacker)->unpack(0, scratch / "pack") && (*unpacker)->finish();
  check(!whole || (*unpacker)->written() == good->tree_size(), "what is whole is what was signed");
}

/// Whatever it is, what is in the store afterwards is what it is called.
void archive(std::string_view input) {
  class Given final : public ByteSource {
  public:
    explicit Given(std::string_view text) : text_(text) {}
    Result<std::size_t> read(std::span<std::byte> out) override {
      const std::size_t size = std::min(out.size(), text_.size());
      std::memcpy(out.data(), text_.data(), size);
      text_.remove_prefix(size);
      return size;
    }
    std::string shown() const override { return "the archive"; }

  private:
    std::string_view text_;
  };
  static const auto trust = TrustedKeys::load(Path(SWARMOUT_TEST_DATA) / "keys");
  check(trust.has_value(), "the keys of the data are there");
  const test::TempDir place;
  auto store = Store::open(place / "state");
  check(store.has_value(), "there is a store");
  Given source(input);
  const bool whole = read_release(*store, source, *trust, {}, {}).has_value();
  check(imports(*store).value_or(std::vector<SignedDescriptor>()).size() == (whole ? 1 : 0), "what counts is whole");
  check(list_directory(store->scratch()).value_or(std::vector<std::string>{"?"}).empty(), "nothing is left behind");
  const auto names = list_directory(store->state() / "packs");
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    const bool pack = name.ends_with(".pack");
    check(!pack || pack_name(merkle_root(hash_leaves(store->state() / "packs" / name).value_or(LeafHashes()))) == name,
          "a pack is what it is called");
  }
}

}  // namespace swarmout::fuzz
