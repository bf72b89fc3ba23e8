// What this host does next about releases: what is wanted, what is here and the time go in, one step comes out.
//
// What `Contender` is to the election, this is to the service: no files, no network, no share. Releases are compared by
// the digest of what was signed; a number names one only within its log.

#pragma once

#include "common/base/clock.hpp"
#include "peer/activation.hpp"
#include "peer/fetch/follow.hpp"

#include <chrono>
#include <optional>
#include <variant>

namespace swarmout {

/// What is being fetched, or waits to become active.
struct Pursuit {
  enum class State { working, ready, failed };

  Digest release;
  InfoHash info_hash;
  State state = State::working;
  bool makes_tree = true;  ///< false: the tree was there, only the packs were missing
};

/// What is here at one moment.
struct Here {
  std::optional<Digest> active;  ///< the release that was activated last, if its tree is still what we made
  bool astray = false;           ///< `current` does not lead to it
  std::optional<Pursuit> pursuit;
  bool keeping = false;           ///< the store is on its way to have all of the active release: nothing else begins
  bool incomplete = false;        ///< of the active release not all packs are here: it was switched to for its tree
  bool tree_there = false;        ///< of goal_of(), whole
  Activation::Verdict verdict{};  ///< may_activate() of goal_of()
};

/// Nothing to do until something changes.
struct Stay {};
/// Point `current` to the active tree again.
struct PointBack {};
/// Go on with what is pursued: the same content is now this release.
struct Adopt {
  SignedDescriptor release;
};
/// Give up what is pursued. If it failed, its error goes to failed().
struct Drop {};
/// Pursue this, and nothing else.
struct Begin {
  SignedDescriptor release;
};
/// What is pursued becomes active.
struct Activate {};
/// Its tree is here: it becomes active at once, whatever else of it is missing.
struct Switch {
  SignedDescriptor release;
};
/// It could become active if its hook agrees.
struct AskHook {
  SignedDescriptor release;
};
/// With `once`: the newest release is active.
struct Arrived {};
/// An Error: with `once`, give up.
using CourseStep = std::variant<Stay, PointBack, Adopt, Drop, Begin, Activate, Switch, AskHook, Arrived, Error>;

/// For std::visit: what to do for each.
template <typename... Cases>
struct EachStep : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
EachStep(Cases...) -> EachStep<Cases...>;

class Course {
public:
  static constexpr std::chrono::seconds kRetryAfter{5};
  static constexpr unsigned kAttempts = 3;

  /// `once`: come to an end, one way or the other.
  explicit Course(bool once) : once_(once) {}

  [[nodiscard]] CourseStep next(const Wanted& wanted, const Here& here, MonotonicTime now);

  /// How the last look at the share ended.
  void looked(const Result<void>& result);
  /// A step failed, or what was pursued did.
  void failed(const Error& error, MonotonicTime now);
  /// A release became active.
  void arrived() { attempts_ = 0; }

private:
  [[nodiscard]] CourseStep freely(const Wanted& wanted, const Here& here, MonotonicTime now) const;
  [[nodiscard]] CourseStep without_goal(const Wanted& wanted) const;
  [[nodiscard]] CourseStep towards(const SignedDescriptor& goal, const Wanted& wanted, const Here& here,
                                   MonotonicTime now) const;
  [[nodiscard]] CourseStep with_all_of(const SignedDescriptor& goal, const Wanted& wanted, const Here& here,
                                       MonotonicTime now) const;

  bool once_;
  bool looked_ = false;
  std::optional<Error> refused_;  ///< by the last look
  std::optional<Error> given_up_;
  unsigned attempts_ = 0;
  MonotonicTime not_before_{};
};

/// What is staged, else what is published; null: nothing is.
[[nodiscard]] const SignedDescriptor* goal_of(const Wanted& wanted);

}  // namespace swarmout
