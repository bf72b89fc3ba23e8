// The verbs of the command. Each file: the options of one verb, their wiring, nothing else.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_session.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

/// What the chosen verb does. Returns its error, or nothing: exit 0.
using Action = std::function<Result<void>(std::stop_token)>;

void setup_init(CLI::App& app, Action& chosen);
void setup_seed(CLI::App& app, Action& chosen);
void setup_peer(CLI::App& app, Action& chosen);
void setup_fetch(CLI::App& app, Action& chosen);
void setup_status(CLI::App& app, Action& chosen);
void setup_abandon(CLI::App& app, Action& chosen);

/// Options that several verbs have.
struct CommonOptions {
  ShareAddress share;
  std::string keys = "/etc/swarmout/keys";
  std::string state = "/var/lib/swarmout";
  std::string listen;
  std::string upload_limit = "0";
  std::string download_limit = "0";
  int max_connections = 0;
  int dscp = kLowerEffort;
  bool swarm_tls = false;
};
void add_share_option(CLI::App& verb, CommonOptions& options);
void add_host_options(CLI::App& verb, CommonOptions& options);
/// "--upload-limit" → "SWARMOUT_UPLOAD_LIMIT".
[[nodiscard]] std::string environment_name(const std::string& option);
/// Adds an option that can also be set by SWARMOUT_… in the environment.
CLI::Option* add_setting(CLI::App& verb, const std::string& name, std::string& value, const std::string& help);

/// The verb's error for a bad value of an option. "ADDRESS", "ADDRESS:PORT" or ":PORT"; "50M" is 50 MiB a second.
[[nodiscard]] Result<SwarmSettings> swarm_settings(const CommonOptions& options);
[[nodiscard]] Result<Bytes> parse_size(const std::string& text);
[[nodiscard]] Result<RateLimits> rate_limits(const std::string& upload, const std::string& download);

}  // namespace swarmout
