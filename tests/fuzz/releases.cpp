// What a release is made of: descriptor, signature, manifest, torrent, packs.

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"
#include "common/release/signing.hpp"
#include "common/release/torrent_file.hpp"
#include "peer/tree/unpack.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/temp_dir.hpp"

#include <fcntl.h>

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

}  // namespace swarmout::fuzz
