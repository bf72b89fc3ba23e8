// The source's tree, streamed into packs.

#pragma once

#include "common/pack/packer.hpp"
#include "seeder/epoch.hpp"
#include "seeder/source/source.hpp"

#include <optional>
#include <string>

namespace swarmout {

struct Exported {
  PackedRelease packed;
  Position basis;  ///< the release that it was packed against; 0: none
  MonotonicTime started{};
  std::optional<std::string>
      asked{};  ///< of what was packed elsewhere: the tag or branch that it was asked for as there
};

/// Streams `revision` ("": the source's default), checks that it is a tree, and packs it against the newest release
/// that this host has whole: only what has changed since, where this host has exported that release, too, and the
/// source can tell; the result is the same. What a source has packed already is read once, and taken as it is. The
/// caller holds the store's lock for writing. Errors: what the source, the
/// guard and the packer fail with; temporary, if stopped.
[[nodiscard]] Result<Exported> export_tree(const Epoch& epoch, Source& source, const std::string& revision);

}  // namespace swarmout
