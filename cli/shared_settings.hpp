// Settings that several verbs have.

#pragma once

#include "cli/listen_wishes.hpp"
#include "cli/settings/setting.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_options.hpp"

#include <chrono>

namespace swarmout {

/// The shortest heartbeat: below, a busy host could not keep it.
inline constexpr std::chrono::milliseconds kLeastBeat{10};

void add_share_settings(Verb& verb, ShareAddress& share);

/// What the settings of a host go to.
struct HostTargets {
  Path& keys;
  Path& state;
  SwarmSettings& swarm;
  ListenWishes& wishes;
};
void add_keys_setting(Verb& verb, Path& keys);
/// What signs, of verbs that do.
void add_sign_setting(Verb& verb, std::string& command);
void add_dest_setting(Verb& verb, Path& dest);
void add_host_settings(Verb& verb, const HostTargets& targets);

}  // namespace swarmout
