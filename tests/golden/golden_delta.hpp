// The delta between two small trees, byte for byte. As packs are, it is that of one version of zstd: the one that
// Debian 12 has, 1.5.4.

#pragma once

#include "common/base/files.hpp"

namespace swarmout::test {

/// What the manifest before is taken for, in its .torrent.
inline constexpr const char* kGoldenBefore = "the manifest before";

/// Makes delta and torrent below `directory`.
void make_golden_delta(const Path& directory);

}  // namespace swarmout::test
