// A tree as a stream: what sources give, and packers take.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <string>

namespace swarmout {

struct TreeEntry {
  /// `unchanged`: a file with the content that the file `target` of the release before has. No data follows.
  enum class Kind { file, symlink, directory, hardlink, unchanged };
  Kind kind = Kind::file;
  std::string path;         ///< relative, '/' between names, no empty, "." or ".." component
  bool executable = false;  ///< files, also unchanged ones
  Bytes size = 0;           ///< files only: exactly what follows through data()
  std::string target;       ///< symlinks: any bytes, may dangle; hardlinks: path of an earlier file; unchanged: above
};

/// Receives a tree. Called from one thread. The first error stops the stream and is handed on.
class TreeSink {
public:
  virtual ~TreeSink() = default;
  [[nodiscard]] virtual Result<void> entry(const TreeEntry& entry) = 0;
  /// The next bytes of the file last announced; together exactly its size.
  [[nodiscard]] virtual Result<void> data(ByteView bytes) = 0;
};

}  // namespace swarmout
