// Settings that several verbs have.

#pragma once

#include "cli/listen_wishes.hpp"
#include "cli/settings/setting.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_options.hpp"
#include "peer/keep/gc_plan.hpp"

#include <chrono>

namespace swarmout {

/// The shortest heartbeat: below, a busy host could not keep it.
inline constexpr std::chrono::milliseconds kLeastBeat{10};

void add_share_settings(Verb& verb, ShareAddress& share);
/// Once they are added: the verb does without where it can.
void make_share_optional(Verb& verb);
/// For verbs that do without, as long as this host has all that they need.
void add_optional_share_settings(Verb& verb, ShareAddress& share);

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
void add_state_setting(Verb& verb, Path& state);
/// What of older releases stays on a host.
void add_keep_settings(Verb& verb, std::size_t& keep, MinFree& min_free);
void add_host_settings(Verb& verb, const HostTargets& targets);

}  // namespace swarmout
