// Hosts whose etcd does what it is asked, and whose answers are lost by chance on the way back.

#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/nemesis_settings.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace swarmout::test {

TEST(LostReplies, OfAnEtcdMakeNoSecondPublicationAndNoLoserOfAWinner) {
  const auto settings = nemesis_settings();
  std::mt19937_64 random(settings.seed);
  std::atomic<bool> lossy{false};
  std::atomic<int> lost{0};
  EtcdCluster etcd;
  const std::string url = etcd.fresh_url();  // etcd://127.0.0.1:12345/PREFIX
  const std::string upstream = etcd.endpoint(0);
  HttpProxy proxy(static_cast<std::uint16_t>(std::stoi(upstream.substr(upstream.rfind(':') + 1))),
                  [&](const std::string& request, const std::string& answer) {
                    const bool writes = request.find("/v3/kv/txn") != std::string::npos;
                    const bool gone = lossy && random() % (writes ? 2 : 10) == 0;
                    lost += gone ? 1 : 0;
                    return gone ? std::nullopt : std::optional(answer);
                  });
  Fleet fleet("etcd://" + proxy.endpoint() + url.substr(url.rfind('/')));
  make_awkward_tree(fleet.scratch("source"));
  const std::string source = fleet.counted_source(fleet.scratch("source"));
  for (int slot = 1; slot <= 4; ++slot) {
    write_file(fleet.scratch("source") / "README", std::to_string(slot));
    std::vector<Process> seeds;
    lossy = true;
    for (int host = 1; host <= 4; ++host) {
      seeds.push_back(fleet.seed(host, source, {"--slot", std::to_string(slot), "--linger", "0s", "-v"}));
    }
    int published = 0;
    int unsure = 0;
    for (Process& seed : seeds) {
      EXPECT_THAT(seed.wait(), testing::AnyOf(0, 75)) << seed.err();
      published += seed.err().find("PUBLISHED") != std::string::npos ? 1 : 0;
      unsure += seed.err().find("unknown") != std::string::npos ? 1 : 0;
    }
    lossy = false;
    Process undisturbed = fleet.seed(5, source, {"--slot", std::to_string(slot), "--linger", "0s", "--wait"});
    EXPECT_EQ(undisturbed.wait(), 0) << undisturbed.err();
    EXPECT_EQ(fleet.entries("COMMIT"), slot) << "seed " << settings.seed;
    EXPECT_TRUE(published == 1 || (published == 0 && unsure > 0)) << published << " said that they published";
  }
  EXPECT_GT(lost, 10);
  fmt::print("nemesis, etcd: seed {}, {} answers lost, 4 publications checked\n", settings.seed, lost.load());
}

}  // namespace swarmout::test
