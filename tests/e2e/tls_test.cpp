// A fleet whose swarm is over TLS.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

const Fleet::Options kTls{"--swarm-tls"};

}  // namespace

TEST(EndToEnd, OverTlsAReleaseIsPublishedFollowedAndFetched) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  make_awkward_tree(tree);
  const Process one = fleet.peer(1, kTls);
  const Process two = fleet.peer(2, {}, {{"SWARMOUT_SWARM_TLS", "1"}});

  Process seed = fleet.seed(1, "dir:" + tree.native(), kTls);
  ASSERT_EQ(seed.wait(), 0) << seed.err();
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(2, tree); })) << one.err() << two.err();

  const Finished fetched = fleet.fetch(3, "latest", kTls);
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  const Finished in_the_clear = fleet.fetch(4, "latest");
  EXPECT_EQ(in_the_clear.status, 65);
  EXPECT_THAT(in_the_clear.err, HasSubstr("start this host with --swarm-tls"));
}

TEST(EndToEnd, AReleaseInTheClearIsRefusedByAHostThatWantsTls) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  write_file(tree / "file", "content");
  Process seed = fleet.seed(1, "dir:" + tree.native(), {"--linger", "0s"});
  ASSERT_EQ(seed.wait(), 0) << seed.err();

  const Finished done = fleet.fetch(2, "latest", kTls);
  EXPECT_EQ(done.status, 65);
  EXPECT_THAT(done.err, HasSubstr("seed --swarm-tls"));
}

TEST(EndToEnd, OnceTlsIsTurnedOnTheSameContentIsPublishedAnewForIt) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  write_file(tree / "file", "content");
  const auto seed = [&](Fleet::Options options) {
    options.insert(options.end(), {"--revision", "r", "--hold-off", "0s"});
    Process process = fleet.seed(1, fleet.counted_source(tree), options);
    EXPECT_EQ(process.wait(), 0) << process.err();
  };
  seed({"--linger", "0s"});
  seed({"--linger", "0s"});
  EXPECT_EQ(fleet.invocations(), 1) << "unchanged";

  const Process peer = fleet.peer(1, kTls);
  seed(kTls);

  EXPECT_EQ(fleet.invocations(), 2);
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(1, tree); })) << peer.err();
  seed(kTls);
  EXPECT_EQ(fleet.invocations(), 2) << "unchanged again";
}

TEST(EndToEnd, AnImageFromBeforeTlsGetsItsCertificateByASecondInit) {
  Fleet fleet;
  std::filesystem::remove(fleet.keys() / "swarm.crt");
  std::filesystem::remove(fleet.keys() / "swarm.key");
  Process before = fleet.peer(1, kTls);
  EXPECT_EQ(before.wait(), 66);
  EXPECT_THAT(before.err(), HasSubstr("swarmout init"));

  const Finished init = fleet.command({"init", "--share", fleet.url(), "--keys", fleet.keys()});

  EXPECT_EQ(init.status, 0) << init.err;
  EXPECT_THAT(init.out, HasSubstr("swarm certificate made"));
  EXPECT_THAT(init.out, HasSubstr("decide: swarm-tls=true"));
  EXPECT_THAT(init.out, HasSubstr("was there already in"));
  EXPECT_TRUE(std::filesystem::exists(fleet.keys() / "swarm.key"));
}

}  // namespace swarmout::test
