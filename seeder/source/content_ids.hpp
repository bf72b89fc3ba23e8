// Which files of a release have which content, by the names that the source itself has for contents: 20 bytes each
// (Subversion's SHA-1, Mercurial's file nodes). Equal names are equal contents.

#pragma once

#include "common/release/manifest.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace swarmout {

using ContentId = std::array<std::byte, 20>;

/// Nullopt, if `hex` is not 40 lower-case hexadecimal digits.
[[nodiscard]] std::optional<ContentId> content_id(std::string_view hex);

/// Takes down the files of a tree, in the order of full paths.
class ContentIdWriter {
public:
  /// `kind` is a word for the source.
  explicit ContentIdWriter(std::string_view kind);
  void add(const ContentId& id);
  /// docs/formats/state.md
  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  std::string text_;
};

class ContentIds {
public:
  /// Nullopt: `written` is damaged, of another kind, or not of this tree. `nodes` outlive it, sorted by path.
  [[nodiscard]] static std::optional<ContentIds> read(std::string_view written, std::string_view kind,
                                                      const std::vector<Node>& nodes);
  /// The file of the release with that content; nullptr: there is none.
  [[nodiscard]] const Node* same(const ContentId& id) const;

private:
  struct Hash {
    std::size_t operator()(const ContentId& id) const noexcept;
  };
  std::unordered_map<ContentId, const Node*, Hash> by_id_;
};

}  // namespace swarmout
