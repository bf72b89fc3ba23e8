#include "cli/jobs/gate_settings.hpp"
#include "cli/json/json_lines.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/names/node_set.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

struct WaitTargets {
  GateOptions gate;
  bool json = false;
};

JsonLine& add_or_null(JsonLine& line, std::string_view key, const std::string& value) {
  return value.empty() ? line.add_null(key) : line.add(key, value);
}

/// As docs/operations.md specifies it: a line for each kind of laggards, and a summary.
std::string gate_lines(const GateEnd& end) {
  std::string lines;
  for (const Laggards& each : end.answer.laggards) {
    lines += JsonLine("laggards")
                 .add("why", each.why)
                 .add("hosts", fold_nodes(each.hosts))
                 .add("count", each.hosts.size())
                 .text();
  }
  const auto& goal = end.sight.goal;
  JsonLine summary("summary");
  summary.add("holds", end.open()).add("missing", end.answer.missing);
  goal ? summary.add("release", goal->descriptor.position.value) : summary.add_null("release");
  add_or_null(summary, "revision", goal ? goal->descriptor.revision : "");
  add_or_null(summary, "slot", end.slot);
  add_or_null(summary, "active", end.sight.active ? end.sight.active->name : "");
  summary.add("live_hosts", end.answer.live).add("hosts_there", end.answer.there);
  return lines + summary.text();
}

Result<void> wait_for_release(const WaitTargets& to, std::stop_token stop) {
  GateOptions gate = to.gate;
  gate.dest = resolved_root(gate.dest);
  gate.name_all = true;
  TRY_ASSIGN(const GateEnd end,
             or_summary(to.json, wait_at_gate(gate, system_clock(), std::move(stop),
                                              [](const std::string& news) { spdlog::warn("{}", news); })));
  if (to.json) {
    TRY(print_result(gate_lines(end)));
  }
  if (end.open()) {
    return {};
  }
  std::string message = end.answer.missing;
  if (gate.quorum <= 0 && !end.answer.laggards.empty()) {
    message += fmt::format("; in the fleet: {}", in_words(end.answer.laggards));
  }
  return fail(ErrorCode::temporary, std::move(message));
}

}  // namespace

Verb wait_verb() {
  Verb verb{.name = "wait", .about = "Wait until a release is active, here or on a part of the fleet; 75 if it is not"};
  const auto to = std::make_shared<WaitTargets>();
  add_gate_settings(verb, to->gate);
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs"});
  verb.run = [to](std::stop_token stop) { return wait_for_release(*to, std::move(stop)); };
  return verb;
}

}  // namespace swarmout
