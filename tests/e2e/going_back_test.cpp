// A bad release, and the way back: real processes.

#include "tests/e2e/fleet.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

int count_of(const std::string& text, const std::string& what) {
  int count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

/// Two releases, 2 ("good") and 4 ("bad"), and hosts that have both.
class GoingBack : public testing::Test {
protected:
  explicit GoingBack(std::string etcd = "") : fleet_(std::move(etcd)) {}

  void start(int hosts, const Fleet::Options& options = {}) {
    for (int host = 1; host <= hosts; ++host) {
      peers_.push_back(fleet_.peer(host, options));
    }
    ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == static_cast<std::size_t>(hosts); }));
  }
  void publish(const std::string& content) {
    write_file(tree_ / "file", content);
    write_file(tree_ / "of" / content, content);
    std::filesystem::remove_all(tree_ / "of" / (content == "good" ? "bad" : "good"));
    const std::string slot = "slot " + std::to_string(++slots_);
    Process seed = fleet_.seed(1, source(), {"--slot", slot, "--linger", "0s"});
    ASSERT_EQ(seed.wait(), 0) << seed.err();
  }
  void publish_both(int hosts) {
    publish("good");
    ASSERT_TRUE(all_have(hosts, "good"));
    publish("bad");
    ASSERT_TRUE(all_have(hosts, "bad"));
  }
  bool has(int host, const std::string& content) {
    return read_file(fleet_.current(host) / "file", kKiB).value_or("") == content;
  }
  bool all_have(int hosts, const std::string& content) {
    return wait_for([&] {
      for (int host = 1; host <= hosts; ++host) {
        if (!has(host, content)) {
          return false;
        }
      }
      return true;
    });
  }
  std::string source() { return fleet_.counted_source(tree_); }
  Finished steer(const std::string& verb, const Fleet::Options& more = {}) {
    Fleet::Options arguments{verb, "--share", fleet_.url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return fleet_.command(arguments);
  }
  Finished here(const std::string& verb, int host, const Fleet::Options& more = {}) {
    Fleet::Options arguments{
        verb, "--host", "--state", fleet_.state(host).native(), "--dest", fleet_.dest(host).native()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return fleet_.command(arguments);
  }
  void restart_all() {
    const std::size_t hosts = peers_.size();
    for (Process& each : peers_) {
      each.signal(SIGKILL);
      each.wait();
    }
    peers_.clear();
    start(static_cast<int>(hosts));
  }

  Fleet fleet_;
  const Path tree_ = fleet_.scratch("source");
  std::vector<Process> peers_;
  int slots_ = 0;
};

class GoingBackOnEtcd : public GoingBack {
protected:
  GoingBackOnEtcd() : GoingBack(etcd().fresh_url()) {}
  static EtcdCluster& etcd() {
    static EtcdCluster cluster;
    return cluster;
  }
};

}  // namespace

TEST_F(GoingBack, ARollbackSticksUntilItIsResumed) {
  constexpr int kHosts = 5;
  start(kHosts);
  publish_both(kHosts);

  const Finished back = steer("rollback", {"--reason", "the bad one is bad"});
  EXPECT_EQ(back.status, 0) << back.err;
  EXPECT_THAT(back.out, AllOf(HasSubstr("back from release 4 on release 2"), HasSubstr("5 of 5 live hosts")));
  for (int host = 1; host <= kHosts; ++host) {
    EXPECT_TRUE(has(host, "good")) << host << ": that was waited for";
  }
  for (const Process& each : peers_) {
    EXPECT_EQ(count_of(each.err(), "release 2: fetched"), 1) << "nothing was fetched again: " << each.err();
    EXPECT_THAT(each.err(), HasSubstr("its tree was here"));
  }

  write_file(tree_ / "file", "newer");
  const int exports = fleet_.invocations();
  Process next = fleet_.seed(2, source(), {"--slot", "the next one"});
  EXPECT_EQ(next.wait(), 0) << next.err();
  EXPECT_THAT(next.out() + next.err(), IsEmpty()) << "cron would mail that";
  Process told = fleet_.seed(2, source(), {"--slot", "the next one", "--verbose"});
  EXPECT_EQ(told.wait(), 0);
  EXPECT_THAT(told.err(), AllOf(HasSubstr("held on release 2"), HasSubstr("the bad one is bad")));
  EXPECT_EQ(fleet_.invocations(), exports);

  const auto status = fleet_.status();
  EXPECT_EQ(status["current"], 2);
  EXPECT_EQ(status["hold"]["reason"], "the bad one is bad");
  EXPECT_EQ(status["hold"]["release"], 2);
  for (const auto& each : status["peers"]) {
    EXPECT_EQ(each["release"], 2);
    EXPECT_THAT(each["holds"].get<std::vector<int>>(), testing::UnorderedElementsAre(2, 4));
  }

  peers_.push_back(fleet_.peer(kHosts + 1));
  ASSERT_TRUE(all_have(kHosts + 1, "good")) << "a new host gets the old release";
  restart_all();
  Process again = fleet_.seed(3, source(), {"--slot", "after the restart"});
  EXPECT_EQ(again.wait(), 0);
  EXPECT_TRUE(wait_for([&] {
    const auto now = fleet_.status();
    return std::all_of(now["peers"].begin(), now["peers"].end(), [](const auto& each) { return each["release"] == 2; });
  }));
  EXPECT_TRUE(all_have(kHosts + 1, "good"));

  EXPECT_EQ(steer("resume").status, 0);
  EXPECT_TRUE(all_have(kHosts + 1, "good")) << "until something is published";
  Process resumed = fleet_.seed(2, source(), {"--slot", "the next one", "--linger", "0s"});
  EXPECT_EQ(resumed.wait(), 0) << resumed.err();
  EXPECT_TRUE(all_have(kHosts + 1, "newer"));

  const Finished history = steer("history", {"--json"});
  EXPECT_EQ(history.status, 0) << history.err;
  std::vector<std::string> events;
  for (const auto& each : nlohmann::json::parse(history.out)) {
    events.push_back(each["event"]);
  }
  EXPECT_THAT(events, testing::ElementsAre("published", "resumed", "rolled back", "published", "published"));
  EXPECT_THAT(steer("history").out, HasSubstr("the bad one is bad"));
}

TEST_F(GoingBack, WhoIsAtWorkWhenTheHoldComesDoesNotPublish) {
  start(1);
  publish("good");
  Process worker = fleet_.seed(1, "tar:sleep 1000", {"--slot", "long", "--revision", "r9"});
  ASSERT_TRUE(wait_for([&] { return fleet_.entries("CLAIM") == 2; }));

  const Finished held = steer("hold", {"--reason", "wait for the weekend"});

  EXPECT_EQ(held.status, 0) << held.err;
  EXPECT_THAT(held.out, AllOf(HasSubstr("held on release 2"), HasSubstr("epoch 3")));
  EXPECT_EQ(worker.wait(), 75) << worker.err();
  EXPECT_THAT(worker.err(), HasSubstr("taken over"));
  EXPECT_EQ(fleet_.status()["releases"].size(), 1U);
}

TEST_F(GoingBack, WhatCannotBeGoneBackToIsRefused) {
  EXPECT_EQ(steer("rollback", {"--reason", "x"}).status, 66) << "nothing is published";
  EXPECT_EQ(steer("hold", {"--reason", "x"}).status, 66);
  publish("good");
  EXPECT_EQ(steer("rollback", {"--reason", "x"}).status, 66) << "there is none before";
  EXPECT_EQ(steer("rollback", {"--to", "99", "--reason", "x"}).status, 66);
  EXPECT_EQ(steer("rollback", {"--to", "2"}).status, 64) << "without a reason";
  EXPECT_EQ(steer("hold", {"--reason", std::string(201, 'x')}).status, 64);
  EXPECT_EQ(fleet_.command({"hold", "--reason", "x"}).status, 64) << "neither a share nor --host";
  publish("bad");
  for (const auto& each : std::filesystem::directory_iterator(fleet_.share() / "torrents")) {
    if (each.path().filename().native().starts_with("00000002")) {
      std::filesystem::remove(each.path());
    }
  }
  const Finished nowhere = steer("rollback", {"--reason", "x", "--wait", "0s"});
  EXPECT_EQ(nowhere.status, 69) << nowhere.out;
  EXPECT_THAT(nowhere.err, HasSubstr("its torrent is gone"));
  EXPECT_EQ(fleet_.entries("COMMIT"), 2);
  EXPECT_EQ(steer("rollback", {"--reason", "x", "--wait", "0s", "--force"}).status, 0);
  EXPECT_EQ(fleet_.entries("COMMIT"), 3);
}

TEST_F(GoingBack, AHostWithoutTheTreeFetchesIt) {
  start(1);
  publish_both(1);
  peers_.push_back(fleet_.peer(2));  // has only the newest
  ASSERT_TRUE(all_have(2, "bad"));

  const Finished back = steer("rollback", {"--reason", "bad"});

  EXPECT_EQ(back.status, 0) << back.err << peers_[1].err();
  EXPECT_TRUE(all_have(2, "good"));
}

TEST_F(GoingBack, LaggardsAreNamed) {
  start(2);
  publish_both(2);
  peers_[1].signal(SIGSTOP);

  const Finished back = steer("rollback", {"--reason", "bad", "--wait", "2s"});

  EXPECT_EQ(back.status, 75);
  EXPECT_THAT(back.out, AllOf(HasSubstr("1 of 2 live hosts are on release 2"), HasSubstr("not yet, after 2.0 s: ")));
  peers_[1].signal(SIGCONT);
  EXPECT_TRUE(all_have(2, "good"));
}

TEST_F(GoingBackOnEtcd, ARollbackSticks) {
  start(2);
  publish_both(2);

  EXPECT_EQ(steer("rollback", {"--reason", "bad"}).status, 0);

  EXPECT_TRUE(all_have(2, "good"));
  Process next = fleet_.seed(2, source(), {"--slot", "the next one"});
  EXPECT_EQ(next.wait(), 0);
  EXPECT_THAT(next.out() + next.err(), IsEmpty());
  EXPECT_EQ(fleet_.status()["current"], 2);
}

// One host.

TEST_F(GoingBack, OneHostGoesBackAloneAndSaysSo) {
  start(2);
  publish_both(2);

  const Finished back = here("rollback", 1, {"--reason", "only here"});
  EXPECT_EQ(back.status, 0) << back.err;
  EXPECT_TRUE(wait_for([&] { return has(1, "good"); }));
  EXPECT_TRUE(has(2, "bad"));
  EXPECT_TRUE(wait_for([&] {
    const auto status = fleet_.status();
    return std::count_if(status["peers"].begin(), status["peers"].end(), [](const auto& each) {
             return each["held_back"].template get<std::string>().find("only here") != std::string::npos;
           }) == 1;
  }));
  publish("newest");
  EXPECT_TRUE(wait_for([&] { return has(2, "newest"); }));
  restart_all();
  EXPECT_TRUE(wait_for([&] { return has(1, "good"); }));

  for (Process& each : peers_) {  // also while no service runs
    each.signal(SIGTERM);
    each.wait();
  }
  EXPECT_EQ(here("resume", 1).status, 0);
  peers_.clear();
  start(2);

  EXPECT_TRUE(all_have(2, "newest"));
  EXPECT_THAT(here("resume", 1).out, HasSubstr("was not held"));
}

TEST_F(GoingBack, AHostThatIsHeldWhereItIsStays) {
  start(1);
  publish("good");
  ASSERT_TRUE(all_have(1, "good"));
  EXPECT_EQ(here("hold", 1, {"--reason", "I look at something"}).status, 0);
  publish("bad");

  std::this_thread::sleep_for(1s);  // ten looks
  EXPECT_TRUE(has(1, "good"));
  EXPECT_EQ(here("resume", 1).status, 0);
  EXPECT_TRUE(all_have(1, "bad"));
}

// When it becomes active.

TEST_F(GoingBack, AHostThatWaitsForAPersonFetchesMeanwhile) {
  start(1);
  publish("good");
  ASSERT_TRUE(all_have(1, "good"));
  peers_[0].signal(SIGTERM);
  peers_[0].wait();
  peers_.clear();
  start(1, {"--activate", "hold"});
  publish("bad");
  EXPECT_TRUE(wait_for([&] {
    const auto peer = fleet_.status()["peers"][0];
    return peer["target"] == 4 && peer["complete"] == true && peer["held_back"] != "";
  }));
  EXPECT_TRUE(has(1, "good"));

  EXPECT_EQ(fleet_.command({"activate", "--state", fleet_.state(1).native()}).status, 0);

  EXPECT_TRUE(all_have(1, "bad"));
}

TEST_F(GoingBack, AHookRefusesABadReleaseOnItsHostOnly) {
  const std::string hooks = fleet_.scratch("hooks").native();
  peers_.push_back(fleet_.peer(
      1,
      {"--exec-before-activate",
       "echo about $SWARMOUT_RELEASE; tr '\\0' ';' < ${SWARMOUT_CHANGED:-/dev/null}; grep -q good file",
       "--exec-after-activate", "echo $SWARMOUT_RELEASE $(readlink " + fleet_.current(1).native() + ") >> " + hooks}));
  peers_.push_back(fleet_.peer(2));
  publish("good");
  ASSERT_TRUE(all_have(2, "good"));
  publish("bad");

  EXPECT_TRUE(wait_for([&] { return has(2, "bad"); }));
  EXPECT_TRUE(wait_for([&] {
    const auto status = fleet_.status();
    return std::any_of(status["peers"].begin(), status["peers"].end(), [](const auto& each) {
      return each["trouble"].template get<std::string>().find("its hook refused it") != std::string::npos &&
             each["held_back"].template get<std::string>().find("its hook refused it") != std::string::npos;
    });
  }));
  EXPECT_TRUE(has(1, "good"));
  EXPECT_EQ(read_file(fleet_.state(1) / "hooks/before-activate", kKiB).value_or(""),
            "about 4\nM file;A of/bad;D of/good;");
  publish("good");
  EXPECT_TRUE(all_have(2, "good")) << "another release, another chance";
  EXPECT_TRUE(wait_for([&] { return count_of(read_file(hooks, kKiB).value_or(""), "\n") == 2; }));
  EXPECT_THAT(read_file(hooks, kKiB).value_or(""),
              AllOf(HasSubstr("2 releases/00000002"), HasSubstr("6 releases/00000006"), Not(HasSubstr("\n4 "))));
}

}  // namespace swarmout::test
