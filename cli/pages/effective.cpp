#include "cli/pages/effective.hpp"

#include "seeder/source/credentials.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace swarmout {

namespace {

constexpr const char* kDefault = "default";

EffectiveSetting effective(const Verb& verb, const Setting& setting, const GivenValues& given) {
  const auto found = given.find(setting.name);
  EffectiveSetting row{verb.name, setting.name, setting.default_text, kDefault};
  if (found != given.end()) {
    row.value = found->second.text;
    row.where = found->second.where;
  }
  row.value = quotable(row.value);
  row.missing = found == given.end() && setting.required;
  return row;
}

bool alike(const EffectiveSetting& a, const EffectiveSetting& b) {
  return a.value == b.value && a.where == b.where;
}

}  // namespace

Result<std::vector<EffectiveSetting>> effective_settings(const std::vector<Verb>& verbs,
                                                         const std::vector<ConfigLine>& lines, const std::string& file,
                                                         const Environment& environment) {
  std::vector<EffectiveSetting> rows;
  for (const Verb& verb : verbs) {
    TRY_ASSIGN(const GivenValues given, given_to(verb, lines, file, environment));
    for (const Setting& setting : verb.settings) {
      if (setting.scope == Scope::everywhere) {
        rows.push_back(effective(verb, setting, given));
      }
    }
  }
  std::map<std::string, std::vector<const EffectiveSetting*>> by_name;
  for (const EffectiveSetting& row : rows) {
    by_name[row.name].push_back(&row);
  }
  std::vector<EffectiveSetting> shared;
  std::vector<EffectiveSetting> own;
  for (const EffectiveSetting& row : rows) {
    const auto& same = by_name.at(row.name);
    const bool of_all = same.size() > 1 && std::all_of(same.begin(), same.end(),
                                                       [&](const EffectiveSetting* each) { return alike(*each, row); });
    if (!of_all) {
      own.push_back(row);
    } else if (same.front() == &row) {
      shared.push_back(row);
      shared.back().verb.clear();
      shared.back().missing =
          std::any_of(same.begin(), same.end(), [](const EffectiveSetting* each) { return each->missing; });
    }
  }
  std::move(own.begin(), own.end(), std::back_inserter(shared));
  return shared;
}

}  // namespace swarmout
