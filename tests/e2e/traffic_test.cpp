// Who fetched what from whom, in the words of `status`, `seed`, `peer` and `fetch`.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr Bytes kPayload = 6 * kMiB;

Bytes sum_of(const nlohmann::json& host, const char* key) {
  Bytes sum = host["traffic_others"][key];
  for (const auto& each : host["traffic"]) {
    sum += each[key].get<Bytes>();
  }
  return sum;
}

}  // namespace

TEST(EndToEnd, StatusTellsWhatCameFromWhomAndHowLongItTook) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "noise", noise(kPayload));
  std::vector<Process> peers;
  for (int host = 1; host <= 3; ++host) {
    peers.push_back(fleet.peer(host));
  }
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 3; }));
  Process seed = fleet.seed(9, "dir:" + fleet.scratch("source").native(), {"--upload-limit", "2M", "-v"});
  nlohmann::json leader;
  EXPECT_TRUE(wait_for([&] {
    leader = fleet.status()["leader"];
    return !leader.is_null() && leader.contains("uploaded_bytes") && leader["uploaded_bytes"] > kPayload / 2;
  })) << seed.err();
  EXPECT_EQ(sum_of(leader, "uploaded_bytes"), leader["uploaded_bytes"]);
  EXPECT_GE(leader["offered_bytes"], kPayload);
  EXPECT_GT(leader["copies_sent"], 0.4);
  EXPECT_EQ(leader["line_rate"], 2 * kMiB) << "it may send no more";
  ASSERT_EQ(seed.wait(), 0) << seed.err();

  const auto status = fleet.status();
  ASSERT_EQ(status["peers"].size(), 3U);
  for (const auto& peer : status["peers"]) {
    SCOPED_TRACE(peer.dump());
    const Bytes downloaded = peer["downloaded_bytes"];
    EXPECT_EQ(sum_of(peer, "downloaded_bytes"), downloaded);
    EXPECT_EQ(sum_of(peer, "uploaded_bytes"), peer["uploaded_bytes"]);
    EXPECT_GE(downloaded - peer["duplicate_bytes"].get<Bytes>(), peer["wanted_bytes"]) << "all of it came from others";
    EXPECT_EQ(peer["failed_bytes"], 0);
    EXPECT_GT(peer["first_piece_seconds"], 0);
    EXPECT_LE(peer["first_piece_seconds"], peer["fetched_seconds"]);
  }
  EXPECT_THAT(seed.err(),
              ContainsRegex("MiB sent .* copies.; the slowest had it after .* times the bound at 2.0 MiB/s"));
  for (const Process& peer : peers) {
    EXPECT_THAT(peer.err(),
                ContainsRegex("fetched in .*: 6.* MiB from . hosts?, most of it from 127.0.0.1:.* first piece "
                              "after .* times the bound at 2.0 MiB/s.*0.0 MiB was bad"));
  }
}

TEST(EndToEnd, FetchSaysAtItsEndWhatCameFromWhom) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "noise", noise(kPayload));
  const Process peer = fleet.peer(1);
  ASSERT_EQ(fleet.seed(9, "dir:" + fleet.scratch("source").native()).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return fleet.status()["releases"][0]["active_on"] == 1; })) << peer.err();

  const Finished done = fleet.fetch(2, "latest");

  ASSERT_EQ(done.status, 0) << done.err;
  const auto from = fleet.status()["peers"][0]["endpoint"].get<std::string>();
  EXPECT_THAT(done.err, HasSubstr("MiB from 1 host, most of it from " + from + " (6."));
  EXPECT_EQ(fleet.fetch(2, "latest").err, "") << "nothing is fetched the second time";
}

}  // namespace swarmout::test
