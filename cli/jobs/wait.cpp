#include "cli/jobs/gate_settings.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/names/node_set.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

using WaitJson = nlohmann::ordered_json;

struct WaitTargets {
  GateOptions gate;
  bool json = false;
};

std::string line_of(const WaitJson& value) {
  return value.dump(-1, ' ', true, WaitJson::error_handler_t::replace) + '\n';
}

/// As docs/operations.md specifies it: a line for each kind of laggards, and a summary.
std::string gate_lines(const GateEnd& end) {
  std::string lines;
  for (const Laggards& each : end.answer.laggards) {
    lines += line_of(
        {{"type", "laggards"}, {"why", each.why}, {"hosts", fold_nodes(each.hosts)}, {"count", each.hosts.size()}});
  }
  WaitJson summary = {{"type", "summary"}, {"holds", end.open()}, {"missing", end.answer.missing}};
  const auto& goal = end.sight.goal;
  summary["release"] = goal ? WaitJson(goal->descriptor.position.value) : WaitJson(nullptr);
  summary["revision"] = goal ? WaitJson(goal->descriptor.revision) : WaitJson(nullptr);
  summary["slot"] = end.slot.empty() ? WaitJson(nullptr) : WaitJson(end.slot);
  summary["active"] = end.sight.active ? WaitJson(end.sight.active->name) : WaitJson(nullptr);
  summary["live_hosts"] = end.answer.live;
  summary["hosts_there"] = end.answer.there;
  return lines + line_of(summary);
}

Result<void> wait_for_release(const WaitTargets& to, std::stop_token stop) {
  GateOptions gate = to.gate;
  gate.dest = resolved_root(gate.dest);
  gate.name_all = true;
  TRY_ASSIGN(const GateEnd end, wait_at_gate(gate, system_clock(), std::move(stop),
                                             [](const std::string& news) { spdlog::warn("{}", news); }));
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
