// A stream of tree entries in, packs and a manifest out. The tree itself is never on disk.
//
// Content that a pack of the basis (the previous release) already has is only referred to. New content is cut into
// chunks, grouped into frames, compressed in parallel and written to packs. The result depends only on the tree and on
// the basis: every host gets the same packs.

#pragma once

#include "common/base/parallel.hpp"
#include "common/pack/chunker.hpp"
#include "common/pack/frame_pipeline.hpp"
#include "common/pack/tree_sink.hpp"
#include "common/release/manifest.hpp"
#include "common/release/store.hpp"

#include <atomic>
#include <optional>
#include <unordered_map>

namespace swarmout {

/// Moves on while packing; may be read from any thread.
struct PackProgress {
  std::atomic<std::uint64_t> files{0};
  std::atomic<Bytes> read{0};    ///< content of the tree so far
  std::atomic<Bytes> packed{0};  ///< compressed and written so far
};

/// Of the bytes that a new clone fetches, at most this part may be content that no file uses any more.
inline constexpr double kMaxDead = 0.30;

struct PackedRelease {
  Manifest manifest;            ///< without a revision
  std::vector<PackFile> packs;  ///< the new ones, in scratch
};

/// Takes one tree. One thread.
class Packer final : public TreeSink {
public:
  /// `basis`: the previous release; all its packs must be in `store`, which must outlive the packer.
  /// `workers`: threads that compress.
  Packer(const Store& store, std::optional<Manifest> basis, PackProgress& progress, int level = kDefaultZstdLevel,
         unsigned workers = worker_count());

  Result<void> entry(const TreeEntry& entry) override;
  Result<void> data(ByteView bytes) override;

  // Instead of entry() and data(), of a file whose content is known: what comes of it is the same, byte for byte, and
  // what the basis has is not read. Errors of these also: not_found: the basis has no such file, or it no such chunk.

  /// It has the content of the basis's file `base`. An entry of the kind `unchanged` is the same.
  [[nodiscard]] Result<void> unchanged(const std::string& path, bool executable, const std::string& base);
  /// A large one, chunk by chunk, as chunks were cut before: the next one is the `index`th of the basis's file `base`,
  /// or this.
  [[nodiscard]] Result<void> begin_chunks(const std::string& path, bool executable);
  [[nodiscard]] Result<void> unchanged_chunk(const std::string& base, std::uint32_t index);
  [[nodiscard]] Result<void> chunk(ByteView content);

  /// Of the release before, sorted by path.
  [[nodiscard]] const std::vector<Node>& basis_nodes() const { return basis_nodes_; }

  /// Ends the tree. Errors: cannot_write; refused, if a pack of the basis turns out to be damaged.
  [[nodiscard]] Result<PackedRelease> finish();

private:
  [[nodiscard]] Result<void> end_chunk();
  [[nodiscard]] Result<void> add_ref(std::uint32_t chunk);
  [[nodiscard]] std::size_t index_of(const std::string& path);
  [[nodiscard]] Result<const Node*> file_of_basis(const std::string& path) const;
  [[nodiscard]] Result<void> add_chunk_of(const Node& file, std::uint32_t index);
  [[nodiscard]] Result<std::uint32_t> place(ByteView content, const Digest& digest);
  [[nodiscard]] Result<void> end_frame();
  [[nodiscard]] Result<void> repack();
  [[nodiscard]] Result<void> move_chunks(std::size_t pack, const std::vector<bool>& live);
  [[nodiscard]] std::vector<bool> live_chunks() const;
  [[nodiscard]] Manifest compact(const std::vector<PackFile>& packs) const;

  const Store& store_;
  PackProgress& progress_;
  FramePipeline pipeline_;
  Manifest manifest_;              ///< packs, frames and chunks of the basis, then the new frames and chunks
  std::vector<Node> basis_nodes_;  ///< sorted by path
  std::vector<std::uint32_t> basis_refs_;
  std::size_t basis_packs_ = 0;
  std::size_t basis_frames_ = 0;
  std::unordered_map<Digest, std::uint32_t> known_;       ///< where each content is
  std::unordered_map<std::string, std::size_t> by_path_;  ///< files and links, for hard links to them
  std::size_t indexed_ = 0;                               ///< nodes that are in it, or are directories

  std::vector<std::byte> chunk_;
  std::vector<std::byte> frame_;
  Bytes file_left_ = 0;
  bool cut_by_content_ = false;
  Chunker chunker_;
};

}  // namespace swarmout
