#include "cli/steer/steering.hpp"

#include "cli/shared_settings.hpp"
#include "common/base/clock.hpp"
#include "common/share/open_share.hpp"

namespace swarmout {

void add_steer_settings(Verb& verb, SteerTargets& to) {
  add_share_settings(verb, to.share);
  add_keys_setting(verb, to.keys);
  add_sign_setting(verb, to.sign_command);
}

void add_reason_setting(Verb& verb, std::string& reason) {
  add_setting(verb, reason, Text{.word = "WHY", .shortest = 1, .longest = kMaxHold, .one_line = true},
              {.name = "reason",
               .help = "Why, for everybody who asks: `seed`, `status`, `history`",
               .scope = Scope::command_line,
               .required = true});
}

void add_wait_setting(Verb& verb, std::chrono::milliseconds& wait) {
  add_setting(verb, wait, Duration{},
              {.name = "wait",
               .help = "How long to wait until all live hosts have switched; 0: not at all",
               .scope = Scope::command_line});
}

Result<std::unique_ptr<Helm>> Helm::open(const SteerTargets& to, std::stop_token stop) {
  TRY_ASSIGN(LeaderKeys keys, load_leader_keys({to.keys, to.sign_command}));  // what is not signed does not count
  TRY_ASSIGN(auto share, open_share(to.share, std::move(stop)));
  return std::unique_ptr<Helm>(new Helm(std::move(keys), std::move(share)));
}

Pen Helm::pen() {
  return {*share_, system_clock(), {*keys_.signer, keys_.trusted}};
}

}  // namespace swarmout
