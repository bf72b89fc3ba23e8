// The pack file: a header and zstd frames, one after the other. What the swarm carries.
//
// The header is a zstd skippable frame, so that `zstd -dc FILE.pack` prints the content of any pack. Where each frame
// begins stands in the manifests that refer to the pack. A pack's name is its BitTorrent v2 root, computed
// while it is written. On-disk form: docs/formats/pack.md.

#pragma once

#include "common/base/files.hpp"
#include "common/release/manifest.hpp"
#include "common/release/merkle.hpp"
#include "common/release/zstd_codec.hpp"

#include <algorithm>
#include <cstddef>

namespace swarmout {

inline constexpr Bytes kPackHeader = 16;
/// A pack is closed as soon as it is this large. Few files, yet unpacking starts early.
inline constexpr Bytes kPackSize = 64 * kMiB;
/// Of the packs of one release, counted from 0: every 64 of them the next ones may be four times as large. So 1 TiB are
/// 320 packs, and what lies between them in a torrent stays below its limit (torrent_file.hpp).
[[nodiscard]] constexpr Bytes pack_size(std::size_t index) {
  return kPackSize << std::min<std::size_t>(2 * (index / 64), 16);
}

struct PackFile {
  Path path;
  Digest root;
  Bytes size = 0;
  LeafHashes leaves;
};

/// Writes one pack. One thread.
class PackWriter {
public:
  /// Creates `path`, which must not exist.
  [[nodiscard]] static Result<PackWriter> create(Path path);
  [[nodiscard]] Result<void> append(ByteView frame);
  [[nodiscard]] Bytes size() const { return file_.size; }
  /// Flushed to the disk. Not to be used afterwards.
  [[nodiscard]] Result<PackFile> finish();

private:
  Fd fd_;
  PackFile file_;
  LeafHasher hasher_;
};

/// Reads frames of one pack. Any number of threads, each with a decompressor of its own.
class PackReader {
public:
  /// Errors: not_found; refused: not a pack, or of another size than the manifest says.
  [[nodiscard]] static Result<PackReader> open(Path path, const PackInfo& info);

  /// The content of `frame`, which starts at `offset` in the file. `packed` is a buffer to reuse.
  [[nodiscard]] Result<void> read(const Frame& frame, Bytes offset, ZstdDecompressor& codec,
                                  std::vector<std::byte>& packed, std::vector<std::byte>& content) const;

private:
  Path path_;
  Fd fd_;
};

/// Reads the whole file and folds its leaves. Errors: not_found; temporary (I/O).
[[nodiscard]] Result<LeafHashes> hash_leaves(const Path& path);

}  // namespace swarmout
