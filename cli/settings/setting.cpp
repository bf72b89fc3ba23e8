#include "cli/settings/setting.hpp"

#include <algorithm>
#include <cctype>
#include <tuple>

namespace swarmout {

namespace {

auto looks(const Setting& setting) {
  return std::tie(setting.name, setting.group, setting.help, setting.scope, setting.words, setting.default_text);
}

}  // namespace

std::string_view title_of(Group group) {
  switch (group) {
    case Group::usual:
      return "What everybody sets";
    case Group::election:
      return "Election";
    case Group::publishing:
      return "Publishing";
    case Group::swarm:
      return "Swarm";
    case Group::limits:
      return "Limits";
    case Group::etcd:
      return "A share in etcd";
  }
  return "";
}

std::string Setting::option() const {
  return scope == Scope::argument ? words : "--" + name;
}

std::string Setting::variable() const {
  std::string text = "SWARMOUT_" + name;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return text;
}

const Setting* Verb::find(std::string_view setting) const {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const Setting& each) { return each.name == setting; });
  return found == settings.end() ? nullptr : &*found;
}

std::vector<CatalogueEntry> catalogue(const std::vector<Verb>& verbs) {
  std::vector<CatalogueEntry> all;
  for (const Verb& verb : verbs) {
    for (const Setting& setting : verb.settings) {
      auto same = std::find_if(all.begin(), all.end(),
                               [&](const CatalogueEntry& each) { return looks(each.setting) == looks(setting); });
      if (same == all.end()) {
        same = all.insert(all.end(), {setting, {}});
      }
      same->verbs.push_back(verb.name);
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const CatalogueEntry& a, const CatalogueEntry& b) { return a.setting.group < b.setting.group; });
  return all;
}

}  // namespace swarmout
