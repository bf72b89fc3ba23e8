#include "peer/course.hpp"

#include <fmt/format.h>

namespace swarmout {

const SignedDescriptor* goal_of(const Wanted& wanted) {
  return wanted.staged ? &*wanted.staged : wanted.published ? &*wanted.published : nullptr;
}

void Course::looked(const Result<void>& result) {
  refused_.reset();
  if (result) {
    looked_ = true;
  } else if (result.error().code == ErrorCode::refused) {
    refused_ = result.error();
  }
}

void Course::failed(const Error& error, MonotonicTime now) {
  not_before_ = now + kRetryAfter;
  ++attempts_;
  // Nobody makes room, or takes away what is in the way, within seconds.
  if (once_ && (error.code == ErrorCode::cannot_write || attempts_ >= kAttempts)) {
    given_up_ = error;
  }
}

CourseStep Course::next(const Wanted& wanted, const Here& here, MonotonicTime now) {
  CourseStep step = freely(wanted, here, now);
  const bool goes_on = std::holds_alternative<PointBack>(step) || std::holds_alternative<AskHook>(step);
  return here.keeping && !goes_on ? CourseStep(Stay{}) : step;
}

CourseStep Course::freely(const Wanted& wanted, const Here& here, MonotonicTime now) const {
  if (given_up_) {
    return *given_up_;
  }
  if (here.active && here.astray && now >= not_before_) {
    return PointBack{};
  }
  const SignedDescriptor* const goal = goal_of(wanted);
  if (once_ && refused_ && !here.pursuit) {
    return *refused_;
  }
  return goal == nullptr ? without_goal(wanted) : towards(*goal, wanted, here, now);
}

CourseStep Course::without_goal(const Wanted& wanted) const {
  if (!once_ || !looked_) {
    return Stay{};
  }
  if (wanted.foreign && !wanted.newest_word) {
    return *wanted.foreign;  // all that is there may be of a key that is missing here
  }
  return Error{ErrorCode::not_found, "nothing is published yet", "run `swarmout seed` on any host"};
}

/// Its packs are here, and its tree is unpacked.
CourseStep Course::with_all_of(const SignedDescriptor& goal, const Wanted& wanted, const Here& here,
                               MonotonicTime now) const {
  const bool active = here.active == digest_of(goal);  // then it only has to be recorded as whole
  if (here.verdict.kind == Activation::Verdict::Kind::no && !active && once_ && !wanted.staged) {
    return Error{
        ErrorCode::temporary,
        fmt::format("release {} is here and is not activated: {}", goal.descriptor.position.value, here.verdict.why),
        {}};
  }
  if (now < not_before_) {
    return Stay{};
  }
  return active || here.verdict.kind == Activation::Verdict::Kind::yes ? CourseStep(Activate{})
         : here.verdict.kind == Activation::Verdict::Kind::ask         ? CourseStep(AskHook{goal})
                                                                       : CourseStep(Stay{});
}

CourseStep Course::towards(const SignedDescriptor& goal, const Wanted& wanted, const Here& here,
                           MonotonicTime now) const {
  const Digest release = digest_of(goal);
  const bool pursued = here.pursuit && here.pursuit->release == release;
  if (pursued && here.pursuit->state == Pursuit::State::ready) {
    return with_all_of(goal, wanted, here, now);
  }
  if (here.active != release && here.tree_there && now >= not_before_) {
    if (here.verdict.kind == Activation::Verdict::Kind::yes) {
      return Switch{goal};
    }
    if (here.verdict.kind == Activation::Verdict::Kind::ask) {
      return AskHook{goal};
    }
  }
  if (here.pursuit) {
    const Pursuit& pursuit = *here.pursuit;
    const bool failed = pursuit.state == Pursuit::State::failed;
    if (pursued) {
      return failed ? CourseStep(Drop{}) : CourseStep(Stay{});
    }
    // One that only completes the store, for a tree that exists, makes no tree that could become the new release's.
    if (!failed && pursuit.makes_tree && pursuit.info_hash == goal.descriptor.info_hash) {
      return Adopt{goal};
    }
  }
  if (here.active == release && !here.incomplete) {
    // What was pursued instead had been staged, and has come to nothing.
    return here.pursuit ? CourseStep(Drop{}) : once_ && !wanted.staged ? CourseStep(Arrived{}) : CourseStep(Stay{});
  }
  return now >= not_before_ ? CourseStep(Begin{goal}) : CourseStep(Stay{});
}

}  // namespace swarmout
