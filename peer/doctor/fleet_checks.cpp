#include "peer/doctor/fleet_checks.hpp"

#include "common/names/node_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace swarmout {

namespace {

using HostsBy = std::map<std::string, std::vector<std::string>>;

std::string listed_hosts(const HostsBy& groups) {
  std::string text;
  for (const auto& [name, hosts] : groups) {
    text += fmt::format("{}{}: {} ({})", text.empty() ? "" : "; ", name, fold_nodes(hosts), hosts.size());
  }
  return text;
}

Finding named(const char* id, Finding finding) {
  finding.id = id;
  return finding;
}

const Descriptor* current_release(const FleetOverview& fleet) {
  const auto found = std::find_if(fleet.releases.begin(), fleet.releases.end(), [&](const PublishedRelease& each) {
    return fleet.current == each.descriptor.position;
  });
  return found == fleet.releases.end() ? nullptr : &found->descriptor;
}

std::string why_behind(const PeerRecord& record, const Descriptor& goal) {
  return !record.held_back.empty()            ? record.held_back
         : !record.trouble.empty()            ? record.trouble
         : record.info_hash == goal.info_hash ? "is fetching"
                                              : "does not say";
}

}  // namespace

std::vector<Finding> fleet_findings(const FleetOverview& fleet) {
  const Descriptor* const goal = current_release(fleet);
  HostsBy releases;
  HostsBy laggards;
  HostsBy versions;
  for (const SeenPeer& each : fleet.peers) {
    const PeerRecord& record = each.record;
    releases[record.active.value == 0 ? "none" : fmt::format("release {}", record.active.value)].push_back(record.host);
    versions[record.version.empty() ? "older" : record.version].push_back(record.host);
    if (goal != nullptr && !record.is_active_on(*goal)) {
      laggards[why_behind(record, *goal)].push_back(record.host);
    }
  }
  std::vector<Finding> all;
  all.push_back(named("fleet-releases", releases.empty()
                                            ? doubtful("no host has a record on the share",
                                                       "systemctl enable --now swarmout-peer, on all hosts")
                                            : well(listed_hosts(releases))));
  all.push_back(named("fleet-laggards", laggards.empty()
                                            ? well("every live host is on the current release")
                                            : doubtful(listed_hosts(laggards), "run `swarmout doctor` on these")));
  all.push_back(named("fleet-versions", versions.size() <= 1
                                            ? well(listed_hosts(versions))
                                            : doubtful(listed_hosts(versions), "bring all hosts to one version")));
  HostsBy silent;
  for (const SeenPeer& each : fleet.silent) {
    silent["silent"].push_back(each.record.host);
  }
  all.push_back(named(
      "fleet-silent",
      silent.empty() ? well("none") : doubtful(listed_hosts(silent), "are they up, and is the share mounted there?")));
  return all;
}

}  // namespace swarmout
