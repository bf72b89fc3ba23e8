// Decides, with may_activate(), what becomes active on this host and when: what a person told it, its hours, its hooks.
// Knows neither share nor swarm.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/troubles.hpp"
#include "peer/activation.hpp"
#include "peer/course.hpp"
#include "peer/hook.hpp"
#include "peer/hooks_record.hpp"
#include "peer/orders.hpp"
#include "peer/peer_options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace swarmout {

inline constexpr std::string_view kOfHook = "hook";
inline constexpr std::string_view kOfAfterHook = "after-hook";
inline constexpr std::string_view kOfOrders = "orders";
inline constexpr std::string_view kOfActivate = "activate";
inline constexpr std::string_view kOfTouch = "touch";
inline constexpr std::string_view kOfLink = "link";

/// What is, or was, active on this host.
struct OnThisHost {
  const SignedDescriptor* active = nullptr;  ///< activated last; null: nothing
  bool whole = false;                        ///< its tree is there
  Path tree{};                               ///< of it
  /// Whether `current` leads to this one's whole tree. Asked where nothing is known to be active: a service that was
  /// killed after it had switched to a tree, and before the packs were here, has no record of it.
  std::function<bool(const Descriptor&)> leads_to{};
};

/// One thread. The references outlive it.
class Gatekeeper {
public:
  Gatekeeper(const PeerOptions& options, Clock& clock, Troubles& troubles, const Narrator& narrate);

  /// Reads what people said, and how hooks ended. Cheap; to be called each time round.
  void look(const Wanted& wanted, const TrustedKeys& keys, const OnThisHost& here);
  /// What this host goes for: what is wanted of the fleet, unless somebody holds it on something else first.
  [[nodiscard]] Wanted aims(const Wanted& wanted, const OnThisHost& here) const;
  [[nodiscard]] Activation::Verdict verdict(const SignedDescriptor& goal, const Wanted& aims,
                                            const OnThisHost& here) const;

  /// Its hook is asked about a release whose tree is at `tree`.
  void ask(const SignedDescriptor& release, const Path& tree, const OnThisHost& here);
  /// About to switch, from what is `here`. Errors: cannot_write: it cannot be remembered that a hook is due.
  [[nodiscard]] Result<void> switching(const SignedDescriptor& release, const OnThisHost& here);
  /// `current` leads to it, and did not before.
  void switched(const SignedDescriptor& release, const Path& tree);
  /// A hook is at work.
  [[nodiscard]] bool busy() const { return run_ != nullptr; }

  /// For people: why `current` does not follow the fleet; empty: it does.
  [[nodiscard]] HeldBack held_back(const Wanted& wanted, const OnThisHost& here) const;

private:
  using Memory = HooksRecord;
  enum class Which { before, after };

  void read_orders(const Wanted& wanted, const OnThisHost& here, const TrustedKeys& keys);
  void take(const Wanted& wanted, const OnThisHost& here);
  void refuse_order(const Error& why);
  void forget_order();
  void tell_of_refusal(const Wanted& aims, const OnThisHost& here);
  void tell_of_bad_order(const Wanted& wanted, const OnThisHost& here);
  [[nodiscard]] bool is_refused(const SignedDescriptor& goal, const Wanted& aims, const OnThisHost& here) const;
  [[nodiscard]] std::string hook_at_work() const;
  void collect();
  void after_ended(const Result<void>& result);
  void tell_watchers(bool switched) const;
  void run_due(const OnThisHost& here);
  void start(Which which, const SignedDescriptor& release, const Path& tree);
  void remember(Memory memory);
  [[nodiscard]] Result<void> save(const Memory& memory);
  [[nodiscard]] Activation::Hook hook_of(const Digest& release) const;
  [[nodiscard]] Activation::Facts facts(const SignedDescriptor& goal, const Wanted& aims, const OnThisHost& here) const;

  const PeerOptions& options_;
  Clock& clock_;
  Troubles& troubles_;
  const Narrator& narrate_;
  std::optional<HostHold> hold_;
  std::optional<GoOnce> go_once_;
  std::optional<Error> bad_order_;  ///< of an order that was not done
  Memory memory_;
  std::optional<Digest> agreed_;  ///< the hook before has said yes to this one
  WasActive before_;              ///< the last switch, or the one that is asked about
  std::unique_ptr<HookRun> run_;
  Which which_ = Which::before;
  std::optional<SignedDescriptor> about_;  ///< what run_ is about
  WallTime since_{};                       ///< when it began
};

}  // namespace swarmout
