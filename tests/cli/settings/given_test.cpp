#include "cli/settings/given.hpp"

#include "tests/cli/settings/two_verbs.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

}  // namespace

TEST(Given, WhatStandsAtTheTopOfTheFileIsForAllVerbsThatHaveIt) {
  TwoVerbs command;
  ASSERT_EQ(command.config_error("share=/top\nkeep=7\n"), "");
  EXPECT_EQ(command.share, "/top");
  EXPECT_EQ(command.reap_share, "/top");
  EXPECT_EQ(command.keep, 7u);
}

TEST(Given, ASectionOverridesTheTop) {
  TwoVerbs command;
  ASSERT_EQ(command.config_error("share=/top\n[reap]\nshare=/reap\n"), "");
  EXPECT_EQ(command.share, "/top");
  EXPECT_EQ(command.reap_share, "/reap");
}

TEST(Given, AKeyThatNobodyHasIsAnErrorThatNamesTheNearest) {
  TwoVerbs command;
  EXPECT_THAT(command.config_error("\nshair=/x\n"), AllOf(HasSubstr("conf:2:"), HasSubstr("did you mean share?")));
  EXPECT_THAT(command.config_error("[sow]\nlingre=1s\n"), AllOf(HasSubstr("conf:2:"), HasSubstr("mean linger?")));
  EXPECT_THAT(command.config_error("zzzzzzzz=1\n"), AllOf(HasSubstr("conf:1:"), Not(HasSubstr("did you mean"))));
}

TEST(Given, AKeyOfAnotherVerbIsAnErrorThatSaysWhereItBelongs) {
  TwoVerbs command;
  EXPECT_THAT(command.config_error("[reap]\nlinger=1s\n"),
              AllOf(HasSubstr("conf:2:"), HasSubstr("reap has no setting linger"), HasSubstr("[sow]")));
}

TEST(Given, ASectionOfNoVerbIsAnErrorEvenIfItIsEmpty) {
  TwoVerbs command;
  EXPECT_THAT(command.config_error("share=/x\n[sew]\n"), AllOf(HasSubstr("conf:2:"), HasSubstr("did you mean [sow]?")));
}

TEST(Given, ABadValueNamesFileLineValueAndWhatIsAllowed) {
  TwoVerbs command;
  EXPECT_THAT(command.config_error("[sow]\nlinger=ten\n"),
              AllOf(HasSubstr("conf:2: linger: \"ten\""), HasSubstr("a duration from 10ms on")));
  EXPECT_THAT(command.config_error("swarm-tls=maybe\n"), AllOf(HasSubstr("conf:1:"), HasSubstr("true or false")));
  EXPECT_THAT(command.config_error("keep=101\n"), HasSubstr("a number from 1 to 100"));
  EXPECT_THAT(command.config_error("share=\n"), HasSubstr("conf:1:"));
}

TEST(Given, WhatIsForOneRunOnlyIsNotTakenFromTheFile) {
  TwoVerbs command;
  EXPECT_THAT(command.config_error("force=true\n"), HasSubstr("command line only"));
}

TEST(Given, AFlagHoldsBeforeTheEnvironmentAndThatBeforeTheFile) {
  TempDir temp;
  const std::string file = temp / "conf";
  write_file(file, "linger=1s\n[sow]\nlinger=2s\nshare=/file\n");
  TwoVerbs command;
  ASSERT_EQ(command.take_error({"--config", file, "sow"}), "");
  EXPECT_EQ(command.linger, 2s);
  command.environment = {{"SWARMOUT_LINGER", "3s"}, {"SWARMOUT_KEEP", "not looked at: of another verb"}};
  ASSERT_EQ(command.take_error({"--config", file, "sow"}), "");
  EXPECT_EQ(command.linger, 3s);
  ASSERT_EQ(command.take_error({"sow", "--config", file, "--linger", "4s"}), "");
  EXPECT_EQ(command.linger, 4s);
  EXPECT_EQ(command.share, "/file");
}

TEST(Given, ABadVariableIsAnErrorThatNamesItAlsoWhenAFlagHolds) {
  TwoVerbs command;
  command.environment = {{"SWARMOUT_LINGER", "ten"}};
  EXPECT_THAT(command.take_error({"sow", "--share", "/x", "--linger", "1s"}), HasSubstr("SWARMOUT_LINGER: \"ten\""));
  command.environment = {{"SWARMOUT_LINGER", ""}};
  EXPECT_EQ(command.take_error({"sow", "--share", "/x"}), "") << "empty is not set";
}

TEST(Given, AWrongFileIsAnErrorWhateverTheVerb) {
  TempDir temp;
  write_file(temp / "conf", "[reap]\nkeep=none\n");
  TwoVerbs command;
  command.environment = {{"SWARMOUT_CONFIG", temp / "conf"}};
  EXPECT_THAT(command.take_error({"sow", "--share", "/x"}), HasSubstr("conf:2: keep:"));
}

TEST(Given, AFileThatWasAskedForMustBeThere) {
  TwoVerbs command;
  EXPECT_THAT(command.take_error({"sow", "--share", "/x", "--config", "/nowhere/conf"}), HasSubstr("/nowhere/conf"));
  command.environment = {{"SWARMOUT_CONFIG", "/nowhere/else"}};
  EXPECT_THAT(command.take_error({"sow", "--share", "/x"}), HasSubstr("SWARMOUT_CONFIG"));
}

TEST(Given, ARequiredSettingThatNobodyGaveIsAnErrorThatSaysHowToGiveIt) {
  TwoVerbs command;
  EXPECT_THAT(command.take_error({"sow"}),
              AllOf(HasSubstr("sow needs --share"), HasSubstr("/etc/swarmout.conf"), HasSubstr("SWARMOUT_SHARE")));
}

TEST(Given, AValueWithAnAtSignIsNotRepeated) {
  TwoVerbs command;
  EXPECT_THAT(command.take_error({"sow", "--linger", "etcd://u:secret@h/x"}), Not(HasSubstr("secret")));
}

TEST(Given, AVariableThatIsNearlyASettingIsDoubted) {
  TwoVerbs command;
  EXPECT_THAT(doubtful_variables(command.verbs, {"SWARMOUT_SHARE", "SWARMOUT_LINGRE", "PATH", "SWARMOUT_FAILPOINT",
                                                 "SWARMOUT_TEST_SHARE", "SWARMOUT_ETCD_PASSWORD", "SWARMOUT_NOTHING"}),
              ElementsAre(AllOf(HasSubstr("SWARMOUT_LINGRE"), HasSubstr("SWARMOUT_LINGER"))));
}

TEST(Given, WhatAJobIsToldIsNoSettingOfWhatItStarts) {
  TwoVerbs command;
  command.environment = {{"SWARMOUT_REVISION", "of the job"}};
  EXPECT_EQ(command.take_error({"lend"}), "");
  EXPECT_EQ(command.revision, "of the job");
  command.revision.clear();
  command.environment["SWARMOUT_JOB"] = "1";
  EXPECT_EQ(command.take_error({"lend"}), "");
  EXPECT_EQ(command.revision, "");
}

}  // namespace swarmout::test
