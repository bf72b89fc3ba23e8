// Where a release comes from: a source resolves a revision and streams its tree.
//
// The tree is never written to disk on the way: entries and bytes go to a TreeSink as they arrive.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/pack/tree_sink.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

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
