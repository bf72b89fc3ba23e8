#include "cli/fleet/status_json.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/base/host.hpp"
#include "common/fleet/overview.hpp"
#include "common/share/open_share.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace swarmout {

namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kShownReleases = 5;

std::string bytes_of(const Json& value) {
  return human_bytes(value.get<double>());
}

/// How old the newest signed entry is, and what is not signed.
std::string signed_line(const Json& all) {
  const Json& age = all["newest_signed_seconds"];
  const std::string how_old =
      age.is_null() ? "at a time that is not yet"
                    : to_text(std::chrono::milliseconds(static_cast<std::int64_t>(1000 * age.get<double>()))) + " ago";
  std::string text = all["newest_signed"].is_null()
                         ? "signed nothing yet\n"
                         : fmt::format("signed {}, {}\n", all["newest_signed"].get<std::string>(), how_old);
  for (const Json& each : all["not_signed"]) {
    text += fmt::format("NOT SIGNED: {}\n", each.get<std::string>());
  }
  return text;
}

/// Below the line that it belongs to.
std::string indented(const std::string& output) {
  std::string text;
  for (std::size_t begin = 0; begin < output.size();) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    text += "    " + output.substr(begin, end - begin) + '\n';
    begin = end + 1;
  }
  return text;
}

std::string table_of(const Json& all) {
  std::string text = all["sentence"].get<std::string>() + '\n';
  for (const Json& each : all["remarks"]) {
    text += each.get<std::string>() + '\n';
  }
  text += fmt::format("\nshare  {}   {}\n", all["share"].get<std::string>(), all["time"].get<std::string>());
  text += signed_line(all) + '\n';
  text += fmt::format("{:>8}  {:<20} {:<20}  {:>9}  {:>10}  {:>10}  {}\n", "RELEASE", "REVISION", "PUBLISHED", "FILES",
                      "TREE", "PACKED", "ACTIVE ON");
  for (const Json& each : all["releases"]) {
    text += fmt::format("{:>8}  {:<20} {:<20}  {:>9}  {:>10}  {:>10}  {} of {}\n", each["release"].get<std::uint64_t>(),
                        each["revision"].get<std::string>().substr(0, 20), each["published"].get<std::string>(),
                        each.value("files", 0), bytes_of(each.value("tree_bytes", Json(0))),
                        bytes_of(each.value("packed_bytes", Json(0))), each["active_on"].get<std::size_t>(),
                        all["peers"].size());
  }
  if (all["releases"].empty()) {
    text += "          nothing is published yet\n";
  }
  if (const Json& leader = all["leader"]; !leader.is_null()) {
    text += fmt::format("\nleader  epoch {} on {} since {}: {}", leader["epoch"].get<std::uint64_t>(),
                        leader["host"].get<std::string>(), leader["since"].get<std::string>(),
                        leader["phase"].get<std::string>());
    if (leader.contains("files")) {
      text += fmt::format(", {} files, {} read, {} packed, {} of {} peers complete, last beat {:.0f} s ago",
                          leader["files"].get<std::uint64_t>(), bytes_of(leader["read_bytes"]),
                          bytes_of(leader["packed_bytes"]), leader["copies"].get<std::uint64_t>(),
                          leader["peers"].get<std::uint64_t>(), leader["last_beat_seconds"].get<double>());
    }
    text += '\n';
  } else {
    text += "\nleader  none at work\n";
  }
  text += fmt::format("\n{:<16}  {:<16}  {:<22} {:>8}  {:<12} {:>6}  {:>12}  {}\n", "PEER", "HOST", "ENDPOINT",
                      "RELEASE", "REVISION", "HAVE", "RATE", "TROUBLE");
  for (const Json& each : all["peers"]) {
    const double wanted = each["wanted_bytes"].get<double>();
    text += fmt::format("{:<16}  {:<16}  {:<22} {:>8}  {:<12} {:>5.0f}%  {:>10}/s  {}\n", each["id"].get<std::string>(),
                        each["host"].get<std::string>().substr(0, 16), each["endpoint"].get<std::string>(),
                        each["release"].get<std::uint64_t>(), each["revision"].get<std::string>().substr(0, 12),
                        wanted == 0 ? 0 : 100 * each["have_bytes"].get<double>() / wanted,
                        bytes_of(each["download_rate"]), each["trouble"].get<std::string>());
  }
  for (const Json& each : all["peers"]) {
    for (const Json& other : each["traffic"]) {
      if (other["banned"].get<bool>()) {
        text += fmt::format("{} was banned by {} on {}: it sent bad data\n", other["endpoint"].get<std::string>(),
                            each["id"].get<std::string>(), each["host"].get<std::string>());
      }
    }
  }
  for (const Json& each : all["peers"]) {
    if (const Json& job = each["job"]; !job.is_null() && job["status"].get<int>() != 0) {
      text += fmt::format("job {} on {} failed at {} with status {}, on release {}\n{}", job["name"].get<std::string>(),
                          each["host"].get<std::string>(), job["ended"].get<std::string>(), job["status"].get<int>(),
                          job["release"].get<std::uint64_t>(), indented(job["output"].get<std::string>()));
    }
  }
  if (all["peers"].empty()) {
    text += "no peer has been seen in the last minute\n";
  }
  return text;
}

/// ASCII alone: what others wrote does nothing to a terminal, and programs read the same.
std::string json_of(const Json& all, bool on_one_line) {
  return all.dump(on_one_line ? -1 : 2, ' ', true, Json::error_handler_t::replace) + '\n';
}

std::string table_on(const Json& all, bool again) {
  const bool redraw = again && ::isatty(STDOUT_FILENO) == 1;
  return (redraw ? "\x1b[H\x1b[2J" : "") + printable_lines(table_of(all)) + '\n';
}

struct StatusTargets {
  ShareAddress share;
  Path keys = kDefaultKeys;
  std::chrono::milliseconds max_age{0};
  bool json = false;
  bool watch = false;
};

}  // namespace

Verb status_verb() {
  Verb verb{.name = "status", .about = "The newest releases, who is leading, and which host has what"};
  const auto to = std::make_shared<StatusTargets>();
  add_share_settings(verb, to->share);
  add_keys_setting(verb, to->keys);
  add_setting(verb, to->max_age, Duration{},
              {.name = "max-age", .help = "Fail (75) when nothing was signed for this long; 0: never"});
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs"});
  add_setting(verb, to->watch, Flag{}, {.name = "watch", .help = "Again every second, until interrupted"});
  verb.run = [to](std::stop_token stop) -> Result<void> {
    TRY_ASSIGN(const auto share, open_share(to->share, stop));
    TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(to->keys));
    std::optional<Error> old;
    do {
      TRY_ASSIGN(const FleetOverview fleet, fleet_overview(*share, keys, kShownReleases, system_clock().wall()));
      old = too_old(fleet.newest_word, to->max_age, fleet.share);
      const Json all = status_json(fleet);
      TRY(print_result(to->json ? json_of(all, to->watch) : table_on(all, to->watch), WhenReaderGone::end_quietly));
    } while (to->watch && system_clock().sleep(std::chrono::seconds(1), stop));
    return old ? Result<void>(tl::unexpected(*std::move(old))) : Result<void>();
  };
  return verb;
}

}  // namespace swarmout
