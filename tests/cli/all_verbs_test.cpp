// The settings there really are, and what the documents say about them.

#include "cli/settings/given.hpp"
#include "cli/settings/help.hpp"
#include "cli/verbs.hpp"
#include "peer/fetch_job.hpp"
#include "seeder/seed_options.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AllVerbs : public testing::Test {
protected:
  const Setting& setting(const std::string& verb, const std::string& name) {
    const auto found = std::find_if(verbs_.begin(), verbs_.end(), [&](const Verb& each) { return each.name == verb; });
    return *found->find(name);
  }

  CommonOptions common_;
  std::vector<Verb> verbs_ = all_verbs(common_);
};

/// The indented block after the first line that has `after` in it, without its indentation.
std::string block_of(const std::string& document, const std::string& after) {
  std::istringstream lines(document);
  std::string line;
  std::string block;
  while (std::getline(lines, line) && line.find(after) == std::string::npos) {
  }
  while (std::getline(lines, line)) {
    const auto text = line.find_first_not_of(' ');
    if (text == std::string::npos) {
      if (!block.empty() && lines.peek() != ' ') {
        break;
      }
      block += block.empty() ? "" : "\n";
      continue;
    }
    if (text < 4) {
      break;
    }
    block += line.substr(text) + '\n';
  }
  return block;
}

/// Of the project that this program was built from.
std::string document(const std::string& name) {
  Path root = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  while (!path_exists(root / name) && root.has_relative_path()) {
    root = root.parent_path();
  }
  const auto text = read_file(root / name, kMiB);
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

}  // namespace

TEST_F(AllVerbs, DefaultsAreThoseOfTheOptions) {
  EXPECT_EQ(setting("seed", "linger").default_text, Duration{}.written(SeedOptions{}.linger));
  EXPECT_EQ(setting("seed", "hold-off").default_text, "10m");
  EXPECT_EQ(setting("seed", "level").default_text, std::to_string(SeedOptions{}.level));
  EXPECT_EQ(setting("peer", "dest").default_text, "/srv/swarmout");
  EXPECT_EQ(setting("fetch", "keys").default_text, FetchOptions{}.peer.keys);
  EXPECT_EQ(setting("status", "share-timeout").default_text, "30s");
}

TEST_F(AllVerbs, EverySettingSaysWhatItIs) {
  for (const CatalogueEntry& each : catalogue(verbs_)) {
    const Setting& about = each.setting;
    EXPECT_FALSE(about.name.empty() || about.help.empty() || about.allowed.empty()) << about.name;
    EXPECT_FALSE(about.help.ends_with('.')) << about.name;
    EXPECT_FALSE(each.verbs.empty()) << about.name;
    if (!about.default_text.empty()) {
      EXPECT_TRUE(about.set(about.default_text)) << about.name << " does not take its own default";
    }
  }
}

TEST_F(AllVerbs, OneNameTakesOneKindOfValueWhereAFileOrTheEnvironmentMayGiveIt) {
  std::map<std::string, std::string> words;
  for (const CatalogueEntry& each : catalogue(verbs_)) {
    if (each.setting.scope != Scope::everywhere) {
      continue;  // of one run: no line of a file goes to several verbs
    }
    EXPECT_EQ(words.try_emplace(each.setting.name, each.setting.words).first->second, each.setting.words)
        << each.setting.name;
  }
}

TEST_F(AllVerbs, TheCatalogueNamesASharedSettingOnceWithItsVerbs) {
  const auto all = catalogue(verbs_);
  std::vector<std::vector<std::string>> of_dest;
  for (const CatalogueEntry& each : all) {
    if (each.setting.name == "dest") {
      of_dest.push_back(each.verbs);
    }
  }
  EXPECT_THAT(of_dest, ElementsAre(ElementsAre("peer", "fetch", "run", "wait", "rollback", "hold", "resume", "verify",
                                               "gc", "pin", "unpin", "diff", "doctor", "export")));
}

TEST_F(AllVerbs, HelpHasGroupsAndNoWordsOfALibrary) {
  for (const Verb& verb : verbs_) {
    const std::string help = verb_help(verb);
    EXPECT_THAT(help, HasSubstr("What everybody sets:"));
    for (const char* const jargon : {"TEXT", "UINT", "INT:", "REQUIRED", "Env:", "EXCLUDES", "FLOAT"}) {
      EXPECT_THAT(help, Not(HasSubstr(jargon))) << verb.name;
    }
    EXPECT_THAT(help, HasSubstr("Exit status:"));
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 130u) << line;
    }
  }
  EXPECT_THAT(program_help(verbs_), HasSubstr("abandon"));
}

TEST_F(AllVerbs, TheConfigurationInTheDocumentsIsRight) {
  for (const auto& [name, after] :
       {std::pair("README.md", "`/etc/swarmout.conf`:"), std::pair("docs/operations.md", "In the file:")}) {
    const std::string block = block_of(document(name), after);
    EXPECT_THAT(block, AllOf(HasSubstr("share="), HasSubstr("[seed]"), HasSubstr("source="))) << name;
    const auto lines = parse_config(block, name);
    ASSERT_TRUE(lines) << to_string(lines.error());
    const auto taken = take_config(verbs_, *lines, name);
    EXPECT_TRUE(taken) << to_string(taken.error());
  }
}

}  // namespace swarmout::test
