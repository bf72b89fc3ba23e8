#include "cli/settings/given.hpp"

#include "cli/settings/nearest.hpp"
#include "common/base/key_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr const char* kConfigVariable = "SWARMOUT_CONFIG";
constexpr std::size_t kShownValue = 80;

/// Variables that are no settings: the secret that must not be on a command line or in a file, and what a job is told
/// about its release.
constexpr std::string_view kOtherVariables[] = {kConfigVariable, "SWARMOUT_ETCD_PASSWORD", "SWARMOUT_RELEASE",
                                                "SWARMOUT_DIR",  "SWARMOUT_PREVIOUS_DIR",  "SWARMOUT_CHANGED",
                                                "SWARMOUT_JOB"};
/// There: this was started by a job of ours, and these are what it was told; no settings of whatever it starts.
constexpr const char* kJobVariable = "SWARMOUT_JOB";
constexpr std::string_view kToldToJobs[] = {"SWARMOUT_REVISION", "SWARMOUT_SLOT"};
constexpr std::string_view kTestVariables = "SWARMOUT_TEST_";

/// Not with an '@': a URL may have a password in it.
std::string shown_value(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return "the value";
  }
  return fmt::format("\"{}\"{}", printable(std::string(text.substr(0, kShownValue))),
                     text.size() > kShownValue ? "…" : "");
}

/// `where`: "--linger", "SWARMOUT_LINGER", "swarmout.conf:12: linger".
Result<void> take_value(const Setting& setting, std::string_view text, const std::string& where) {
  if (!setting.set(text)) {
    const std::string why = setting.wrong ? setting.wrong(text) : "";
    return fail(ErrorCode::usage, why.empty()
                                      ? fmt::format("{}: {} is not {}", where, shown_value(text), setting.allowed)
                                      : fmt::format("{}: {}; it is {}", where, why, setting.allowed));
  }
  return {};
}

bool may_be_in_a_file(const Setting* setting) {
  return setting != nullptr && setting->scope == Scope::everywhere;
}

std::vector<std::string> keys_of(const std::vector<Verb>& verbs) {
  std::vector<std::string> keys;
  for (const Verb& verb : verbs) {
    for (const Setting& setting : verb.settings) {
      if (setting.scope == Scope::everywhere) {
        keys.push_back(setting.name);
      }
    }
  }
  return keys;
}

/// Why a line's key is not taken in its section.
Error unknown_key(const std::vector<Verb>& verbs, const ConfigLine& line, const std::string& file) {
  std::vector<std::string> owners;
  for (const Verb& verb : verbs) {
    if (may_be_in_a_file(verb.find(line.key))) {
      owners.push_back(fmt::format("[{}]", verb.name));
    } else if (verb.find(line.key) != nullptr) {
      return {ErrorCode::usage,
              at_line(file, line.line, fmt::format("{} can be given on the command line only", line.key)),
              {}};
    }
  }
  if (!owners.empty()) {
    return {ErrorCode::usage, at_line(file, line.line, fmt::format("{} has no setting {}", line.section, line.key)),
            fmt::format("it belongs into {}, or before the first section", fmt::join(owners, " or "))};
  }
  const std::string near = nearest(line.key, keys_of(verbs));
  return {ErrorCode::usage, at_line(file, line.line, fmt::format("no setting {}", line.key)),
          near.empty() ? "`swarmout VERB --help` lists them" : fmt::format("did you mean {}?", near)};
}

bool is_verb(const std::vector<Verb>& verbs, const std::string& name) {
  return std::any_of(verbs.begin(), verbs.end(), [&](const Verb& each) { return each.name == name; });
}

Error unknown_section(const std::vector<Verb>& verbs, const ConfigLine& line, const std::string& file) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) {
    names.push_back(verb.name);
  }
  const std::string near = nearest(line.section, names);
  return {
      ErrorCode::usage, at_line(file, line.line, fmt::format("no verb {} for a section", line.section)),
      near.empty() ? fmt::format("sections are {}", fmt::join(names, ", ")) : fmt::format("did you mean [{}]?", near)};
}

/// Into all verbs that the line is for.
Result<void> take_line(const std::vector<Verb>& verbs, const ConfigLine& line, const std::string& file) {
  bool taken = false;
  for (const Verb& verb : verbs) {
    const Setting* const setting = verb.find(line.key);
    if ((line.section.empty() || verb.name == line.section) && may_be_in_a_file(setting)) {
      TRY(take_value(*setting, line.value, at_line(file, line.line, line.key)));
      taken = true;
    }
  }
  return taken ? Result<void>() : tl::unexpected(unknown_key(verbs, line, file));
}

/// Empty ones count as not set.
std::optional<std::string> variable(const Environment& environment, const std::string& name) {
  const bool told = std::find(std::begin(kToldToJobs), std::end(kToldToJobs), name) != std::end(kToldToJobs) &&
                    environment(kJobVariable) != nullptr;
  const char* const value = told ? nullptr : environment(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

std::vector<ConfigMistake> config_mistakes(std::vector<Verb>& verbs, const std::vector<ConfigLine>& lines,
                                           const std::string& file) {
  std::vector<ConfigMistake> mistakes;
  for (const bool top : {true, false}) {  // a section overrides the top, which stands before it
    for (const ConfigLine& line : lines) {
      const bool known = top || is_verb(verbs, line.section);
      if (line.section.empty() != top || (known && line.key.empty())) {
        continue;
      }
      if (!known && line.key.empty()) {
        mistakes.push_back({line.line, unknown_section(verbs, line, file)});
      } else if (known) {
        if (auto taken = take_line(verbs, line, file); !taken) {
          mistakes.push_back({line.line, std::move(taken).error()});
        }
      }
    }
  }
  return mistakes;  // of lines in their order: the top stands before the sections
}

Result<void> take_config(std::vector<Verb>& verbs, const std::vector<ConfigLine>& lines, const std::string& file) {
  auto mistakes = config_mistakes(verbs, lines, file);
  return mistakes.empty() ? Result<void>() : tl::unexpected(std::move(mistakes.front().error));
}

ConfigChoice config_choice(const std::optional<std::string>& option, const Environment& environment) {
  if (option) {
    return {*option, "--config"};
  }
  if (auto named = variable(environment, kConfigVariable)) {
    return {*std::move(named), kConfigVariable};
  }
  return {kDefaultConfig, ""};
}

Result<std::vector<ConfigLine>> read_chosen_config(const ConfigChoice& choice) {
  TRY_ASSIGN(auto lines, read_config(choice.file));
  if (!lines && !choice.named_by.empty()) {
    return fail(ErrorCode::usage, fmt::format("there is no configuration file {}", printable(choice.file)),
                fmt::format("{} names it", choice.named_by));
  }
  return std::move(lines).value_or(std::vector<ConfigLine>());
}

Result<GivenValues> given_to(const Verb& verb, const std::vector<ConfigLine>& lines, const std::string& file,
                             const Environment& environment) {
  GivenValues given;
  for (const ConfigLine& each : lines) {  // those of the section come last
    if (!each.key.empty() && (each.section.empty() || each.section == verb.name)) {
      given[each.key] = {each.value, fmt::format("{}:{}", file, each.line)};
    }
  }
  std::erase_if(given, [&](const auto& each) { return verb.find(each.first) == nullptr; });
  for (const Setting& setting : verb.settings) {
    const auto value = variable(environment, setting.variable());
    if (value && setting.scope == Scope::everywhere) {
      TRY(take_value(setting, *value, setting.variable()));
      given[setting.name] = {*value, setting.variable()};
    }
  }
  return given;
}

Result<GivenValues> take_settings(std::vector<Verb>& verbs, const CommandLine& line, const Environment& environment) {
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& each) { return each.name == line.verb; });
  INVARIANT(verb != verbs.end());
  const ConfigChoice choice = config_choice(line.config, environment);
  std::vector<ConfigLine> lines;
  if (verb->config == nullptr) {
    TRY_ASSIGN(lines, read_chosen_config(choice));
    TRY(take_config(verbs, lines, choice.file));
  } else {
    *verb->config = line.config;
  }
  TRY_ASSIGN(GivenValues given, given_to(*verb, lines, choice.file, environment));
  for (const auto& [name, value] : line.values) {
    TRY(take_value(*verb->find(name), value, verb->find(name)->option()));
    given[name] = {value, verb->find(name)->option()};
  }
  for (const Setting& setting : verb->settings) {
    if (setting.required && !given.contains(setting.name)) {
      return fail(ErrorCode::usage, fmt::format("{} needs {}", verb->name, setting.option()),
                  setting.scope == Scope::everywhere ? fmt::format("or {}=… in {}, or {} in the environment",
                                                                   setting.name, choice.file, setting.variable())
                                                     : fmt::format("see `swarmout {} --help`", verb->name));
    }
  }
  if (verb->rest != nullptr) {
    *verb->rest = line.rest;
  }
  return given;
}

std::vector<std::string> doubtful_variables(const std::vector<Verb>& verbs, const std::vector<std::string>& names) {
  std::vector<std::string> known(std::begin(kOtherVariables), std::end(kOtherVariables));
  for (const Verb& verb : verbs) {
    for (const Setting& setting : verb.settings) {
      known.push_back(setting.variable());
    }
  }
  std::vector<std::string> doubts;
  for (const std::string& name : names) {
    if (!name.starts_with("SWARMOUT_") || name.starts_with(kTestVariables) ||
        std::find(known.begin(), known.end(), name) != known.end()) {
      continue;
    }
    if (const std::string near = nearest(name, known); !near.empty()) {
      doubts.push_back(fmt::format("the variable {} is no setting; did you mean {}?", printable(name), near));
    }
  }
  return doubts;
}

}  // namespace swarmout
