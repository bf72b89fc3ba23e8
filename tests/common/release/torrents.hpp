// Files that look like those of a release, and their torrent.

#pragma once

#include "common/base/files.hpp"
#include "common/release/torrent_file.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree.hpp"

#include <map>
#include <string>

namespace swarmout::test {

/// Name in the torrent → content.
using Payload = std::map<std::string, std::string>;

inline LeafHashes leaves_of(std::string_view content) {
  LeafHasher hasher;
  hasher.update(as_bytes(content));
  return hasher.finish();
}

inline std::string name_of_pack(std::string_view content) {
  return pack_name(merkle_root(leaves_of(content)));
}

/// As a release lays it out: <directory>/swarmout/<name>.
inline void lay_out(const Path& directory, const Payload& payload) {
  std::filesystem::create_directories(directory / kTorrentRoot);
  for (const auto& [name, content] : payload) {
    write_file(directory / kTorrentRoot / name, content);
  }
}

inline SealedTorrent seal(const Payload& payload, Bytes piece_length = 32 * kKiB, const std::string& certificate = "") {
  std::vector<TorrentInput> inputs;
  for (const auto& [name, content] : payload) {
    inputs.push_back({name, content.size(), leaves_of(content)});
  }
  auto sealed = seal_torrent(std::move(inputs), piece_length, certificate);
  EXPECT_THAT(sealed, IsOk());
  return std::move(sealed).value_or(SealedTorrent{});
}

}  // namespace swarmout::test
