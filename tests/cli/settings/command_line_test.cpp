#include "cli/settings/command_line.hpp"

#include "cli/settings/nearest.hpp"
#include "tests/cli/settings/two_verbs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

}  // namespace

TEST(CommandLine, AnUnknownVerbNamesTheNearest) {
  TwoVerbs command;
  EXPECT_THAT(command.take_error({"reep"}), HasSubstr("no verb reep; did you mean reap?"));
  EXPECT_THAT(command.take_error({"zzzzzz"}), AllOf(HasSubstr("no verb zzzzzz"), Not(HasSubstr("did you mean"))));
  EXPECT_THAT(command.take_error({}), HasSubstr("which verb? sow, reap, lend"));
}

TEST(CommandLine, AnUnknownOptionNamesTheNearest) {
  TwoVerbs command;
  EXPECT_THAT(command.take_error({"sow", "--lingre", "3s"}), HasSubstr("no option --lingre; did you mean --linger?"));
  EXPECT_THAT(command.take_error({"sow", "--lingre=3s"}), HasSubstr("did you mean --linger?"));
  EXPECT_THAT(command.take_error({"sow", "--ling", "3s"}), HasSubstr("did you mean --linger?")) << "no abbreviations";
  EXPECT_THAT(command.take_error({"sow", "--keep", "3"}), HasSubstr("sow has no option --keep; reap has it"));
  EXPECT_THAT(command.take_error({"--share", "/x", "sow"}), HasSubstr("--share stands before the verb"));
  EXPECT_THAT(command.take_error({"sow", "-x"}), HasSubstr("no option -x"));
  EXPECT_THAT(command.take_error({"sow", "word"}), HasSubstr("sow takes no \"word\""));
}

TEST(CommandLine, AnOptionWithoutItsValueIsNamed) {
  TwoVerbs command;
  EXPECT_THAT(command.take_error({"sow", "--share"}), HasSubstr("--share needs a value"));
}

TEST(CommandLine, WordsOfAnotherProgramAreTakenAsTheyAre) {
  using Words = std::vector<std::string>;
  struct Case {
    Words words;
    Words rest;
    std::size_t days = 1;
  };
  const std::vector<Case> cases = {
      {{"lend", "make", "-j2", "--days", "3"}, {"make", "-j2", "--days", "3"}},
      {{"lend", "--days", "7", "--force", "--", "--odd", "--"}, {"--odd", "--"}, 7},
      {{"lend", "--days=7", "--force", "sow", "--help"}, {"sow", "--help"}, 7},
      {{"lend", "--force", "--days", "7", "-"}, {"-"}, 7},
      {{"lend", "--days", "7"}, {}, 7},
      {{"lend", "--force", "", "x"}, {"", "x"}},
  };
  for (const Case& each : cases) {
    TwoVerbs command;
    EXPECT_EQ(command.take_error(each.words), "") << each.words.back();
    EXPECT_EQ(command.rest, each.rest);
    EXPECT_EQ(command.lend_days, each.days);
  }
  TwoVerbs command;
  EXPECT_THAT(command.take_error({"lend", "--dyas", "7", "x"}), HasSubstr("did you mean --days?"));
  EXPECT_THAT(command.take_error({"sow", "lend", "x"}), HasSubstr("sow takes no"));
  const auto line = parse_command_line(command.verbs, {"--config", "/x", "lend", "make"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->config, "/x");
  EXPECT_EQ(line->rest, Words{"make"});
}

TEST(CommandLine, AnArgumentMayBeCalledAsAVerbIs) {
  Verb verb{.name = "pin", .about = "Pins"};
  std::string release;
  add_setting(verb, release, Text{.word = "RELEASE"}, {.name = "release", .help = "Which", .scope = Scope::argument});
  const std::vector<Verb> verbs = {verb, Verb{.name = "status", .about = "Shows"}};

  const auto line = parse_command_line(verbs, {"pin", "status"});

  ASSERT_TRUE(line) << to_string(line.error());
  EXPECT_EQ(line->verb, "pin");
  EXPECT_EQ(line->values, (std::vector<std::pair<std::string, std::string>>{{"release", "status"}}));
}

TEST(CommandLine, ValuesAreTakenAsTheyAre) {
  for (const std::string value : {"-x", "a,b c;d\"e'f#g", "[a]", "[::1]:1", "--linger", "a=b", "{a}", "reap", "%%"}) {
    TwoVerbs command;
    ASSERT_EQ(command.take_error({"sow", "--share", value}), "");
    EXPECT_EQ(command.share, value);
    ASSERT_EQ(command.take_error({"sow", "--share=" + value}), "");
    EXPECT_EQ(command.share, value);
  }
}

TEST(CommandLine, TheLastOfTwoHolds) {
  TwoVerbs command;
  ASSERT_EQ(command.take_error({"sow", "--share", "/a", "--linger", "1s", "--share", "/b"}), "");
  EXPECT_EQ(command.share, "/b");
}

TEST(CommandLine, AFlagCanBeTakenBack) {
  TwoVerbs command;
  command.environment = {{"SWARMOUT_SWARM_TLS", "1"}};
  ASSERT_EQ(command.take_error({"sow", "--share", "/a"}), "");
  EXPECT_TRUE(command.tls);
  ASSERT_EQ(command.take_error({"sow", "--share", "/a", "--swarm-tls=false"}), "");
  EXPECT_FALSE(command.tls);
  EXPECT_THAT(command.take_error({"sow", "--share", "/a", "--swarm-tls=maybe"}), HasSubstr("true or false"));
}

TEST(CommandLine, HelpNeedsNothingElse) {
  TwoVerbs command;
  const auto of_verb = parse_command_line(command.verbs, {"sow", "--help"});
  ASSERT_TRUE(of_verb) << to_string(of_verb.error());
  EXPECT_TRUE(of_verb->help);
  EXPECT_EQ(of_verb->verb, "sow");
  const auto of_all = parse_command_line(command.verbs, {"-h"});
  ASSERT_TRUE(of_all) << to_string(of_all.error());
  EXPECT_TRUE(of_all->help);
}

TEST(Nearest, CountsLettersThatAreLeftOutDoubledWrongOrSwapped) {
  EXPECT_EQ(edit_distance("heartbeat", "heartbeat"), 0u);
  EXPECT_EQ(edit_distance("heartbeet", "heartbeat"), 1u);
  EXPECT_EQ(edit_distance("lingre", "linger"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(nearest("seeed", {"peer", "seed"}), "seed");
  EXPECT_EQ(nearest("status-quo", {"peer", "seed"}), "");
}

}  // namespace swarmout::test
