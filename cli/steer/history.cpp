#include "seeder/steer/history.hpp"

#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/host.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/share/open_share.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace swarmout {

namespace {

using HistoryJson = nlohmann::ordered_json;

struct HistoryTargets {
  ShareAddress share;
  Path keys = kDefaultKeys;
  std::size_t limit = 20;
  bool json = false;
};

/// An event has two entries as a rule; what is before the oldest one tells what that has changed.
constexpr std::uint64_t kEntriesForEach = 4;
constexpr std::uint64_t kMostEvents = 1000;

HistoryJson as_json(const HistoryEvent& event) {
  return {{"event", name_of(event.kind)},
          {"position", event.position.value},
          {"release", event.release.value == 0 ? HistoryJson(nullptr) : HistoryJson(event.release.value)},
          {"revision", event.revision},
          {"slot", event.slot},
          {"by", event.host},
          {"time", event.time},
          {"reason", event.why}};
}

std::string table_of(const std::vector<HistoryEvent>& events) {
  std::string text = fmt::format("{:<20}  {:>8}  {:<11}  {:>8}  {:<20}  {:<16}  {}\n", "TIME", "ENTRY", "WHAT",
                                 "RELEASE", "REVISION", "BY", "SLOT, REASON");
  for (const HistoryEvent& each : events) {
    const std::string release = each.release.value == 0 ? "" : std::to_string(each.release.value);
    const std::string more = each.slot.empty() || each.why.empty() ? each.slot + each.why : each.slot + ": " + each.why;
    text += fmt::format("{:<20}  {:>8}  {:<11}  {:>8}  {:<20}  {:<16}  {}\n", each.time, each.position.value,
                        name_of(each.kind), release, each.revision.substr(0, 20), each.host.substr(0, 16), more);
  }
  return events.empty() ? "nothing has happened yet\n" : text;
}

Result<void> show_history(const HistoryTargets& to, const std::stop_token& stop) {
  TRY_ASSIGN(const auto share, open_share(to.share, stop));
  TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(to.keys));
  LogReader reader(*share, keys);
  TRY_ASSIGN(const LogView* const log, reader.refresh_with_entries(kEntriesForEach * (to.limit + 1)));
  const std::vector<HistoryEvent> events = history_of(*log, to.limit);
  if (!to.json) {
    return print_result(printable_lines(table_of(events)));
  }
  HistoryJson all = HistoryJson::array();
  for (const HistoryEvent& each : events) {
    all.push_back(as_json(each));
  }
  return print_result(all.dump(2, ' ', true, HistoryJson::error_handler_t::replace) + '\n');
}

}  // namespace

Verb history_verb() {
  Verb verb{.name = "history", .about = "What was published, held, gone back to and abandoned, newest first"};
  const auto to = std::make_shared<HistoryTargets>();
  add_share_settings(verb, to->share);
  add_keys_setting(verb, to->keys);
  add_setting(verb, to->limit, Count{1, kMostEvents},
              {.name = "limit", .help = "Events to show", .scope = Scope::command_line});
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs", .scope = Scope::command_line});
  verb.run = [to](const std::stop_token& stop) { return show_history(*to, stop); };
  return verb;
}

}  // namespace swarmout
