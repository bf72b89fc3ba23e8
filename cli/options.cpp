#include "cli/verbs.hpp"
#include "common/base/duration.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/mounts.hpp"
#include "common/base/net/own_address.hpp"
#include "common/share/etcd/etcd_settings.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

namespace swarmout {

namespace {

constexpr Bytes kMaxMounts = 16 * kMiB;  // hosts of containers have thousands

/// The servers of the share, as numeric addresses.
std::vector<std::string> servers_of(const std::string& share) {
  if (!is_etcd_url(share)) {
    return {server_of(share, read_file("/proc/mounts", kMaxMounts).value_or(""))};
  }
  std::vector<std::string> servers;
  if (const auto settings = parse_etcd_url(share)) {
    for (const std::string& endpoint : settings->endpoints) {
      servers.push_back(resolve(host_of(endpoint)));
    }
  }
  return servers;
}

/// As in --listen. Loopback, which is right for a fleet on one host, only if there is nothing else.
std::string default_address(const std::string& share) {
  const std::vector<std::string> servers = servers_of(share);
  const auto own = own_address(servers);
  if (!own && std::any_of(servers.begin(), servers.end(), [](const auto& each) { return !each.empty(); })) {
    spdlog::warn("this host has no address but loopback, so no other can fetch from it: give it one, or --listen");
  }
  return own ? (own->find(':') == std::string::npos ? *own : '[' + *own + ']') : "127.0.0.1";
}

}  // namespace

std::string environment_name(const std::string& option) {
  std::string name = "SWARMOUT_" + option.substr(2);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

CLI::Option* add_setting(CLI::App& verb, const std::string& name, std::string& value, const std::string& help) {
  return verb.add_option(name, value, help)->envname(environment_name(name))->capture_default_str();
}

void add_share_option(CLI::App& verb, CommonOptions& options) {
  add_setting(verb, "--share", options.share.url,
              "The directory that every host can reach, or etcd://HOST:2379[,HOST2:2379...]/PREFIX (etcds:// for TLS)")
      ->required();
  verb.add_option_function<std::string>(
          "--share-timeout",
          [&options](const std::string& text) {
            const auto timeout = parse_duration(text);
            if (!timeout || *timeout < std::chrono::milliseconds(100)) {
              throw CLI::ValidationError("--share-timeout", "\"" + text + "\" is not a time from 100ms on");
            }
            options.share.timeout = *timeout;
          },
          "Give up a share that does not answer for this long, and try again later (default: 30s)")
      ->envname(environment_name("--share-timeout"));
  options.share.helper = "/proc/self/exe";
  add_setting(verb, "--etcd-user", options.share.etcd_user,
              "User for etcd; the password is in SWARMOUT_ETCD_PASSWORD, or in a file");
  add_setting(verb, "--etcd-password-file", options.share.etcd_password_file, "File with the password for etcd");
  add_setting(verb, "--etcd-ca", options.share.etcd_ca, "File with the certificates to trust (default: the system's)");
}

void add_host_options(CLI::App& verb, CommonOptions& options) {
  add_setting(verb, "--keys", options.keys, "Directory with swarmout.pub, and swarmout.key on hosts that may lead");
  add_setting(verb, "--state", options.state, "Directory for what this host keeps between runs");
  add_setting(verb, "--listen", options.listen,
              "ADDRESS[:PORT] for the swarm (default: the address that reaches the share, any port)");
  add_setting(verb, "--upload-limit", options.upload_limit, "Bytes a second, 10M is 10 MiB; 0: none");
  add_setting(verb, "--download-limit", options.download_limit, "Bytes a second; 0: none");
  verb.add_option("--max-connections", options.max_connections, "To other hosts at the same time; 0: as suits the role")
      ->envname("SWARMOUT_MAX_CONNECTIONS")
      ->check(CLI::Range(0, 60000))
      ->capture_default_str();
  verb.add_option("--dscp", options.dscp, "Mark on what is sent to peers, 0 to 63; 1: lower effort than other traffic")
      ->envname("SWARMOUT_DSCP")
      ->check(CLI::Range(0, 63))
      ->capture_default_str();
  verb.add_flag("--swarm-tls", options.swarm_tls,
                "Exchange releases over TLS, only with hosts that have --keys' swarm.key")
      ->envname("SWARMOUT_SWARM_TLS");
}

Result<RateLimits> rate_limits(const std::string& upload, const std::string& download) {
  RateLimits limits;
  TRY_ASSIGN(limits.upload, parse_size(upload));
  TRY_ASSIGN(limits.download, parse_size(download));
  return limits;
}

Result<Bytes> parse_size(const std::string& text) {
  Bytes number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const Bytes factor = unit.empty() ? 1 : unit == "K" ? kKiB : unit == "M" ? kMiB : unit == "G" ? kGiB : 0;
  if (error != std::errc() || factor == 0 || number > kMaxRate / factor) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a number of bytes a second below 2 GiB", text),
                "write 500K, 50M or 1G");
  }
  return number * factor;
}

Result<SwarmSettings> swarm_settings(const CommonOptions& options) {
  SwarmSettings settings;
  if (options.swarm_tls) {
    TRY_ASSIGN(settings.certificate, load_swarm_certificate(options.keys).map_error([](Error error) {
      if (error.code == ErrorCode::not_found) {
        error.hint = "run `swarmout init` again with these --keys, and put swarm.crt and swarm.key into the image";
      }
      return error;
    }));
  }
  std::string listen = options.listen;
  const bool bare_v6 = std::count(listen.begin(), listen.end(), ':') > 1 && listen.front() != '[';
  if (listen.starts_with(':')) {
    listen = default_address(options.share.url) + listen;
  } else if (listen.empty()) {
    listen = default_address(options.share.url);
  }
  if (bare_v6 || listen.find(':') == std::string::npos || listen.ends_with(']')) {
    std::erase(listen, '[');
    std::erase(listen, ']');
    settings.listen_address = listen;
    const auto checked = parse_endpoint(to_string(Endpoint{listen, 1}));
    if (!checked) {
      return fail(ErrorCode::usage, fmt::format("\"{}\" is not a numeric address", options.listen),
                  "write --listen 192.0.2.7 or --listen 192.0.2.7:6881");
    }
  } else {
    auto endpoint = parse_endpoint(listen.ends_with(":0") ? listen.substr(0, listen.size() - 1) + "1" : listen);
    if (!endpoint) {
      return fail(ErrorCode::usage, fmt::format("\"{}\" is not ADDRESS:PORT", options.listen),
                  "write --listen 192.0.2.7 or --listen 192.0.2.7:6881");
    }
    settings.listen_address = endpoint->address;
    settings.listen_port = listen.ends_with(":0") ? 0 : endpoint->port;
  }
  TRY_ASSIGN(settings.limits, rate_limits(options.upload_limit, options.download_limit));
  settings.max_connections = options.max_connections;
  settings.dscp = options.dscp;
  return settings;
}

}  // namespace swarmout
