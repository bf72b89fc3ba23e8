#include "cli/output.hpp"
#include "cli/steer/one_host.hpp"
#include "cli/steer/steering.hpp"
#include "cli/verbs.hpp"

namespace swarmout {

namespace {

struct HoldTargets {
  SteerTargets steer;
  HostTargetsOfOrders host;
};

Result<void> steer_the_fleet(const SteerTargets& to, SteerOrder::Kind kind, const std::stop_token& stop) {
  TRY_ASSIGN(const auto helm, Helm::open(to, stop));
  SteerOrder order;
  order.kind = kind;
  order.reason = to.reason;
  TRY_ASSIGN(const Steered done, steer(helm->pen(), helm->log(), order, stop));
  return print_result(printable_lines(done.text) + '\n');
}

}  // namespace

Verb hold_verb() {
  Verb verb{.name = "hold", .about = "Publish nothing until `resume`: the fleet stays on its release"};
  const auto to = std::make_shared<HoldTargets>();
  add_steer_settings(verb, to->steer);
  add_reason_setting(verb, to->steer.reason);
  add_host_order_settings(verb, to->host);
  verb.run = [to](const std::stop_token& stop) -> Result<void> {
    TRY(needs_share(to->steer, to->host));
    return to->host.here ? hold_host(to->steer, to->host) : steer_the_fleet(to->steer, SteerOrder::Kind::hold, stop);
  };
  return verb;
}

Verb resume_verb() {
  Verb verb{.name = "resume", .about = "End a hold: the next run of `seed` publishes what its source says"};
  const auto to = std::make_shared<HoldTargets>();
  add_steer_settings(verb, to->steer);
  add_host_order_settings(verb, to->host);
  verb.run = [to](const std::stop_token& stop) -> Result<void> {
    TRY(needs_share(to->steer, to->host));
    return to->host.here ? resume_host(to->host) : steer_the_fleet(to->steer, SteerOrder::Kind::resume, stop);
  };
  return verb;
}

}  // namespace swarmout
