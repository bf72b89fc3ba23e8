#include "cli/listen_wishes.hpp"

#include "common/base/endpoint.hpp"
#include "common/base/mounts.hpp"
#include "common/base/net/own_address.hpp"
#include "common/share/etcd/etcd_settings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

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
  return own.value_or("127.0.0.1");
}

}  // namespace

Result<void> apply_wishes(const ListenWishes& wishes, const std::string& share, const Path& keys,
                          SwarmSettings& swarm) {
  if (wishes.tls) {
    TRY_ASSIGN(swarm.certificate, load_swarm_certificate(keys).map_error([](Error error) {
      if (error.code == ErrorCode::not_found) {
        error.hint = "run `swarmout init` again with these --keys, and put swarm.crt and swarm.key into the image";
      }
      return error;
    }));
  }
  swarm.listen_address = wishes.listen.address.empty() ? default_address(share) : wishes.listen.address;
  swarm.listen_port = wishes.listen.port;
  return {};
}

}  // namespace swarmout
