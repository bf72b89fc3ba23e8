// A delta: how the tree of one release becomes that of another, as bytes that travel.
//
// Digests of files and the manifest are not in it: whoever applies it hashes what it made and compares one digest of
// the whole tree, which is signed. Stored form: docs/formats/delta.md.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/delta/recipe.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"

#include <string>
#include <vector>

namespace swarmout {

/// Larger ones are not made: packs do as well then.
inline constexpr Bytes kMaxDelta = DeltaRef::kMaxSize;
/// A file with more content, before or after, is told chunk by chunk.
inline constexpr Bytes kMaxWhole = kMaxChunk;

/// The contents of a tree's files. One thread.
class TreeContents {
public:
  virtual ~TreeContents() = default;
  /// All of a file that has at most kMaxWhole bytes. `node`: of its manifest.
  [[nodiscard]] virtual Result<std::vector<std::byte>> file(std::uint32_t node) = 0;
  /// The `index`th chunk of a file.
  [[nodiscard]] virtual Result<std::vector<std::byte>> chunk(std::uint32_t node, std::uint32_t index) = 0;
};

/// Takes what a delta makes: each file of the new tree once, in any order. Numbers of nodes and bases are those of the
/// new and of the old tree.
class DeltaSink {
public:
  virtual ~DeltaSink() = default;
  /// It has the content of an old file.
  [[nodiscard]] virtual Result<void> kept(std::uint32_t node, std::uint32_t base) = 0;
  [[nodiscard]] virtual Result<void> whole(std::uint32_t node, std::vector<std::byte> content) = 0;
  /// A large one: its chunks in their order, then the end.
  [[nodiscard]] virtual Result<void> chunk_kept(std::uint32_t node, std::uint32_t base, std::uint32_t chunk) = 0;
  [[nodiscard]] virtual Result<void> chunk(std::uint32_t node, std::vector<std::byte> content) = 0;
  [[nodiscard]] virtual Result<void> end_of_chunks(std::uint32_t node) = 0;
};

/// What is written; the sections in the order in which they are read.
class DeltaWriter {
public:
  DeltaWriter(const Digest& before, const Digest& after);
  void add_section(ByteView section);
  [[nodiscard]] Bytes size() const { return bytes_.size(); }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

/// One delta, read. The bytes and the old manifest outlive it.
class DeltaReader {
public:
  /// Errors: refused: damaged, or not of a version that this program reads; not_found: it begins at another tree.
  [[nodiscard]] static Result<DeltaReader> open(ByteView bytes, const Manifest& before);

  /// Which tree it makes: to be compared with what was signed, before anything, and with what was made.
  [[nodiscard]] const Digest& makes() const { return makes_; }
  /// Sorted by path, without contents.
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Recipe& recipe() const { return recipe_; }

  /// Errors: refused: damaged, or made for other contents (as far as that shows); what `old` and `sink` fail with.
  [[nodiscard]] Result<void> apply(TreeContents& old, DeltaSink& sink) const;

private:
  DeltaReader(const Manifest& before) : before_(&before) {}
  [[nodiscard]] Result<void> apply_kept(DeltaSink& sink) const;
  [[nodiscard]] Result<std::size_t> apply_texts(TreeContents& old, DeltaSink& sink) const;
  [[nodiscard]] Result<void> apply_frames(std::size_t section, TreeContents& old, DeltaSink& sink) const;
  [[nodiscard]] Result<void> apply_pieces(const RecipeStep& step, std::size_t& section, TreeContents& old,
                                          DeltaSink& sink) const;
  [[nodiscard]] Result<ByteView> section(std::size_t index) const;

  const Manifest* before_;
  Digest makes_;
  std::vector<Node> nodes_;
  Recipe recipe_;
  std::vector<ByteView> sections_;  ///< listing, recipe, text groups, frames
};

}  // namespace swarmout
