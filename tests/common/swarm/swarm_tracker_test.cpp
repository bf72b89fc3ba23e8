// Sessions that know nobody, and find each other at a tracker.

#include "common/swarm/tracker/tracker_server.hpp"
#include "tests/common/swarm/swarm_hosts.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/tcp_server.hpp"

#include <atomic>

namespace swarmout::test {

namespace {

class SwarmTrackerTest : public SwarmTest {
protected:
  std::unique_ptr<TrackerServer> open_tracker(const std::string& address = "127.0.0.1") {
    TrackerSettings settings;
    settings.listen_address = address;
    auto tracker = TrackerServer::open(settings, system_clock());
    EXPECT_THAT(tracker, IsOk());
    return std::move(tracker).value_or(nullptr);
  }
  Host make_tracked(const std::string& name, const std::vector<Endpoint>& trackers, const std::string& address) {
    SwarmSettings settings;
    settings.listen_address = address;
    Host host = make_host(name, settings);
    SwarmContent content;
    content.torrent = torrent_.bytes;
    content.directory = host.directory;
    content.trackers = trackers;
    EXPECT_THAT(host.session->add(content), IsOk());
    return host;
  }
  Host make_tracked(const std::string& name, const std::string& address = "127.0.0.1") {
    return make_tracked(name, {tracker_->endpoint()}, address);
  }
  void serve(const Host& seeder) { tracker_->serve(swarm_key(torrent_.info_hash), seeder.session->endpoint()); }
  /// A seeder that nobody can reach any more.
  void serve_nobody() { tracker_->serve(swarm_key(torrent_.info_hash), {"127.0.0.1", 9}); }
  static std::string scrape(const TrackerServer& tracker) {
    const RawClient client(tracker.endpoint());
    return client.send("GET /scrape HTTP/1.1\r\n\r\n") ? client.answer().value_or("") : "";
  }
  static bool shows(const TrackerServer& tracker, const std::string& text) {
    return scrape(tracker).find(text) != std::string::npos;
  }
  int connected(const Host& host) const { return host.session->status(torrent_.info_hash).connected; }

  std::unique_ptr<TrackerServer> tracker_ = open_tracker();
};

}  // namespace

TEST_F(SwarmTrackerTest, AHostThatKnowsOnlyTheTrackerFetchesEverything) {
  Host seeder = make_seeder();
  serve(seeder);
  Host clone = make_tracked("clone");

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  expect_payload(clone);
}

TEST_F(SwarmTrackerTest, HostsAreNamedToEachOther) {
  serve_nobody();
  Host first = make_tracked("first");
  Host second = make_tracked("second");
  Host third = make_tracked("third");

  EXPECT_TRUE(poll_until({&first, &second, &third},
                         [&] { return connected(first) == 2 && connected(second) == 2 && connected(third) == 2; }));
}

TEST_F(SwarmTrackerTest, AHostThatComesLateFetchesFromThoseThatAreCompleteWithoutTheSeeder) {
  Host first = [&] {
    Host seeder = make_seeder();
    serve(seeder);
    Host clone = make_tracked("first");
    EXPECT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
    EXPECT_TRUE(poll_until({&seeder, &clone}, [&] { return shows(*tracker_, "8:completei2e10:downloadedi1e"); }))
        << "it announces that it is complete";
    return clone;
  }();
  Host late = make_tracked("late");

  ASSERT_TRUE(all_arrive({&first, &late}, {&late}));

  expect_payload(late);
}

TEST_F(SwarmTrackerTest, AHostWithTwoAddressesIsNamedByTheOneItListensOn) {
  serve_nobody();
  Host first = make_tracked("first", "127.0.0.2");
  Host second = make_tracked("second", "127.0.0.3");

  EXPECT_TRUE(poll_until({&first, &second}, [&] { return connected(first) == 1 && connected(second) == 1; }));
}

TEST_F(SwarmTrackerTest, HostsOnIpV6FindEachOther) {
  tracker_ = open_tracker("::1");
  serve_nobody();
  Host first = make_tracked("first", "::1");
  Host second = make_tracked("second", "::1");

  EXPECT_TRUE(poll_until({&first, &second}, [&] { return connected(first) == 1 && connected(second) == 1; }));
}

TEST_F(SwarmTrackerTest, ATrackerThatIsNotThereDoesNoHarm) {
  const Endpoint nobody = tracker_->endpoint();
  tracker_.reset();
  Host seeder = make_seeder();
  Host clone = make_tracked("clone", {nobody}, "127.0.0.1");
  clone.session->connect(torrent_.info_hash, {seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  EXPECT_EQ(clone.count<SwarmFailed>(), 0U);
}

TEST_F(SwarmTrackerTest, AnotherTrackerMayBeNamedLater) {
  Host seeder = make_seeder();
  serve(seeder);
  Host clone = make_clone("clone", {});
  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return !clone.session->status(torrent_.info_hash).checking; }));

  clone.session->set_trackers(torrent_.info_hash, {tracker_->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
}

TEST_F(SwarmTrackerTest, AHostThatEndsInOrderIsForgottenAtOnce) {
  // Only a host that has read the tracker's answer says farewell to it; that it has shows when it connects to the
  // seeder.
  std::atomic<int> met{0};
  const TcpServer seeder([&](int, const std::stop_token&) { ++met; });
  tracker_->serve(swarm_key(torrent_.info_hash), parse_endpoint(seeder.endpoint()).value());
  {
    Host host = make_tracked("host");
    ASSERT_TRUE(poll_until({&host}, [&] { return met > 0 && shows(*tracker_, "10:incompletei1e"); }));
  }

  EXPECT_TRUE(wait_for([&] { return shows(*tracker_, "10:incompletei0e"); }));
}

}  // namespace swarmout::test
