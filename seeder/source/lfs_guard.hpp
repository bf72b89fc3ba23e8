// Stands in the way of Git LFS pointers: small text files in place of the content that a git host keeps elsewhere. A
// tree of them looks whole to every check, and is of no use.

#pragma once

#include "seeder/source/source.hpp"

#include <string>

namespace swarmout {

/// Hands on; refuses, with its path, the first file that is a pointer. Knows them by their content, as git-lfs does, so
/// for any source; behind one that puts content in their place, it is the last to look.
class LfsGuard final : public TreeSink {
public:
  explicit LfsGuard(TreeSink& next) : next_(next) {}

  Result<void> entry(const TreeEntry& entry) override;
  Result<void> data(ByteView bytes) override;

private:
  TreeSink& next_;
  std::string path_;
  std::string content_;  ///< of a file that is small enough to be a pointer
  Bytes missing_ = 0;    ///< of that file; 0: nothing to look at
};

}  // namespace swarmout
