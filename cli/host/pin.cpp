#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/host.hpp"
#include "peer/keep/hand_pins.hpp"
#include "peer/keep/kept_trees.hpp"

namespace swarmout {

namespace {

struct PinTargets {
  std::string release;
  std::string reason;
  Path dest = kDefaultDest;
  Path state = kDefaultState;
};

void add_pin_settings(Verb& verb, PinTargets& to, const std::string& help) {
  add_setting(verb, to.release, Text{.word = "RELEASE", .shortest = 1},
              {.name = "release", .help = help, .scope = Scope::argument, .required = true});
  add_dest_setting(verb, to.dest);
  add_state_setting(verb, to.state);
}

constexpr std::chrono::minutes kPatience{1};

/// Until the look at what is here and the change of the pins are done, nothing is removed.
Result<Fd> lock_pins(const PinTargets& to) {
  TRY_ASSIGN(const ThisHost host, look_at_this_host(to.dest, to.state));
  TRY_ASSIGN(auto lock, host.store.lock_pins(kPatience));
  return lock ? Result<Fd>(*std::move(lock))
              : fail(ErrorCode::temporary, "another process has locked the pins of this host for a minute");
}

Result<void> pin(const PinTargets& to) {
  TRY_ASSIGN(const Fd lock, lock_pins(to));
  TRY_ASSIGN(const ThisHost host, look_at_this_host(to.dest, to.state));
  TRY_ASSIGN(const KeptTree kept, find_kept(host.kept, to.release));
  HandPin pin;
  pin.manifest = kept.record.manifest;
  pin.release = kept.position();
  pin.revision = kept.revision();
  pin.name = kept.release ? kept.release->descriptor.name : "";
  pin.reason = to.reason;
  pin.who = this_person();
  pin.time = utc(system_clock().wall());
  TRY(HandPins(host.store.state()).add(pin));
  return print_result(printable_lines(pin.shown()) + '\n');
}

Result<void> unpin(const PinTargets& to) {
  TRY_ASSIGN(const Fd lock, lock_pins(to));
  TRY_ASSIGN(const ThisHost host, look_at_this_host(to.dest, to.state));
  const HandPins pins(host.store.state());
  TRY_ASSIGN(const auto all, pins.all());
  const auto kept = find_kept(host.kept, to.release);
  TRY_ASSIGN(const HandPin found,
             find_pin(all, to.release, kept ? std::optional(kept->record.manifest) : std::nullopt));
  TRY(pins.remove(found));
  return print_result(printable_lines("no longer pinned: " + found.shown()) + '\n');
}

}  // namespace

Verb pin_verb() {
  Verb verb{.name = "pin", .about = "Keep a release on this host, tree and packs, until it is unpinned"};
  const auto to = std::make_shared<PinTargets>();
  add_pin_settings(verb, *to, "A release number, revision, tag or branch that this host has");
  add_setting(verb, to->reason, Text{.word = "REASON", .shortest = 1, .longest = kMaxPinReason, .one_line = true},
              {.name = "reason", .help = "Why, for others to read", .scope = Scope::command_line, .required = true});
  verb.run = [to](std::stop_token) { return pin(*to); };
  return verb;
}

Verb unpin_verb() {
  Verb verb{.name = "unpin", .about = "Take back a pin"};
  const auto to = std::make_shared<PinTargets>();
  add_pin_settings(verb, *to, "What was pinned, by the same name");
  verb.run = [to](std::stop_token) { return unpin(*to); };
  return verb;
}

}  // namespace swarmout
