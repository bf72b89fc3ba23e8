// The configuration file and the environment, as the real program takes them.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

}  // namespace

TEST(Configuration, ASourceWithSignsThatOthersTakeForCommentsIsTakenWhole) {
  Fleet fleet;
  write_file(fleet.scratch("a; b") / "file", "content");
  const Path config = fleet.scratch("conf");
  write_file(config, "share=" + fleet.share().native() + "\nkeys=" + fleet.keys().native() +
                         "\nstate=" + fleet.state(1).native() + "\nlisten=127.0.0.1\n[seed]\nsource=tar:cd \"" +
                         fleet.scratch("a; b").native() +
                         "\" && tar -cf - --exclude='x#y,z' .  # all of it\nsplay=0\nlinger=0\n");
  const Finished seeded = fleet.command({"seed", "--config", config});
  ASSERT_EQ(seeded.status, 0) << seeded.err;
  EXPECT_EQ(fleet.entries("COMMIT"), 1);
}

TEST(Configuration, AListOfEtcdEndpointsIsAnEtcd) {
  Fleet fleet;
  const Path config = fleet.scratch("conf");
  write_file(config, "share=etcd://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/fleet\n");
  const Finished shown = fleet.command({"status", "--config", config});
  EXPECT_EQ(shown.status, 75) << shown.err;
}

TEST(Configuration, WhatIsWrongIsNamedWithItsPlaceAndIs64) {
  Fleet fleet;
  const std::string config = fleet.scratch("conf");
  write_file(config, "share=/x\n[sed]\n");
  const Finished section = fleet.command({"status", "--config", config});
  EXPECT_EQ(section.status, 64);
  EXPECT_THAT(section.err, AllOf(HasSubstr("conf:2:"), HasSubstr("[seed]")));
  const Finished variable = fleet.command({"status", "--share", "/x"}, {{"SWARMOUT_SHARE_TIMEOUT", "soon"}});
  EXPECT_EQ(variable.status, 64);
  EXPECT_THAT(variable.err, AllOf(HasSubstr("SWARMOUT_SHARE_TIMEOUT"), HasSubstr("soon")));
  const Finished option = fleet.command({"seed", "--heartbeet", "5s"});
  EXPECT_EQ(option.status, 64);
  EXPECT_THAT(option.err, HasSubstr("no option --heartbeet; did you mean --heartbeat?"));
}

}  // namespace swarmout::test
