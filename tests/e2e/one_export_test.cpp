// What a source control server sees of a fleet: twenty hosts whose cron fires in the same second are one client.

#include "tests/e2e/fleet.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

constexpr int kHosts = 20;

class OneExport : public testing::Test {
protected:
  void shell(const std::string& script) {
    const Finished done =
        run({{"sh", "-ec", "cd \"$1\"; " + script, "sh", dir_.native()}, {{"HOME", dir_.native()}, {"HGRCPATH", ""}}},
            fleet_.scratch("shell." + std::to_string(++runs_)));
    ASSERT_EQ(done.status, 0) << done.err;
  }
  /// Until somebody listens there.
  void wait_for_port() const {
    EXPECT_TRUE(wait_for([&] {
      return run({{"bash", "-c", fmt::format("exec 3<>/dev/tcp/127.0.0.1/{}", port_)}, {}}, fleet_.scratch("port"))
                 .status == 0;
    }));
  }
  void publish(const std::string& source, const std::string& slot) {
    std::vector<Process> seeds;
    for (int host = 1; host <= kHosts; ++host) {
      seeds.push_back(fleet_.seed(host, source, {"--slot", slot, "--linger", "0s", "--heartbeat", "2s"}));
    }
    for (Process& each : seeds) {
      EXPECT_EQ(each.wait(), 0) << each.err();
    }
  }
  /// How often the log of the server has these words.
  static int times(const std::string& log, const std::string& words) {
    int count = 0;
    for (std::size_t at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) {
      ++count;
    }
    return count;
  }
  std::string log_file() const { return read_file(dir_ / "log", 16 * kMiB).value_or(""); }

  Fleet fleet_;
  Path dir_ = fleet_.scratch("served");
  std::uint16_t port_ = free_port();

private:
  int runs_ = 0;
};

}  // namespace

TEST_F(OneExport, GitDaemonIsAskedOnceForItsNamesAndOnceForACommit) {
  write_file(dir_ / "product/file", "first");
  shell(
      "git init -q -b main product; git -C product add .; git -C product -c user.name=a -c user.email=a commit -q -m "
      "1");
  const Process server({{"git", "daemon", "--verbose", "--export-all", "--reuseaddr", "--listen=127.0.0.1",
                         fmt::format("--port={}", port_), "--base-path=" + dir_.native(), dir_.native()},
                        {}},
                       fleet_.scratch("daemon"));
  wait_for_port();

  publish(fmt::format("git+git://127.0.0.1:{}/product#main", port_), "one");

  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
  EXPECT_EQ(times(server.err(), "Request upload-pack"), 2) << server.err();
}

TEST_F(OneExport, SvnserveIsAskedOnceWhatIsNewAndOnceForATree) {
  write_file(dir_ / "product/file", "first");
  shell("svnadmin create repository; svn import -q -m 1 product \"file://$PWD/repository/trunk\"");
  const Process server({{"svnserve", "--daemon", "--foreground", "--listen-host", "127.0.0.1", "--listen-port",
                         std::to_string(port_), "--root", dir_.native(), "--log-file", (dir_ / "log").native()},
                        {}},
                       fleet_.scratch("svnserve"));
  wait_for_port();

  publish(fmt::format("svn+svn://127.0.0.1:{}/repository/trunk", port_), "one");

  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
  EXPECT_EQ(times(log_file(), " checkout-or-export /"), 1) << log_file();
  EXPECT_LE(times(log_file(), " open "), 3) << log_file();
}

TEST_F(OneExport, HgServeIsAskedOnceForChangesets) {
  write_file(dir_ / "product/file", "first");
  shell("hg init product; hg -R product commit -q -A -m 1 -u a");
  const Process server({{"hg", "--cwd", dir_.native(), "-R", "product", "serve", "--address", "127.0.0.1", "--port",
                         std::to_string(port_), "--accesslog", (dir_ / "log").native()},
                        {{"HGRCPATH", ""}}},
                       fleet_.scratch("serve"));
  wait_for_port();

  publish(fmt::format("hg+http://127.0.0.1:{}/", port_), "one");

  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
  EXPECT_EQ(times(log_file(), "cmd=getbundle"), 1) << log_file();
}

}  // namespace swarmout::test
