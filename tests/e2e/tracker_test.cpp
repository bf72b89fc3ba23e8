// Hosts that find each other at the leader's tracker, and go on without it.

#include "common/swarm/tracker/tracker_store.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

constexpr std::size_t kSize = 6 * kMiB;

struct Tracked : Fleet {
  Tracked() { write_file(tree() / "noise", noise(kSize)); }
  Path tree() const { return scratch("source"); }
  Process lead(const Options& more = {}, const Environment& environment = {}) {
    return seed(9, "dir:" + tree().native(), more, environment);
  }
  /// Where the leader that has staged something runs its tracker.
  Endpoint tracker() {
    std::string shown;
    EXPECT_TRUE(wait_for([&] {
      const auto leader = status()["leader"];
      shown = leader.is_null() ? "" : leader.value("tracker", "");
      return !shown.empty() && !list_directory(share() / "stage")->empty();
    }));
    return parse_endpoint(shown).value_or(Endpoint{"127.0.0.1", 9});
  }
};

std::string scrape(const Endpoint& tracker) {
  const RawClient client(tracker);
  return client.send("GET /scrape HTTP/1.1\r\n\r\n") ? client.answer().value_or("") : "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST(EndToEnd, HostsFindEachOtherAtTheTrackerWhenTheRegistryIsGone) {
  Tracked fleet;
  Process leader = fleet.lead({"--upload-limit", "1M"});
  const Endpoint tracker = fleet.tracker();
  const Path registry = fleet.share() / "peers";
  std::filesystem::rename(registry, fleet.scratch("registry"));
  write_file(registry, "no directory: nothing can be registered, or looked up");

  Process first = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return has(first.err(), "fetched in"); })) << first.err() << leader.err();
  EXPECT_TRUE(wait_for([&] { return has(scrape(tracker), "8:completei2e"); })) << scrape(tracker);
  Process late = fleet.peer(2);
  ASSERT_TRUE(wait_for([&] { return has(late.err(), "fetched in"); })) << late.err() << leader.err();

  std::filesystem::remove(registry);
  std::filesystem::rename(fleet.scratch("registry"), registry);
  ASSERT_TRUE(wait_for([&] { return fleet.all_equal(2, fleet.tree()); })) << first.err() << late.err() << leader.err();
  std::size_t sent_by_peers = 0;
  EXPECT_TRUE(wait_for([&] {
    sent_by_peers = 0;
    const auto status = fleet.status();
    for (const auto& each : status["peers"]) {
      sent_by_peers += each["uploaded_bytes"].get<std::size_t>();
    }
    return sent_by_peers > kSize / 2;
  })) << "the second host has it from the first, not from the slow leader; sent: "
      << sent_by_peers;
}

TEST(EndToEnd, ALeaderThatDiedWithItsTrackerLeavesTheSwarmAlive) {
  Tracked fleet;
  Process first = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 1; }));
  Process leader = fleet.lead({"--heartbeat", "20ms"}, {{"SWARMOUT_FAILPOINT", "after-commit:kill"}});
  EXPECT_EQ(leader.wait(), 128 + SIGKILL) << leader.err();
  EXPECT_NE(fleet.status()["leader"]["tracker"], "") << "its heartbeat still names the dead tracker";

  Process late = fleet.peer(2);

  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(2, fleet.tree()); })) << first.err() << late.err();
}

TEST(EndToEnd, ALeaderWhoseTrackerPortIsTakenPublishesWithoutATracker) {
  Tracked fleet;
  const TcpServer taken([](int, const std::stop_token&) {});
  const std::string endpoint = taken.endpoint();
  Process peer = fleet.peer(1);
  Process leader = fleet.lead({"--tracker-port", endpoint.substr(endpoint.find(':') + 1)});

  EXPECT_EQ(leader.wait(), 0) << leader.err();

  EXPECT_THAT(leader.err(), testing::HasSubstr("hosts find each other by the share only"));
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(1, fleet.tree()); })) << peer.err();
}

}  // namespace swarmout::test
