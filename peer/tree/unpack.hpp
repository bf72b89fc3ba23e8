// Packs in, a verified tree out. Packs may come in any order, while others are still being fetched.
//
// Files whose content the previous release has under the same path are taken from there (a reflink where the file
// system can, a copy elsewhere) and keep their modification time, so that incremental builds stay incremental. Every
// chunk's digest is checked, wherever it comes from; what does not match in the previous tree is taken from the packs.
//
// Or a tree that nobody uses any more becomes the new one where it stands (renewal.hpp), and the rest is made likewise.

#pragma once

#include "common/base/files.hpp"
#include "common/release/manifest.hpp"
#include "peer/tree/old_trees.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace swarmout {

class Unpacker {
public:
  /// Creates the directories of `manifest` below `directory`, which must exist and be empty, and takes over what it can
  /// from `previous` (may be null). With `renewed`, that tree is at `directory`, and stays there as far as it is right;
  /// where it cannot be made into the new one, it is removed, and that is said. `manifest` must outlive the unpacker.
  /// Errors: cannot_write.
  [[nodiscard]] static Result<std::unique_ptr<Unpacker>> start(const Manifest& manifest, const Path& directory,
                                                               const PreviousTree* previous,
                                                               const OldTree* renewed = nullptr);

  /// Writes everything that comes from the pack with this index. Uses several threads. Errors: cannot_write; refused:
  /// the pack's content is not what the manifest says.
  [[nodiscard]] Result<void> unpack(std::size_t pack, const Path& file);
  /// Likewise of those frames whose bytes `there` says are in the file by now. True: no other is needed. After an error
  /// it can be called again.
  using BytesThere = std::function<bool(Bytes offset, Bytes size)>;
  [[nodiscard]] Result<bool> unpack(std::size_t pack, const Path& file, const BytesThere& there);
  /// False if no file needs this pack any more.
  [[nodiscard]] bool needs(std::size_t pack) const;

  /// After the last pack: links, and a check that nothing is missing.
  [[nodiscard]] Result<void> finish();
  /// After that: is the tree what was written, all of it and nothing else? Its stamps, as seal_tree() gives them.
  /// Errors: temporary: somebody has changed it meanwhile.
  [[nodiscard]] Result<std::vector<std::uint64_t>> seal() const;

  /// Bytes of files written or taken over so far; any thread.
  [[nodiscard]] Bytes written() const { return written_; }
  [[nodiscard]] std::size_t reused_files() const { return reused_; }
  /// Of them, those that were in their place already.
  [[nodiscard]] std::size_t kept_files() const { return kept_; }

private:
  struct Use {
    std::uint32_t node;
    Bytes offset;
  };
  struct Worker;

  Unpacker(const Manifest& manifest, Path directory) : manifest_(manifest), directory_(std::move(directory)) {}
  [[nodiscard]] Result<bool> renew(const OldTree& old, const PreviousTree* previous);
  [[nodiscard]] Result<void> make_directories();
  [[nodiscard]] Result<void> make_empty_files();
  [[nodiscard]] Result<void> reuse(const PreviousTree& previous);
  void made(std::uint32_t node, int file);
  void index_uses();
  [[nodiscard]] bool frame_needed(const Frame& frame) const;
  [[nodiscard]] Result<void> write_chunk(std::uint32_t chunk, ByteView content, Worker& worker);

  const Manifest& manifest_;
  Path directory_;
  std::vector<char> done_;                ///< by node: it is there (char: written by several threads)
  std::vector<std::uint64_t> stamps_;     ///< by node: of when it was written; 0: it was not, yet
  std::vector<std::uint32_t> first_use_;  ///< by chunk, into uses_; one more at the end
  std::vector<Use> uses_;
  std::vector<char> written_chunks_;
  std::atomic<Bytes> written_{0};
  std::atomic<std::size_t> reused_{0};
  std::size_t kept_ = 0;
};

}  // namespace swarmout
