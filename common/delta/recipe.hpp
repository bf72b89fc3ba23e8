// Where the content of each file of a new tree comes from. Stored form: docs/formats/delta.md.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/release/manifest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

struct RecipeStep {
  enum class Kind : std::uint8_t {
    moved,    ///< what `base` has
    text,     ///< line operations against `base`, in the next text group
    whole,    ///< the next frame, with all of `base` as prefix
    chunks,   ///< of a large file: `pieces`
    context,  ///< no file of the new tree: `base` is gone, and part of the next text group
  };
  /// One chunk of the new file.
  struct Piece {
    enum class Kind : std::uint8_t { copied, after, alone };
    Kind kind = Kind::copied;
    std::uint32_t chunk = 0;  ///< of `base`, counted from its first one: what is copied, or is the prefix; not `alone`
    bool operator==(const Piece&) const = default;
  };
  Kind kind = Kind::moved;
  std::uint32_t node = 0;             ///< of the new tree; of a context: which files it stands before
  std::optional<std::uint32_t> base;  ///< a file of the old tree; nothing: there is none
  std::vector<Piece> pieces{};
  bool operator==(const RecipeStep&) const = default;
};

/// Files that are not named have the content of the old file with their path.
struct Recipe {
  std::vector<RecipeStep> steps;           ///< by node
  std::vector<std::uint32_t> text_groups;  ///< how many steps of kind text and context each has
};

/// `before`, `after`: the nodes of both trees, sorted by path.
[[nodiscard]] std::string encode_recipe(const Recipe& recipe, const std::vector<Node>& before,
                                        const std::vector<Node>& after);

/// Every number is one that is there: nodes, bases, which are files, and chunks (by ref_count of `before`). Each file
/// of `after` that has no step has one of its path in `before`. Errors: refused.
[[nodiscard]] Result<Recipe> decode_recipe(ByteView bytes, const std::vector<Node>& before,
                                           const std::vector<Node>& after);

}  // namespace swarmout
