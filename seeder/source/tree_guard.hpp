// Stands between any source and the packer: lets only a proper tree through.
//
// Refused: paths that are absolute or have "..", "." or empty components; names over 255 and paths over 4,095 bytes; a
// path given twice; a path below something that is not a directory. Parents that were not announced are announced
// first, so that what follows sees every directory before what is in it.

#pragma once

#include "seeder/source/source.hpp"

#include <string>
#include <unordered_map>

namespace swarmout {

class TreeGuard final : public TreeSink {
public:
  explicit TreeGuard(TreeSink& next) : next_(next) {}

  Result<void> entry(const TreeEntry& entry) override;
  Result<void> data(ByteView bytes) override;
  /// To be called after the stream: errors, if the last file is shorter than it was announced.
  [[nodiscard]] Result<void> finish();

private:
  [[nodiscard]] Result<void> count(const std::string& path);
  [[nodiscard]] Result<void> check_path(const std::string& path) const;
  [[nodiscard]] Result<void> announce_parents(const std::string& path);

  TreeSink& next_;
  std::unordered_map<std::string, TreeEntry::Kind> seen_;
  std::string last_parent_;  ///< known to be a directory: files come grouped by directory
  Bytes kept_ = 0;           ///< bytes of `seen_`
  std::string current_;
  Bytes missing_ = 0;
};

}  // namespace swarmout
