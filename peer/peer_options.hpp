// What the verbs `peer` and `fetch` can be told, and what they tell.

#pragma once

#include "common/base/files.hpp"
#include "common/base/host.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/activation.hpp"
#include "peer/keep/collector.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace swarmout {

struct PeerOptions {
  ShareAddress share;
  Path dest = kDefaultDest;
  Path state = kDefaultState;
  Path keys = kDefaultKeys;
  SwarmSettings swarm;
  bool once = false;  ///< end when the newest release is active
  std::chrono::milliseconds poll{2000};
  std::chrono::milliseconds max_age{0};  ///< of the newest signed entry; what is older is trouble; 0: any is well
  Activation::When activate{};
  std::string exec_before;  ///< for /bin/sh: may refuse a release; empty: none
  std::string exec_after;   ///< likewise, after an activation
  std::chrono::milliseconds hook_timeout{std::chrono::minutes(5)};
  Path link;            ///< a further link to `current`, absolute or a name in `dest`; empty: none
  Path touch;           ///< gets the time of each activation, for who watches it; empty: none
  std::string version;  ///< of this program, for the record; empty: not told
  GcOptions gc;         ///< what of older releases stays
  /// Of the service: called each time that it has gone round, several times in a second as a rule.
  std::function<void()> turned = [] {};
  /// Likewise: true, and the share is looked at now.
  std::function<bool()> look_now = [] { return false; };
};

using Narrator = std::function<void(const std::string&)>;

/// How far a fetch is.
struct FetchProgress {
  std::string revision;
  Bytes wanted = 0;
  Bytes have = 0;
  Bytes tree_size = 0;
  Bytes unpacked = 0;
  double rate = 0;  ///< bytes a second
  int connected = 0;
  bool checking = false;
};
using ProgressReport = std::function<void(const FetchProgress&)>;

}  // namespace swarmout
