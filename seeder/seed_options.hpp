// What the verb `seed` can be told. The defaults stand here and nowhere else.

#pragma once

#include "common/base/files.hpp"
#include "common/base/host.hpp"
#include "common/release/zstd_codec.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_options.hpp"
#include "seeder/election/contender.hpp"
#include "seeder/election/heartbeat.hpp"
#include "seeder/source/open_source.hpp"

#include <chrono>
#include <string>

namespace swarmout {

struct SeedOptions {
  ShareAddress share;
  std::string source;
  std::string revision;  ///< empty: the source's default
  SourceOptions source_options;
  Path state = kDefaultState;
  Path keys = kDefaultKeys;
  std::string sign_command;  ///< signs instead of the secret key; empty: none
  ElectionSettings election{.slot = {}, .hold_off = std::chrono::minutes(10)};
  std::chrono::seconds period{0};  ///< not 0: the slot comes from the share's clock
  bool catch_up = false;           ///< with a period: after publishing, run once more if the next slot has begun
  HeartbeatSettings heartbeat;
  SwarmSettings swarm;
  RateLimits clone_limits;         ///< that all clones keep to while they fetch and serve the release
  std::uint16_t tracker_port = 0;  ///< 0: any free port
  int level = kDefaultZstdLevel;

  bool allow_empty = false;   ///< publish a release without files
  bool allow_shrink = false;  ///< publish one that has lost more than half of the files of the release before

  double quorum = 0.5;      ///< publish when this part of the live peers has everything,
  unsigned min_copies = 1;  ///< or when this many have, and
  std::chrono::milliseconds stage_timeout{std::chrono::minutes(10)};  ///< this much time has passed
  std::chrono::milliseconds max_runtime{std::chrono::hours(6)};       ///< then the claim is given up
  std::chrono::milliseconds linger{
      std::chrono::minutes(10)};  ///< seed on until every live peer has it, at most this long
  std::chrono::milliseconds publish_patience{std::chrono::minutes(5)};
};

}  // namespace swarmout
