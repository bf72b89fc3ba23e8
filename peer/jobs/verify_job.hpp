// `verify`: is the tree of a release on this host what was signed, and with `repair`, make it so.

#pragma once

#include "common/base/clock.hpp"
#include "peer/peer_options.hpp"
#include "peer/verify/tree_check.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

struct VerifyOptions {
  PeerOptions peer;     ///< of the share and the swarm only what `repair` needs, and only when the host has not got it
  std::string release;  ///< as find_kept() takes it; empty: the active one
  bool repair = false;
};

struct Verified {
  Position release;
  std::string shown;  ///< "release 42 (v1.2.3)"
  Path tree;
  TreeCheck check;               ///< as it was found
  std::vector<Difference> left;  ///< what is wrong still; without `repair` all of it
  Bytes fetched = 0;             ///< over the network
  std::chrono::milliseconds took{};
  std::string not_repaired;       ///< why nothing, or not everything, was tried, with `repair`; empty: it was
  std::optional<Error> failed{};  ///< what ended the repair; what was found before is told all the same
};

struct VerifyReports {
  CheckReport check;
  std::function<void(const SwarmStatus&)> fetch;
};

/// Errors: not_found: no such tree here, or its manifest is gone; refused: the manifest is damaged and there is no
/// share to fetch it from; cannot_write; temporary. That differences were found is none.
[[nodiscard]] Result<Verified> run_verify(const VerifyOptions& options, Clock& clock, const std::stop_token& stop,
                                          const VerifyReports& reports);

}  // namespace swarmout
