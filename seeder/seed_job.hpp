// The coordinator of the seeding side: an election, and for the host that wins it the work (lead.hpp).

#pragma once

#include "common/base/clock.hpp"
#include "common/release/zstd_codec.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_session.hpp"
#include "seeder/election/election.hpp"
#include "seeder/election/heartbeat.hpp"
#include "seeder/source/open_source.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

struct SeedOptions {
  ShareAddress share;
  std::string source;
  std::string revision;  ///< empty: the source's default
  SourceOptions source_options;
  Path state;
  Path keys;
  ElectionSettings election;
  std::chrono::seconds period{0};  ///< not 0: the slot comes from the share's clock
  bool catch_up = false;           ///< with a period: after publishing, run once more if the next slot has begun
  HeartbeatSettings heartbeat;
  SwarmSettings swarm;
  RateLimits clone_limits;         ///< that all clones keep to while they fetch and serve the release
  std::uint16_t tracker_port = 0;  ///< 0: any free port
  int level = kDefaultZstdLevel;

  double quorum = 0.5;      ///< publish when this part of the live peers has everything,
  unsigned min_copies = 1;  ///< or when this many have, and
  std::chrono::milliseconds stage_timeout{std::chrono::minutes(10)};  ///< this much time has passed
  std::chrono::milliseconds max_runtime{std::chrono::hours(6)};       ///< then the claim is given up
  std::chrono::milliseconds linger{
      std::chrono::minutes(10)};  ///< seed on until every live peer has it, at most this long
  std::chrono::milliseconds publish_patience{std::chrono::minutes(5)};
};

struct SeedReport {
  enum class Outcome { published, unchanged, already_published, somebody_else } outcome;
  Position release;
  std::string message;  ///< one sentence for the journal
};

/// What happens, as it happens: one sentence a step, for people.
using Narrator = std::function<void(const std::string&)>;

/// Errors: as the exit codes of the command say; temporary also for "fenced". An ABANDON was written if a claim was
/// held and the work failed.
[[nodiscard]] Result<SeedReport> run_seed(const SeedOptions& options, Clock& clock, std::stop_token stop,
                                          const Narrator& narrate, const Narrator& progress);

}  // namespace swarmout
