// The service under its manager: it says when it is ready, and takes other settings while it runs.

#include "common/base/files.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// What a service manager is: a socket that is told things.
class Manager {
public:
  explicit Manager(Path at) : at_(std::move(at)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    at_.native().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  /// All that was told so far.
  const std::string& told() {
    std::array<char, 4096> text{};
    for (ssize_t got = 0; (got = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT)) > 0;) {
      told_ += std::string(text.data(), static_cast<std::size_t>(got)) + '\n';
    }
    return told_;
  }
  bool was_told(const std::string& word) {
    return wait_for([&] { return told().find(word) != std::string::npos; });
  }

private:
  Path at_;
  Fd socket_;
  std::string told_;
};

class Reload : public testing::Test {
protected:
  Reload() { write_file(fleet_.scratch("source") / "file", "content"); }

  void config(const std::string& text) { write_file(conf_, text); }
  Process service() {
    Process peer =
        fleet_.peer_under({"env", "NOTIFY_SOCKET=" + fleet_.scratch("notify").native(), "WATCHDOG_USEC=400000"}, 1,
                          {"--config", conf_.native()});
    EXPECT_TRUE(wait_for([&] { return !fleet_.status()["peers"].empty(); })) << peer.err();
    return peer;
  }
  Process seed() {
    return fleet_.seed(2, "dir:" + fleet_.scratch("source").native(), {"--slot", "one", "--linger", "60s"});
  }
  bool active() const { return path_exists(fleet_.current(1) / "file"); }

  Fleet fleet_;
  Manager manager_{fleet_.scratch("notify")};
  Path conf_ = fleet_.scratch("swarmout.conf");
};

}  // namespace

/// Nobody reads what the manager is told here.
TEST_F(Reload, SighupLooksAtTheShareAtOnceEvenIfTheManagerHangs) {
  config("[peer]\npoll=1h\n");
  Process peer = service();
  const Process leader = seed();

  EXPECT_TRUE(wait_for([&] {
    peer.signal(SIGHUP);
    return active();
  })) << peer.err();

  EXPECT_TRUE(peer.running());
  EXPECT_THAT(peer.err(), Not(HasSubstr("changed settings")));
}

TEST_F(Reload, SighupTakesChangedSettingsAndTheServiceGoesOn) {
  config("[peer]\npoll=1h\n");
  Process peer = service();
  config("[peer]\npoll=100ms\n");
  peer.signal(SIGHUP);
  ASSERT_TRUE(wait_for([&] { return peer.err().find("changed settings") != std::string::npos; })) << peer.err();
  const Process leader = seed();

  EXPECT_TRUE(wait_for([&] { return active(); })) << peer.err();

  peer.signal(SIGTERM);
  EXPECT_EQ(peer.wait(), 0) << peer.err();
}

TEST_F(Reload, AFileWithAMistakeChangesNothingAndTheLineIsSaid) {
  config("[peer]\npoll=100ms\n");
  Process peer = service();
  config("[peer]\npoll=often\n");
  peer.signal(SIGHUP);
  ASSERT_TRUE(wait_for([&] { return peer.err().find("swarmout.conf:2: poll") != std::string::npos; })) << peer.err();
  const Process leader = seed();

  EXPECT_TRUE(wait_for([&] { return active(); })) << peer.err();
}

/// With a mistake that no look at the file finds.
TEST_F(Reload, SettingsThatItCouldNotBeginWithChangeNothing) {
  config("[peer]\npoll=100ms\n");
  Process peer = service();
  config("[peer]\npoll=100ms\nswarm-tls=true\n");
  ASSERT_TRUE(std::filesystem::remove(fleet_.keys() / "swarm.crt"));
  peer.signal(SIGHUP);
  ASSERT_TRUE(wait_for([&] { return peer.err().find("as they were") != std::string::npos; })) << peer.err();
  const Process leader = seed();

  EXPECT_TRUE(wait_for([&] { return active(); })) << peer.err();
}

TEST_F(Reload, WhatIsTakenBackAtOnceHolds) {
  config("[peer]\npoll=100ms\n");
  Process peer = service();
  for (int i = 0; i < 5; ++i) {
    config("[peer]\npoll=1h\n");
    peer.signal(SIGHUP);
    ASSERT_TRUE(wait_for([&] {  // it was read
      const std::string said = peer.err();
      return std::count(said.begin(), said.end(), '\n') > 2 * i;
    })) << peer.err();
    config("[peer]\npoll=100ms\n");
    peer.signal(SIGHUP);
    ASSERT_TRUE(wait_for([&] {
      const std::string said = peer.err();
      return std::count(said.begin(), said.end(), '\n') > 2 * i + 1;
    })) << peer.err();
  }
  const Process leader = seed();

  EXPECT_TRUE(wait_for([&] { return active(); })) << peer.err();
}

TEST_F(Reload, TheManagerIsToldWhenTheServiceIsReadyAliveReloadsAndStops) {
  config("[peer]\npoll=100ms\n");
  Process peer = service();

  EXPECT_TRUE(manager_.was_told("READY=1"));
  EXPECT_TRUE(manager_.was_told("WATCHDOG=1\nWATCHDOG=1\nWATCHDOG=1"));
  config("[peer]\npoll=200ms\n");
  peer.signal(SIGHUP);
  EXPECT_TRUE(manager_.was_told("RELOADING=1"));
  EXPECT_TRUE(wait_for([&] { return manager_.told().rfind("READY=1") > manager_.told().find("RELOADING=1"); }));
  peer.signal(SIGTERM);
  EXPECT_EQ(peer.wait(), 0);
  EXPECT_TRUE(manager_.was_told("STOPPING=1"));
}

}  // namespace swarmout::test
