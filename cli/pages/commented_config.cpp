#include "cli/pages/commented_config.hpp"

#include "cli/settings/wrapped.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

namespace swarmout {

namespace {

constexpr std::size_t kWidth = 100;

constexpr const char* kHead =
    "# Settings of swarmout, the same on every host of the image. `swarmout config` shows which ones hold and where "
    "each\n"
    "# is from; `swarmout config --check FILE` names what is wrong with a file.\n"
    "#\n"
    "# A line is key=value, the value is the rest of the line as it is: no quotes, no comment behind it. What stands "
    "before\n"
    "# the first [section] is for all verbs that have it; a section is for one verb, and goes before. Each setting is "
    "shown\n"
    "# with its default, or with what it takes.\n";

std::string explained(const Setting& setting) {
  std::string text;
  for (const std::string& line : wrapped(setting.help + (setting.required ? ". Must be given." : "."), kWidth - 2)) {
    text += "# " + line + '\n';
  }
  const std::string value = !setting.default_text.empty() ? setting.default_text
                            : setting.is_flag()           ? "false"
                                                          : setting.words;
  return fmt::format("{}#{}={}\n", text, setting.name, value);
}

std::string titled(std::string_view title) {
  return fmt::format("\n# --- {} {}\n", title, std::string(kWidth - 7 - title.size(), '-'));
}

}  // namespace

std::string commented_config(const std::vector<Verb>& verbs) {
  const auto all = catalogue(verbs);
  std::map<std::string, std::set<std::string>> owners;
  for (const CatalogueEntry& each : all) {
    if (each.setting.scope == Scope::everywhere) {
      owners[each.setting.name].insert(each.verbs.begin(), each.verbs.end());
    }
  }
  std::string text = kHead;
  std::set<std::string> told;  // where verbs explain one name differently, the first does it for all
  for (const Group group : kGroups) {
    std::string part;
    for (const CatalogueEntry& each : all) {
      const auto found = owners.find(each.setting.name);
      if (each.setting.group == group && each.setting.scope == Scope::everywhere && found->second.size() > 1 &&
          told.insert(each.setting.name).second) {
        part += '\n' + explained(each.setting);
      }
    }
    text += part.empty() ? "" : titled(title_of(group)) + part;
  }
  for (const Verb& verb : verbs) {
    std::string part;
    for (const Setting& each : verb.settings) {
      if (each.scope == Scope::everywhere && owners.at(each.name).size() == 1) {
        part += '\n' + explained(each);
      }
    }
    text += part.empty() ? "" : fmt::format("{}# {}.\n[{}]\n{}", titled(verb.name), verb.about, verb.name, part);
  }
  return text;
}

}  // namespace swarmout
