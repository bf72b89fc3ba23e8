// One gatekeeper with real orders and hooks, a clock that is moved by hand, and two releases.

#pragma once

#include "peer/gatekeeper.hpp"
#include "tests/peer/fetch/following.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace swarmout::test {

class GatekeeperTest : public testing::Test {
protected:
  void SetUp() override {
    options_.state = dir_ / "state";
    options_.hook_timeout = std::chrono::seconds(30);
    ASSERT_OK(make_directories(options_.state));
    ASSERT_OK(make_directories(one_tree_));
    ASSERT_OK(make_directories(two_tree_));
    wanted_.published = two_;
    restart();
  }
  void restart() {
    gate_.reset();
    gate_ = std::make_unique<Gatekeeper>(options_, clock_, troubles_, narrate_);
    look();
  }
  void look() { gate_->look(wanted_, fleet_trust(), here_); }
  Activation::Verdict::Kind verdict() {
    look();
    const Wanted aims = gate_->aims(wanted_, here_);
    return gate_->verdict(*goal_of(aims), aims, here_).kind;
  }
  void ask() { gate_->ask(two_, two_tree_, here_); }
  void go_to_two() {
    ASSERT_OK(gate_->switching(two_, here_));
    here_ = {&two_, true, two_tree_};
    gate_->switched(two_, two_tree_);
  }
  bool settles() {
    return wait_for([&] {
      look();
      return !gate_->busy();
    });
  }
  std::string held_back() { return gate_->held_back(wanted_, here_).why; }
  bool passing() { return gate_->held_back(wanted_, here_).passing; }
  std::string lines_of(const char* file) { return read_file(dir_ / file, kKiB).value_or(""); }
  Result<void> say_activate(const std::string& release = "", bool again = false) {
    return save_go_once(options_.state, {release, again, "root", "today"});
  }

  TempDir dir_;
  FakeClock clock_;
  PeerOptions options_;
  std::vector<std::string> said_;
  Narrator narrate_ = [this](const std::string& line) { said_.push_back(line); };
  Troubles troubles_{clock_, [](Troubles::Line, const std::string&) {}};
  const SignedDescriptor one_ = Signer().release(Position{2}, "revision-1");
  const SignedDescriptor two_ = Signer().release(Position{4}, "revision-2");
  const Path one_tree_ = dir_ / "one";
  const Path two_tree_ = dir_ / "two";
  Wanted wanted_;
  OnThisHost here_{&one_, true, one_tree_};
  std::unique_ptr<Gatekeeper> gate_;
};

}  // namespace swarmout::test
