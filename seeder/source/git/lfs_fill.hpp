// Puts content in the place of Git LFS pointers.

#pragma once

#include "seeder/source/git/lfs_store.hpp"
#include "seeder/source/source.hpp"

#include <stop_token>
#include <string>

namespace swarmout {

/// Hands on; a file that is a pointer is handed on as what it stands for, which is read as it goes, and refused if it
/// is not what the pointer says. Pointers that say more than a size and a SHA-256 go on as they are.
class LfsFill final : public TreeSink {
public:
  /// `above`: what goes before paths in messages, with a '/' at its end.
  LfsFill(LfsStore& store, std::string above, TreeSink& next, std::stop_token stop);

  Result<void> entry(const TreeEntry& entry) override;
  Result<void> data(ByteView bytes) override;
  /// After the stream.
  [[nodiscard]] Result<void> finish();

private:
  [[nodiscard]] Result<void> give(const LfsPointer& pointer);

  LfsStore& store_;
  std::string above_;
  TreeSink& next_;
  std::stop_token stop_;
  TreeEntry held_;  ///< a file that may be a pointer, as long as `holds_`
  std::string content_;
  bool holds_ = false;
};

}  // namespace swarmout
