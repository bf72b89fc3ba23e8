// Reads the XML that svn prints, as it arrives. Not XML in general: svn writes no comments, sections or entities of its
// own making.

#pragma once

#include "common/base/result.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmout {

struct SvnTag {
  bool opens = false;
  bool closes = false;  ///< both: <name/>
  std::string name;
  std::string text;  ///< between this tag and the one before
  std::vector<std::pair<std::string, std::string>> attributes;

  /// Empty, if there is none.
  [[nodiscard]] std::string_view attribute(std::string_view key) const;
};

class SvnXml {
public:
  using Take = std::function<Result<void>(const SvnTag&)>;
  explicit SvnXml(Take take) : take_(std::move(take)) {}

  /// The next bytes. Errors: refused: not what svn prints; what `take` returned.
  [[nodiscard]] Result<void> feed(std::string_view piece);
  /// Errors: refused: it ends in the middle.
  [[nodiscard]] Result<void> finish() const;

private:
  [[nodiscard]] Result<void> tag(std::string_view text, std::string_view inner);

  Take take_;
  std::string pending_;
  std::size_t depth_ = 0;
  bool any_ = false;
};

}  // namespace swarmout
