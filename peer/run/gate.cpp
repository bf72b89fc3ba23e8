#include "peer/run/gate.hpp"

#include "common/base/key_values.hpp"
#include "common/names/node_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace swarmout {

namespace {

constexpr std::size_t kMostOfTrouble = 120;

std::string about_leader(const std::optional<LeaderSight>& leader) {
  if (!leader) {
    return "nobody leads at the moment";
  }
  return leader->phase.empty() ? fmt::format("{} leads, and is silent", leader->host)
                               : fmt::format("{} leads ({})", leader->host, leader->phase);
}

std::string about_active(const std::optional<ActiveTree>& active) {
  return active ? fmt::format("this host is on {}", active->name) : "this host has no release";
}

/// What this host's service says of itself, if that can be told from others: clones may share a name.
std::string about_own_service(const GateSight& sight) {
  if (!sight.fleet || !sight.goal) {
    return "";
  }
  const PeerRecord* own = nullptr;
  for (const PeerRecord& each : sight.fleet->live) {
    if (each.host == sight.own_host) {
      if (own != nullptr) {
        return "";
      }
      own = &each;
    }
  }
  if (own == nullptr) {
    return "; no service of this host is seen on the share";
  }
  const Descriptor& goal = sight.goal->descriptor;
  if (own->trouble.empty() && own->info_hash == goal.info_hash && own->wanted > 0 && !own->complete) {
    return fmt::format("; its service has fetched {:.0f}%",
                       100.0 * static_cast<double>(own->have) / static_cast<double>(own->wanted));
  }
  const std::string why = why_not_there(*own, goal);
  return why.empty() ? "" : fmt::format("; its service: {}", why);
}

std::string what_is_missing(const GateSight& sight) {
  const std::string trouble =
      sight.share_trouble.empty() ? "" : fmt::format("; the share cannot be read: {}", sight.share_trouble);
  if (!sight.goal) {
    return trouble.empty() ? fmt::format("{} is not published yet; {}", sight.wanted, about_leader(sight.leader))
                           : fmt::format("whether {} is published is not known{}", sight.wanted, trouble);
  }
  return fmt::format("{} is not active here: {}{}{}", release_title(sight.goal->descriptor), about_active(sight.active),
                     about_own_service(sight), trouble);
}

std::vector<Laggards> laggards_of(const FleetSight& fleet, const Descriptor& goal, std::size_t& there) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const PeerRecord& each : fleet.live) {
    if (const std::string why = why_not_there(each, goal); why.empty()) {
      ++there;
    } else {
      by_reason[why].push_back(each.host);
    }
  }
  std::vector<Laggards> all;
  for (auto& [why, hosts] : by_reason) {
    all.push_back({why, std::move(hosts)});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Laggards& a, const Laggards& b) { return a.hosts.size() > b.hosts.size(); });
  return all;
}

/// Of `live` hosts; at least one.
std::size_t needed(double quorum, std::size_t live) {
  const double exact = quorum * static_cast<double>(live);
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(exact - 1e-9)));
}

}  // namespace

std::string why_not_there(const PeerRecord& host, const Descriptor& goal) {
  if (host.is_active_on(goal)) {
    return "";
  }
  if (!host.trouble.empty()) {
    return printable(host.trouble.substr(0, kMostOfTrouble)) + (host.trouble.size() > kMostOfTrouble ? "…" : "");
  }
  if (!host.held_back.empty()) {
    return fmt::format("held back: {}", printable(host.held_back));
  }
  if (host.info_hash == goal.info_hash) {
    return host.complete ? "has it, not active" : "fetches it";
  }
  return host.active.value == 0 ? "has no release" : fmt::format("on release {}", host.active.value);
}

GateAnswer judge_gate(const GateSight& sight, double quorum) {
  GateAnswer answer;
  if (sight.goal && sight.fleet) {
    answer.live = sight.fleet->live.size();
    answer.laggards = laggards_of(*sight.fleet, sight.goal->descriptor, answer.there);
  }
  if (!sight.here) {
    const bool gone_on =
        sight.goal && sight.newest && digest_of(*sight.newest) != digest_of(*sight.goal) && sight.active.has_value();
    answer.kind = gone_on ? GateAnswer::Kind::passed : GateAnswer::Kind::wait;
    answer.missing = gone_on ? fmt::format("{} was {}, but the fleet has gone on to {}, and {}", sight.wanted,
                                           release_title(sight.goal->descriptor),
                                           release_title(sight.newest->descriptor), about_active(sight.active))
                             : what_is_missing(sight);
    return answer;
  }
  if (quorum <= 0) {
    answer.kind = GateAnswer::Kind::go;
    return answer;
  }
  if (!sight.fleet || answer.live == 0) {
    answer.missing = sight.share_trouble.empty()
                         ? "active here, but no host is seen on the share yet"
                         : fmt::format("active here, but who else is cannot be seen: {}", sight.share_trouble);
    return answer;
  }
  const std::size_t enough = needed(quorum, answer.live);
  if (answer.there >= enough) {
    answer.kind = GateAnswer::Kind::go;
    return answer;
  }
  answer.missing =
      fmt::format("{} is active here and on {} of {} live hosts, where {} are wanted: {}",
                  release_title(sight.goal->descriptor), answer.there, answer.live, enough, in_words(answer.laggards));
  return answer;
}

std::string in_words(const std::vector<Laggards>& laggards, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < laggards.size() && i < most; ++i) {
    text += fmt::format("{}{}: {}", i == 0 ? "" : "; ", fold_nodes(laggards[i].hosts), laggards[i].why);
  }
  if (laggards.size() > most) {
    text += fmt::format("; {} other reasons", laggards.size() - most);
  }
  return text;
}

}  // namespace swarmout
