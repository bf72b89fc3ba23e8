// What is made of the settings: the table of `config`, the commented file, manual pages, completions.

#include "cli/pages/commented_config.hpp"
#include "cli/pages/completions.hpp"
#include "cli/pages/effective.hpp"
#include "cli/pages/man_page.hpp"
#include "cli/verbs.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Pages : public testing::Test {
protected:
  std::vector<EffectiveSetting> effective(const std::string& text) {
    const auto lines = parse_config(text, "conf");
    EXPECT_THAT(lines, IsOk());
    EXPECT_THAT(take_config(verbs_, *lines, "conf"), IsOk());
    const auto rows = effective_settings(verbs_, *lines, "conf", [this](const std::string& name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
    EXPECT_THAT(rows, IsOk());
    return rows.value_or(std::vector<EffectiveSetting>());
  }
  /// "verb name=value (where)", of all rows with this name.
  static std::string of(const std::vector<EffectiveSetting>& rows, const std::string& name) {
    std::string text;
    for (const EffectiveSetting& each : rows) {
      if (each.name == name) {
        text += (text.empty() ? "" : "; ") + each.verb + ' ' + each.value + " (" + each.where + ")";
      }
    }
    return text;
  }

  CommonOptions common_;
  std::vector<Verb> verbs_ = all_verbs(common_);
  std::map<std::string, std::string> environment_;
};

}  // namespace

TEST_F(Pages, WhatHoldsForAllVerbsStandsOnceWithItsLine) {
  const auto rows = effective("share=/mnt/share\nkeep=7\n");

  EXPECT_EQ(of(rows, "share"), " /mnt/share (conf:1)");
  EXPECT_EQ(of(rows, "keep"), " 7 (conf:2)");
  EXPECT_EQ(of(rows, "state"), " /var/lib/swarmout (default)");
  EXPECT_EQ(rows.front().verb, "");
}

TEST_F(Pages, ASectionIsOfItsVerbAndTheOthersKeepTheirs) {
  const auto rows = effective("share=/mnt/share\n[seed]\nshare=/mnt/other\n");

  EXPECT_THAT(of(rows, "share"), HasSubstr("seed /mnt/other (conf:3)"));
  EXPECT_THAT(of(rows, "share"), HasSubstr("peer /mnt/share (conf:1)"));
}

TEST_F(Pages, AVariableGoesBeforeTheFileAndIsNamed) {
  environment_["SWARMOUT_SHARE"] = "/mnt/third";

  EXPECT_EQ(of(effective("share=/mnt/share\n"), "share"), " /mnt/third (SWARMOUT_SHARE)");
}

TEST_F(Pages, ARequiredSettingThatNobodyGaveIsMissing) {
  const auto rows = effective("");

  const auto share = std::find_if(rows.begin(), rows.end(), [](const auto& each) { return each.name == "share"; });
  ASSERT_NE(share, rows.end());
  EXPECT_TRUE(share->missing);
}

TEST_F(Pages, APasswordInAUrlIsNotShown) {
  const auto rows = effective("[seed]\nsource=git+https://me:secret@host/x.git\n");

  EXPECT_THAT(of(rows, "source"), Not(HasSubstr("secret")));
  EXPECT_THAT(of(rows, "source"), HasSubstr("host/x.git"));
}

TEST_F(Pages, TheCommentedFileSaysNothingAndHasEverySettingOnce) {
  const std::string text = commented_config(verbs_);

  EXPECT_THAT(effective(text), testing::SizeIs(effective("").size()));
  std::map<std::string, int> times;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 125U) << line;
    if (line.starts_with('#') && !line.starts_with("# ") && line.find('=') != std::string::npos) {
      ++times[line.substr(1, line.find('=') - 1)];
    }
  }
  for (const CatalogueEntry& each : catalogue(verbs_)) {
    if (each.setting.scope == Scope::everywhere) {
      EXPECT_GE(times[each.setting.name], 1) << each.setting.name;
    }
  }
  EXPECT_EQ(times["share"], 1);
  EXPECT_EQ(times["heartbeat"], 1);
}

TEST_F(Pages, EveryDefaultInTheCommentedFileCanBeUncommented) {
  std::istringstream lines(commented_config(verbs_));
  std::string file;
  for (std::string line; std::getline(lines, line);) {
    const bool is_default =
        line.starts_with('#') && !line.starts_with("# ") && line.find('=') != std::string::npos &&
        std::none_of(line.begin(), line.end(), [](unsigned char c) { return std::isupper(c) != 0; });
    file += (is_default ? line.substr(1) : line) + '\n';
  }
  ConfigText read = parse_all_config(file, "conf");
  EXPECT_THAT(read.mistakes, testing::IsEmpty());
  for (const ConfigMistake& each : config_mistakes(verbs_, read.lines, "conf")) {
    ADD_FAILURE() << to_string(each.error);
  }
  EXPECT_GT(read.lines.size(), 40U);
}

TEST_F(Pages, AllMistakesOfAFileAreNamedInTheOrderOfTheirLines) {
  const ConfigText read =
      parse_all_config("shar=/x\nkeep=many\n[sed]\nlinger=1h\n[bad section\nkeep=1\n[seed]\nkeep=1\nx\n", "conf");
  auto mistakes = config_mistakes(verbs_, read.lines, "conf");
  mistakes.insert(mistakes.end(), read.mistakes.begin(), read.mistakes.end());

  std::vector<std::size_t> lines;
  for (const ConfigMistake& each : mistakes) {
    lines.push_back(each.line);
    EXPECT_THAT(to_string(each.error), HasSubstr("conf:" + std::to_string(each.line)));
  }
  EXPECT_THAT(lines, testing::ElementsAre(1, 2, 3, 8, 5, 9));
}

/// With them nothing runs, whatever else is right.
TEST_F(Pages, ASourceThatIsNoneAndAnEtcdUrlThatIsWrongAreMistakesOfTheFile) {
  for (const char* const line :
       {"[seed]\nsource=gti+https://host/x", "share=etcd://me:secret@host/x\n[seed]\n", "share=etcd://host:2379\n"}) {
    const ConfigText read = parse_all_config(line, "conf");
    EXPECT_THAT(config_mistakes(verbs_, read.lines, "conf"), testing::SizeIs(1)) << line;
  }
  const ConfigText read = parse_all_config("share=etcds://a:1,b/x\n[seed]\nsource=imported\n", "conf");
  EXPECT_THAT(config_mistakes(verbs_, read.lines, "conf"), testing::IsEmpty());
}

TEST_F(Pages, ManualPagesNameEveryOption) {
  for (const Verb& verb : verbs_) {
    const std::string page = verb_man_page(verb);
    EXPECT_THAT(page, HasSubstr(".SH NAME\nswarmout\\-" + verb.name));
    for (const Setting& each : verb.settings) {
      std::string name = each.option();
      for (std::size_t at = 0; (at = name.find('-', at)) != std::string::npos; at += 2) {
        name.insert(at, 1, '\\');
      }
      EXPECT_THAT(page, HasSubstr(name)) << verb.name;
    }
  }
  EXPECT_THAT(program_man_page(verbs_), HasSubstr("swarmout\\-seed"));
  EXPECT_THAT(config_man_page(verbs_), HasSubstr("share"));
}

TEST_F(Pages, BashCompletesVerbsOptionsAndTheWordsOfAChoice) {
  const TempDir dir;
  write_file(dir / "swarmout", bash_completion(verbs_));
  int runs = 0;
  const auto completed = [&](const std::string& words) {
    const std::string script = "source \"$1\"; COMP_WORDS=(" + words +
                               "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _swarmout; IFS=' '; echo \"${COMPREPLY[*]}\"";
    return run({{"bash", "-c", script, "bash", (dir / "swarmout").native()}, {}}, dir / std::to_string(++runs)).out;
  };

  EXPECT_EQ(completed("swarmout rollb"), "rollback\n");
  EXPECT_EQ(completed("swarmout run --if-l"), "--if-late\n");
  EXPECT_EQ(completed("swarmout run --if-late ''"), "wait old skip\n");
  EXPECT_EQ(completed("swarmout --config x see"), "seed\n");
  write_file(dir / "two words", "");
  EXPECT_EQ(completed("swarmout import " + (dir / "two").native()), (dir / "two words").native() + "\n");
}

TEST_F(Pages, OtherShellsReadTheirs) {
  const TempDir dir;
  write_file(dir / "_swarmout", zsh_completion(verbs_));
  write_file(dir / "swarmout.fish", fish_completion(verbs_));
  for (const auto& [shell, name] : {std::pair("zsh", "_swarmout"), std::pair("fish", "swarmout.fish")}) {
    if (run({{"sh", "-c", std::string("command -v ") + shell}, {}}, dir / "found").status != 0) {
      GTEST_SKIP() << shell << " is not installed";
    }
    const Finished checked = run({{shell, "-n", (dir / name).native()}, {}}, dir / shell);
    EXPECT_EQ(checked.status, 0) << checked.err;
    EXPECT_EQ(checked.err, "");
  }
  const std::string script = "source " + (dir / "swarmout.fish").native() + "; complete -C 'swarmout run --if-late '";
  EXPECT_THAT(run({{"fish", "-c", script}, {}}, dir / "asked").out, HasSubstr("skip"));
}

}  // namespace swarmout::test
