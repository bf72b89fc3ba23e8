// What the verbs that steer the fleet have in common: keys, a share to write to, and a wait for its hosts.

#pragma once

#include "cli/settings/setting.hpp"
#include "common/base/host.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/release/signing_source.hpp"
#include "common/share/share.hpp"
#include "seeder/steer/steer.hpp"

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

namespace swarmout {

struct SteerTargets {
  ShareAddress share;
  Path keys = kDefaultKeys;
  std::string sign_command;
  std::string reason;
  std::chrono::milliseconds wait{std::chrono::seconds(30)};
};

/// --share, --keys, --sign-command.
void add_steer_settings(Verb& verb, SteerTargets& to);
void add_reason_setting(Verb& verb, std::string& reason);
void add_wait_setting(Verb& verb, std::chrono::milliseconds& wait);

/// A share that is open, with keys that sign.
class Helm {
public:
  /// Errors: what the keys or the share fail with.
  [[nodiscard]] static Result<std::unique_ptr<Helm>> open(const SteerTargets& to, std::stop_token stop);

  [[nodiscard]] Share& share() { return *share_; }
  [[nodiscard]] LogReader& log() { return log_; }
  [[nodiscard]] Pen pen();

private:
  Helm(LeaderKeys keys, std::unique_ptr<Share> share)
      : keys_(std::move(keys)), share_(std::move(share)), log_(*share_, keys_.trusted) {}

  LeaderKeys keys_;
  std::unique_ptr<Share> share_;
  LogReader log_;
};

}  // namespace swarmout
