// What a host does next, fed by hand: no files, no swarm, no share.

#pragma once

#include "peer/course.hpp"
#include "tests/seeder/election/log_text.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

using namespace std::chrono_literals;

inline SignedDescriptor made_release(std::uint64_t position, const std::string& content = "") {
  SignedDescriptor release = OtherHost::made_up({position}, "r" + std::to_string(position));
  if (!content.empty()) {
    release.descriptor.info_hash = {sha256(content)};
    release.text = encode(release.descriptor);
  }
  return release;
}

inline Pursuit pursuit_of(const SignedDescriptor& release, Pursuit::State state, bool makes_tree = true) {
  return {digest_of(release), release.descriptor.info_hash, state, makes_tree};
}

/// The name of the step, and of the release that it is about.
inline std::string spelt(const CourseStep& step) {
  struct Spell {
    std::string operator()(const Stay&) const { return "stay"; }
    std::string operator()(const PointBack&) const { return "point back"; }
    std::string operator()(const Adopt& adopt) const { return "adopt " + adopt.release.descriptor.revision; }
    std::string operator()(const Drop&) const { return "drop"; }
    std::string operator()(const Begin& begin) const { return "begin " + begin.release.descriptor.revision; }
    std::string operator()(const Activate&) const { return "activate"; }
    std::string operator()(const Switch& step) const { return "switch to " + step.release.descriptor.revision; }
    std::string operator()(const AskHook& step) const { return "ask about " + step.release.descriptor.revision; }
    std::string operator()(const Arrived&) const { return "arrived"; }
    std::string operator()(const Error& error) const {
      return "give up " + std::to_string(static_cast<int>(error.code));
    }
  };
  return std::visit(Spell{}, step);
}

/// By what is published alone.
inline Activation::Verdict verdict_on(const Wanted& wanted) {
  const SignedDescriptor* const goal = goal_of(wanted);
  if (goal == nullptr) {
    return {};
  }
  Activation::Facts facts{digest_of(*goal), std::nullopt};
  if (wanted.published) {
    facts.published = digest_of(*wanted.published);
  }
  return may_activate(facts);
}

class CourseTest : public testing::Test {
protected:
  std::string next() {
    if (by_what_is_published_) {
      here_.verdict = verdict_on(wanted_);
    }
    return spelt(course_.next(wanted_, here_, now_));
  }
  void rule(Activation::Verdict::Kind kind) {
    here_.verdict = {kind, "because"};
    by_what_is_published_ = false;
  }
  void looked() { course_.looked({}); }

  Wanted wanted_;
  Here here_;
  bool by_what_is_published_ = true;
  MonotonicTime now_{1h};
  Course course_{false};
  const SignedDescriptor one_ = made_release(1);
  const SignedDescriptor two_ = made_release(2);
};

}  // namespace swarmout::test
