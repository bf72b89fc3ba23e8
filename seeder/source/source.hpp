// Where a release comes from: a source resolves a revision and streams its tree.
//
// The tree is never written to disk on the way: entries and bytes go to a TreeSink as they arrive.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

struct TreeEntry {
  enum class Kind { file, symlink, directory, hardlink };
  Kind kind = Kind::file;
  std::string path;         ///< relative, '/' between names, no empty, "." or ".." component
  bool executable = false;  ///< files only
  Bytes size = 0;           ///< files only: exactly what follows through data()
  std::string target;       ///< symlinks: any bytes, may dangle; hardlinks: path of an earlier file
};

/// Receives a tree. Called from one thread. The first error stops the stream and is handed on.
class TreeSink {
public:
  virtual ~TreeSink() = default;
  [[nodiscard]] virtual Result<void> entry(const TreeEntry& entry) = 0;
  /// The next bytes of the file last announced; together exactly its size.
  [[nodiscard]] virtual Result<void> data(ByteView bytes) = 0;
};

/// Every implementation passes tests/contract/source_contract.hpp.
class Source {
public:
  virtual ~Source() = default;

  /// The full, stable name of the state that `wanted` means now ("" = the source's default branch). Nullopt if
  /// the source only knows it after the export (a tar command): the content then names it.
  ///
  /// Errors: not_found, if there is no such revision; failed, if the source cannot be asked.
  [[nodiscard]] virtual Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) = 0;

  /// Bytes fetched so far: moves on while resolve() works, so that a slow first clone is not taken for a hung one. Any
  /// thread.
  [[nodiscard]] virtual Bytes fetched() const { return 0; }

  /// Streams the tree of `revision` (what resolve() gave, else "") in a fixed order, parents first.
  ///
  /// Errors: failed, with the end of the tool's own messages; refused, for a path that would leave the tree;
  /// temporary, if stopped; and what the sink returned.
  [[nodiscard]] virtual Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) = 0;
};

}  // namespace swarmout
