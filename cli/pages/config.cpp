#include "cli/json/json_lines.hpp"
#include "cli/output.hpp"
#include "cli/pages/effective.hpp"
#include "cli/verbs.hpp"
#include "common/base/key_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace swarmout {

namespace {

struct ConfigTargets {
  std::optional<std::string> file;  ///< of --config
  std::optional<Path> check;
  std::string verb;
  bool json = false;
};

const char* from_environment(const std::string& name) {
  return std::getenv(name.c_str());
}

/// The lines of a file, taken by `verbs`. All that is wrong is said, line by line.
Result<std::vector<ConfigLine>> lines_of(std::vector<Verb>& verbs, const std::string& text, const std::string& file) {
  ConfigText read = parse_all_config(text, file);
  auto mistakes = config_mistakes(verbs, read.lines, file);
  std::move(read.mistakes.begin(), read.mistakes.end(), std::back_inserter(mistakes));
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const ConfigMistake& a, const ConfigMistake& b) { return a.line < b.line; });
  for (const ConfigMistake& each : mistakes) {
    say(to_string(each.error));
  }
  if (!mistakes.empty()) {
    return fail(ErrorCode::usage, fmt::format("{}: {} mistake{}; nothing of swarmout runs with this file",
                                              printable(file), mistakes.size(), mistakes.size() == 1 ? "" : "s"));
  }
  return std::move(read.lines);
}

Result<void> check(std::vector<Verb>& verbs, const Path& file) {
  TRY_ASSIGN(const auto text, read_config_text(file));
  if (!text) {
    return fail(ErrorCode::usage, fmt::format("there is no file {}", printable(file.native())));
  }
  TRY_ASSIGN(const auto lines, lines_of(verbs, *text, file.native()));
  const auto settings = std::count_if(lines.begin(), lines.end(), [](const auto& each) { return !each.key.empty(); });
  return print_result(fmt::format("{}: {} setting{}, nothing is wrong\n", printable(file.native()), settings,
                                  settings == 1 ? "" : "s"));
}

std::string value_of(const EffectiveSetting& row) {
  return row.missing ? "(must be given)" : row.value.empty() ? "(none)" : row.value;
}

Result<void> print_table(const std::vector<EffectiveSetting>& rows) {
  std::size_t name = 0;
  std::size_t value = 0;
  constexpr std::size_t kWidestValue = 48;  // one long command does not push the rest out of the window
  for (const EffectiveSetting& row : rows) {
    name = std::max(name, row.name.size());
    value = std::max(value, std::min(value_of(row).size(), kWidestValue));
  }
  std::string text;
  std::string section;
  for (const EffectiveSetting& row : rows) {
    if (row.verb != section) {
      section = row.verb;
      text += fmt::format("\n[{}]\n", section);
    }
    text += fmt::format("{:<{}}  {:<{}}  {}\n", row.name, name, value_of(row), value,
                        row.missing ? "" : printable(row.where));
  }
  return print_result(text, WhenReaderGone::end_quietly);
}

Result<void> print_json(const std::vector<EffectiveSetting>& rows) {
  for (const EffectiveSetting& row : rows) {
    JsonLine line("setting");
    row.verb.empty() ? line.add_null("verb") : line.add("verb", row.verb);
    line.add("name", row.name);
    row.missing ? line.add_null("value") : line.add("value", row.value);
    line.add("from", row.where);
    TRY(print_line(line));
  }
  return print_line(JsonLine("summary").add("settings", rows.size()));
}

Result<void> show(std::vector<Verb>& verbs, const ConfigTargets& to) {
  const ConfigChoice choice = config_choice(to.file, from_environment);
  TRY_ASSIGN(const auto text, read_config_text(choice.file));
  std::vector<ConfigLine> lines;
  if (text) {
    TRY_ASSIGN(lines, lines_of(verbs, *text, choice.file));
  } else {
    TRY(read_chosen_config(choice));  // an error, if somebody named it
  }
  if (!to.verb.empty()) {
    std::erase_if(verbs, [&](const Verb& each) { return each.name != to.verb; });
    if (verbs.empty()) {
      return fail(ErrorCode::usage, fmt::format("no verb {}", printable(to.verb)), "`swarmout --help` lists the verbs");
    }
  }
  TRY_ASSIGN(const auto rows, effective_settings(verbs, lines, choice.file, from_environment));
  return to.json ? print_json(rows) : print_table(rows);
}

}  // namespace

Verb config_verb() {
  Verb verb{.name = "config",
            .about = "Show every setting that holds, and where it is from; look through a file of them"};
  const auto to = std::make_shared<ConfigTargets>();
  add_setting(verb, to->verb, Text{.word = "VERB"},
              {.name = "of", .help = "Of this verb only", .scope = Scope::argument});
  add_setting(
      verb, to->check, Place{"FILE"},
      {.name = "check", .help = "Name everything that is wrong with FILE, by line", .scope = Scope::command_line});
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs", .scope = Scope::command_line});
  verb.config = &to->file;
  verb.run = [to](const std::stop_token&) -> Result<void> {
    CommonOptions common;
    std::vector<Verb> verbs = all_verbs(common);
    return to->check ? check(verbs, *to->check) : show(verbs, *to);
  };
  return verb;
}

}  // namespace swarmout
