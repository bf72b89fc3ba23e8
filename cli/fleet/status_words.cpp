#include "cli/fleet/status_words.hpp"

#include "common/names/node_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace swarmout {

namespace {

/// Longer lists of hosts are a number in the sentence.
constexpr std::size_t kShortList = 40;
/// Remarks of a kind: a fleet of a thousand has as many troubles in words of their own.
constexpr std::size_t kMostGroups = 10;

const PublishedRelease* current_of(const FleetOverview& fleet) {
  const auto found = std::find_if(fleet.releases.begin(), fleet.releases.end(), [&](const PublishedRelease& each) {
    return fleet.current == each.descriptor.position;
  });
  return found == fleet.releases.end() ? nullptr : &*found;
}

struct Counts {
  std::size_t active = 0;
  std::size_t fetch = 0;
  std::size_t back = 0;   ///< held back, with or without it
  std::size_t ready = 0;  ///< has it all, and not activated it yet
  std::size_t none = 0;   ///< on no release at all
  std::size_t other = 0;  ///< on another release
};

Counts count(const FleetOverview& fleet, const Descriptor& release) {
  Counts counts;
  for (const SeenPeer& each : fleet.peers) {
    const PeerRecord& record = each.record;
    if (record.is_active_on(release)) {
      ++counts.active;
    } else if (!record.held_back.empty()) {
      ++counts.back;
    } else if (record.info_hash == release.info_hash && !record.complete) {
      ++counts.fetch;
    } else if (record.info_hash == release.info_hash) {
      ++counts.ready;
    } else if (record.active.value == 0) {
      ++counts.none;
    } else {
      ++counts.other;
    }
  }
  return counts;
}

std::string active_on(std::size_t active, std::size_t all) {
  return all == 1 && active == 1 ? "the only host"
         : active == all         ? fmt::format("all {} hosts", all)
                                 : fmt::format("{} of {} host{}", active, all, all == 1 ? "" : "s");
}

/// "90 s", "5 min", "3 h", "4 days": one unit is enough for how long nobody has been heard of.
std::string about(std::chrono::milliseconds time) {
  const auto seconds = time.count() / 1000;
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  return seconds < 2 * kMinute ? fmt::format("{} s", seconds)
         : seconds < 2 * kHour ? fmt::format("{} min", seconds / kMinute)
         : seconds < 2 * kDay  ? fmt::format("{} h", seconds / kHour)
                               : fmt::format("{} days", seconds / kDay);
}

std::string silence(const FleetOverview& fleet) {
  std::vector<std::string> names;
  WallTime oldest = fleet.time;
  for (const SeenPeer& each : fleet.silent) {
    names.push_back(each.record.host);
    oldest = std::min(oldest, each.written);
  }
  const std::string folded = fold_nodes(names);
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(fleet.time - oldest);
  return folded.size() <= kShortList && names.size() == fleet.silent.size()
             ? fmt::format("{} silent for {}", folded, about(time))
             : fmt::format("{} hosts silent, the longest for {}", fleet.silent.size(), about(time));
}

/// "web[01-03]: TEXT" for each text, that of the most hosts first, and how many hosts there are beyond what is listed.
void add_grouped(const std::map<std::string, std::vector<std::string>>& hosts, const std::string& word,
                 std::vector<std::string>& remarks) {
  using Group = std::pair<std::string, std::vector<std::string>>;
  std::vector<Group> groups(hosts.begin(), hosts.end());
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.second.size() > b.second.size(); });
  std::size_t more = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto& [text, names] = groups[i];
    if (i >= kMostGroups) {
      more += names.size();
      continue;
    }
    const std::string folded = fold_nodes(names);
    const std::string who = names.size() > 1 ? fmt::format("{} ({} hosts)", folded, names.size()) : folded;
    remarks.push_back(fmt::format("{} {}: {}", word, who, text));
  }
  if (more > 0) {
    remarks.push_back(fmt::format("{} … and {} more host{}", word, more, more == 1 ? "" : "s"));
  }
}

}  // namespace

std::string status_sentence(const FleetOverview& fleet) {
  if (!fleet.current) {
    return "nothing is published yet";
  }
  const std::size_t all = fleet.peers.size() + fleet.silent.size();
  const PublishedRelease* const current = current_of(fleet);
  if (current == nullptr) {
    return fmt::format("release {} is current, and nobody whom this host trusts has signed it", fleet.current->value);
  }
  const Descriptor& release = current->descriptor;
  if (all == 0) {
    return fmt::format("{} is published, and no host has a record on the share", release_title(release));
  }
  const Counts counts = count(fleet, release);
  std::string text = fmt::format("{} is active on {}", release_title(release), active_on(counts.active, all));
  const auto add = [&](std::size_t number, const char* one, const char* many) {
    if (number > 0) {
      text += fmt::format("; {} {}", number, number == 1 ? one : many);
    }
  };
  add(counts.fetch, "fetches", "fetch");
  add(counts.back, "is held back", "are held back");
  add(counts.ready, "is yet to activate it", "are yet to activate it");
  add(counts.other, "is on another", "are on others");
  add(counts.none, "is on none", "are on none");
  return fleet.silent.empty() ? text : fmt::format("{}; {}", text, silence(fleet));
}

std::vector<std::string> status_remarks(const FleetOverview& fleet) {
  std::vector<std::string> remarks;
  if (fleet.hold) {
    remarks.push_back(fmt::format("HELD by {} since {}: {}", fleet.hold->host, fleet.hold->time, fleet.hold->reason));
  }
  std::vector<std::string> left;  // newest first
  for (const auto& each : fleet.releases) {
    if (fleet.current && *fleet.current < each.descriptor.position) {
      left.push_back(release_title(each.descriptor));
    }
  }
  if (!left.empty()) {
    remarks.push_back(fmt::format("went back from {}", fmt::join(left, ", ")));
  }
  std::map<std::string, std::vector<std::string>> troubles;
  std::map<std::string, std::vector<std::string>> held_back;
  std::map<std::string, std::vector<std::string>> jobs;
  std::map<std::string, std::vector<std::string>> pins;
  for (const SeenPeer& each : fleet.peers) {
    if (const auto& job = each.record.job; job && job->status != 0) {
      jobs[fmt::format("{}, status {}, release {}", job->name, job->status, job->release.value)].push_back(
          each.record.host);
    }
    for (const auto& [text, group] :
         {std::pair(&each.record.trouble, &troubles), std::pair(&each.record.held_back, &held_back),
          std::pair(&each.record.pinned, &pins)}) {
      if (!text->empty()) {
        (*group)[*text].push_back(each.record.host);
      }
    }
  }
  add_grouped(troubles, "trouble on", remarks);
  add_grouped(jobs, "job failed on", remarks);
  add_grouped(held_back, "held back on", remarks);
  add_grouped(pins, "pinned on", remarks);
  return remarks;
}

}  // namespace swarmout
