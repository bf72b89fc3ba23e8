// A small fleet's files, made by the code of today from fixed keys, nonces, times and trees: what tests/data has copies
// of.
//
// A change of a format that writer and reader share is not seen by tests that read what they have written; it is seen
// here. When one is meant: CONTRIBUTING.md, "Golden files".

#pragma once

#include "common/base/files.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/fleet/peer_record.hpp"
#include "seeder/seal.hpp"
#include "tests/seeder/pack/packing.hpp"

#include <map>
#include <string>
#include <vector>

namespace swarmout::test {

/// The top directory of the project.
[[nodiscard]] Path project_directory();
[[nodiscard]] inline Path golden_directory() {
  return project_directory() / "tests/data";
}
/// Relative path → content of each file below `root`.
[[nodiscard]] std::map<std::string, std::string> files_below(const Path& root);
/// tests/data/`part`, in `to`, with modes that its readers want. False, with a failure of the test, if it cannot be
/// had.
[[nodiscard]] bool copy_golden(const std::string& part, const Path& to);

/// The tree that docs/formats/manifest.md takes apart.
[[nodiscard]] Tree golden_tree();
[[nodiscard]] Descriptor golden_descriptor();
/// Positions 1 to 8: a slot that published, one that found nothing new, one that failed, a hold. Without their chain.
[[nodiscard]] std::vector<LogEntry> golden_entries(const SignedDescriptor& release);
/// With every field set, and with as few as there can be.
[[nodiscard]] HeartbeatInfo full_heartbeat();
[[nodiscard]] HeartbeatInfo bare_heartbeat();
[[nodiscard]] PeerRecord full_peer();
[[nodiscard]] PeerRecord bare_peer();

/// Makes keys/, share/, state/, descriptors/, deltas/, exports/ and packing below `root`.
void make_golden_fleet(const Path& root);

}  // namespace swarmout::test
