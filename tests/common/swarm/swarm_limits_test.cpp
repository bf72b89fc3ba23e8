// What a host may send and receive, with how many others, and how that is marked.

#include "tests/common/swarm/swarm_hosts.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>

namespace swarmout::test {

namespace {

using Steady = std::chrono::steady_clock;

class SwarmLimitsTest : public SwarmTest {
protected:
  /// Fetches all of it from a seeder. A limit of 1 MiB a second makes that last 2 s; a second is asserted.
  void fetch_slowly(const SwarmSettings& seeding, const SwarmSettings& fetching, const RateLimits& of_release = {}) {
    Host seeder = make_seeder(seeding);
    ASSERT_TRUE(all_arrive({&seeder}, {&seeder}));
    Host clone = make_host("clone", fetching);
    SwarmContent content{torrent_.bytes, clone.directory, {}, false, {seeder.session->endpoint()}};
    content.limits = of_release;
    const auto begin = Steady::now();
    ASSERT_THAT(clone.session->add(content), IsOk());
    ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
    EXPECT_GE(Steady::now() - begin, std::chrono::seconds(1)) << "2 MiB at 1 MiB a second";
  }
};

/// The mark on each connection of this process in which `port` is one end.
std::set<int> marks_on(std::uint16_t port) {
  std::set<int> marks;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    const std::string name = each.path().filename();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    sockaddr_in here{};
    sockaddr_in there{};
    socklen_t size = sizeof here;
    const bool connected = ::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) == 0 &&
                           ::getpeername(fd, reinterpret_cast<sockaddr*>(&there), &size) == 0 &&
                           here.sin_family == AF_INET;
    if (connected && (ntohs(here.sin_port) == port || ntohs(there.sin_port) == port)) {
      int tos = -1;
      size = sizeof tos;
      EXPECT_EQ(::getsockopt(fd, IPPROTO_IP, IP_TOS, &tos, &size), 0);
      marks.insert(tos >> 2);
    }
  }
  return marks;
}

}  // namespace

TEST_F(SwarmLimitsTest, AnUploadLimitBindsOnTheLoopbackInterfaceToo) {
  SwarmSettings settings;
  settings.limits.upload = kMiB;
  fetch_slowly(settings, {});
}

TEST_F(SwarmLimitsTest, ADownloadLimitBindsOnTheLoopbackInterfaceToo) {
  SwarmSettings settings;
  settings.limits.download = kMiB;
  fetch_slowly({}, settings);
}

TEST_F(SwarmLimitsTest, TheLimitOfAReleaseBindsWhereTheHostHasNone) {
  fetch_slowly({}, {}, {0, kMiB});
}

TEST_F(SwarmLimitsTest, TheHostsOwnLimitBindsWhereThatOfTheReleaseIsHigher) {
  SwarmSettings settings;
  settings.limits.download = kMiB;
  fetch_slowly({}, settings, {0, 100 * kMiB});
}

TEST_F(SwarmLimitsTest, TheLimitOfAReleaseCanBeLifted) {
  Host seeder = make_seeder();
  Host clone = make_host("clone");
  SwarmContent content{torrent_.bytes, clone.directory, {}, false, {seeder.session->endpoint()}};
  content.limits.download = kKiB;  // half an hour
  ASSERT_THAT(clone.session->add(content), IsOk());
  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return clone.session->status(torrent_.info_hash).connected > 0; }));

  clone.session->set_limits(torrent_.info_hash, {});

  EXPECT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
}

TEST_F(SwarmLimitsTest, AHostHasNoMoreConnectionsThanItMayAndStillGetsEverything) {
  Host seeder = make_seeder();
  Host other = make_clone("other", {seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &other}, {&other}));
  SwarmSettings settings;
  settings.max_connections = 1;
  settings.limits.download = 2 * kMiB;  // so that it lasts while we look
  Host clone = make_host("clone", settings);
  add(clone, {}, {seeder.session->endpoint(), other.session->endpoint()});
  int most = 0;

  EXPECT_TRUE(poll_until({&seeder, &other, &clone}, [&] {
    most = std::max(most, clone.session->status(torrent_.info_hash).connected);
    return clone.has_all();
  }));

  EXPECT_EQ(most, 1);
}

TEST_F(SwarmLimitsTest, WhatIsSentIsMarkedOnBothEnds) {
  SwarmSettings settings;
  settings.dscp = 8;
  settings.limits.upload = 100 * kKiB;  // so that it lasts while we look
  Host seeder = make_seeder(settings);
  Host clone = make_host("clone", settings);
  add(clone, {}, {seeder.session->endpoint()});

  EXPECT_TRUE(poll_until({&seeder, &clone}, [&] { return clone.session->status(torrent_.info_hash).downloaded > 0; }));

  EXPECT_THAT(marks_on(seeder.session->endpoint().port), testing::ElementsAre(8));
}

TEST_F(SwarmLimitsTest, WhatIsSentIsOfLowerEffortIfNothingElseIsSaid) {
  SwarmSettings settings;
  settings.limits.upload = 100 * kKiB;
  Host seeder = make_seeder(settings);
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  EXPECT_TRUE(poll_until({&seeder, &clone}, [&] { return clone.session->status(torrent_.info_hash).downloaded > 0; }));

  EXPECT_THAT(marks_on(seeder.session->endpoint().port), testing::ElementsAre(kLowerEffort));
}

}  // namespace swarmout::test
