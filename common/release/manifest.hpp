// What a release is made of: its tree, and where in which pack the content of each file is.
//
// Content is cut into chunks (a small file is one chunk), chunks are grouped into zstd frames, frames into packs.
// Chunks, frames and packs are numbered through the whole manifest, in pack order; nodes refer to chunks by number.
// On-disk form: docs/formats/manifest.md.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Largest chunk and largest content of one frame; bounds the memory of both sides.
inline constexpr Bytes kMaxChunk = 4 * kMiB;
inline constexpr Bytes kMaxFrame = 4 * kMiB;
/// A zstd frame of kMaxFrame bytes that do not compress, rounded up.
inline constexpr Bytes kMaxPackedFrame = kMaxFrame + 64 * kKiB;

/// Largest manifest file, and what it may expand to: about ten million files.
inline constexpr Bytes kMaxManifestFile = 512 * kMiB;
inline constexpr Bytes kMaxManifest = kGiB;
inline constexpr std::size_t kMaxRevision = 300;

struct Chunk {
  Digest digest;  ///< SHA-256 of the content
  std::uint32_t size = 0;
};

struct Frame {
  std::uint32_t packed_size = 0;
  std::uint32_t raw_size = 0;  ///< sum of its chunks
  std::uint32_t first_chunk = 0;
  std::uint32_t chunk_count = 0;
};

struct PackInfo {
  Digest root;     ///< its name: BEP 52 "pieces root"
  Bytes size = 0;  ///< header and frames
  std::uint32_t first_frame = 0;
  std::uint32_t frame_count = 0;
};

struct Node {
  enum class Kind { file, executable, symlink, directory };
  std::string path;
  Kind kind = Kind::file;
  std::string target;  ///< symlinks
  Bytes size = 0;      ///< files
  std::uint32_t first_ref = 0;
  std::uint32_t ref_count = 0;

  [[nodiscard]] bool is_file() const { return kind == Kind::file || kind == Kind::executable; }
};

struct Manifest {
  std::string revision;
  std::vector<PackInfo> packs;
  std::vector<Frame> frames;
  std::vector<Chunk> chunks;
  std::vector<Node> nodes;  ///< sorted by path (bytes), so that a directory comes before what is in it
  std::vector<std::uint32_t> refs;

  /// The chunks of a file, in order.
  [[nodiscard]] std::span<const std::uint32_t> refs_of(const Node& node) const {
    return std::span(refs).subspan(node.first_ref, node.ref_count);
  }
  [[nodiscard]] Bytes tree_size() const;
  /// Names the tree by its content alone: paths, kinds, targets and chunk digests; not how it was packed.
  [[nodiscard]] Digest tree_digest() const;
};

/// One zstd frame around the protobuf message; the same manifest always gives the same bytes.
[[nodiscard]] std::string encode_manifest(const Manifest& manifest);

/// Checks everything that unpacking relies on: sizes, counts, references, order, and that every path stays inside and
/// has a directory as its parent. Errors: refused.
[[nodiscard]] Result<Manifest> decode_manifest(std::string_view bytes);

struct ListedPack {
  Digest root;
  Bytes size = 0;
};
/// The packs of a manifest whose digest was checked, without the rest: a tenth of the work, for whoever only keeps
/// house. Errors: refused.
[[nodiscard]] Result<std::vector<ListedPack>> packs_in_manifest(std::string_view bytes);

/// Remembers what packs_in_manifest() found: a digest says what a manifest holds. Any thread.
class KnownPacks {
public:
  /// `read` gives the manifest of this digest, and is asked once.
  [[nodiscard]] Result<std::vector<ListedPack>> of(const Digest& manifest,
                                                   const std::function<Result<std::string>()>& read);
  /// Forgets what was not asked for since the last call.
  void begin_round();

private:
  std::mutex mutex_;
  std::map<Digest, std::vector<ListedPack>> packs_;
  std::set<Digest> asked_;
};

}  // namespace swarmout
