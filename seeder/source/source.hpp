// Where a release comes from: a source resolves a revision and streams its tree.
//
// The tree is never written to disk on the way: entries and bytes go to a TreeSink as they arrive.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/pack/tree_sink.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// A release that was exported from the same place by the same program, as far as an export can build on it.
struct Past {
  const std::vector<Node>& nodes;  ///< sorted by path
  std::string_view memo;           ///< what the source's memo() was after that export
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

  /// Who vouches for what resolve() has named, as a sentence for people; empty: nobody was asked.
  [[nodiscard]] virtual std::string vouched() const { return {}; }

  /// Bytes fetched so far: moves on while resolve() works, so that a slow first clone is not taken for a hung one. Any
  /// thread.
  [[nodiscard]] virtual Bytes fetched() const { return 0; }

  /// What resolve() has named, if it is a release whose packs and manifest are in the store already: it is published as
  /// it is packed, and stream() is not asked. Nullopt: there is a tree to stream.
  [[nodiscard]] virtual std::optional<SignedDescriptor> packed() const { return std::nullopt; }

  /// Streams the tree of `revision` (what resolve() gave, else "") in a fixed order, parents first.
  ///
  /// Errors: failed, with the end of the tool's own messages; refused, for a path that would leave the tree;
  /// temporary, if stopped; and what the sink returned.
  [[nodiscard]] virtual Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) = 0;

  /// The same tree in the same order, but files whose content is that of a file of `past` are entries of the kind
  /// `unchanged`, and are not read. False: it cannot be told so, or not safely; what the sink got is to be thrown away
  /// then, and stream() does it. Errors: as stream().
  [[nodiscard]] virtual Result<bool> stream_changes(const Past& /*past*/, const std::string& /*revision*/,
                                                    TreeSink& /*sink*/, std::stop_token /*stop*/) {
    return false;
  }

  /// What it wants to be told as `Past::memo` when the tree that was streamed last is the release before: any bytes, at
  /// most kMaxMemo. Empty: nothing; then stream_changes() is not asked.
  [[nodiscard]] virtual std::string memo() const { return {}; }
};

/// 24 bytes for each of the files of the largest manifest, and then some.
inline constexpr Bytes kMaxMemo = 512 * kMiB;

}  // namespace swarmout
