#include "cli/settings/command_line.hpp"

#include "cli/settings/nearest.hpp"
#include "common/base/key_values.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr const char* kProgramHelp = "`swarmout --help` lists the verbs";
const std::vector<std::string> kProgramOptions = {"--help", "--version", "--config"};

/// "; did you mean X?", or nothing.
std::string suggestion(const std::string& written, const std::vector<std::string>& candidates) {
  const std::string found = nearest(written, candidates);
  return found.empty() ? "" : fmt::format("; did you mean {}?", found);
}

std::vector<std::string> names_of(const std::vector<Verb>& verbs) {
  std::vector<std::string> names;
  for (const Verb& each : verbs) {
    names.push_back(each.name);
  }
  return names;
}

/// Verbs that have an option which another one has not.
std::vector<std::string> owners_of(const std::string& option, const std::vector<Verb>& verbs) {
  std::vector<std::string> owners;
  for (const Verb& verb : verbs) {
    if (std::any_of(verb.settings.begin(), verb.settings.end(),
                    [&](const Setting& each) { return each.option() == option; })) {
      owners.push_back(verb.name);
    }
  }
  return owners;
}

/// The error for the first word that nothing is known about.
Error unknown_word(const std::string& word, const std::vector<Verb>& verbs, const Verb* verb) {
  const std::string name = word.substr(0, word.find('='));
  const std::string shown = printable(name);
  if (!word.starts_with('-')) {
    return verb == nullptr ? Error{ErrorCode::usage,
                                   fmt::format("no verb {}{}", shown, suggestion(name, names_of(verbs))), kProgramHelp}
                           : Error{ErrorCode::usage, fmt::format("{} takes no \"{}\"", verb->name, printable(word)),
                                   fmt::format("see `swarmout {} --help`", verb->name)};
  }
  const std::vector<std::string> owners = owners_of(name, verbs);
  if (verb == nullptr && owners.empty()) {
    return {ErrorCode::usage, fmt::format("no option {}{}", shown, suggestion(name, kProgramOptions)), kProgramHelp};
  }
  if (verb == nullptr || std::find(owners.begin(), owners.end(), verb->name) != owners.end()) {
    return {ErrorCode::usage, fmt::format("{} stands before the verb", shown),
            fmt::format("write swarmout {} {}", verb == nullptr ? owners.front() : verb->name, shown)};
  }
  const std::string hint = fmt::format("see `swarmout {} --help`", verb->name);
  if (!owners.empty()) {
    return {ErrorCode::usage,
            fmt::format("{} has no option {}; {} has it", verb->name, shown, fmt::join(owners, " and ")), hint};
  }
  std::vector<std::string> options = kProgramOptions;
  for (const Setting& each : verb->settings) {
    options.push_back(each.option());
  }
  return {ErrorCode::usage, fmt::format("no option {}{}", shown, suggestion(name, options)), hint};
}

/// Whether an option has its value in the next word.
bool takes_next_word(const std::string& word, const Verb& verb) {
  if (word.find('=') != std::string::npos) {
    return false;
  }
  return word == "--config" || std::any_of(verb.settings.begin(), verb.settings.end(), [&](const Setting& each) {
           return each.option() == word && !each.is_flag();
         });
}

/// Takes off `words` what belongs to another program, behind the options of a verb that runs one. CLI11 would look for
/// our options in it.
std::vector<std::string> take_rest(const std::vector<Verb>& verbs, std::vector<std::string>& words) {
  const auto of_name = [&](const std::string& word) {
    return std::find_if(verbs.begin(), verbs.end(), [&](const Verb& each) { return each.name == word; });
  };
  auto at = words.begin();
  while (at != words.end() && at->starts_with('-')) {
    at += *at == "--config" && std::next(at) != words.end() ? 2 : 1;
  }
  const auto verb = at == words.end() ? verbs.end() : of_name(*at);
  if (verb == verbs.end() || verb->rest == nullptr) {
    return {};
  }
  for (++at; at != words.end() && *at != "--" && at->starts_with('-') && *at != "-"; ++at) {
    if (takes_next_word(*at, *verb) && std::next(at) != words.end()) {
      ++at;
    }
  }
  const auto first = at != words.end() && *at == "--" ? std::next(at) : at;
  std::vector<std::string> rest(first, words.end());
  words.erase(at, words.end());
  return rest;
}

/// CLI11 takes words apart; it knows names and which of them take a value, and nothing else.
struct Parser {
  explicit Parser(const std::vector<Verb>& verbs) {
    app.set_help_flag();
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.allow_extras();
    app.fallthrough();
    app.require_subcommand(0, 1);  // what follows a verb is its argument, whatever it is called
    help = app.add_flag("-h,--help");
    version = app.add_flag("--version");
    verbose = app.add_flag("-v,--verbose");  // of each verb, and may stand before it
    config = app.add_option("--config");
    for (const Verb& verb : verbs) {
      CLI::App* const sub = app.add_subcommand(verb.name);
      options.emplace_back();
      for (const Setting& each : verb.settings) {
        const std::string names = each.short_name.empty() ? each.option() : "-" + each.short_name + "," + each.option();
        options.back().push_back(each.is_flag() ? sub->add_flag(names) : sub->add_option(names));
      }
    }
  }

  CLI::App app;
  CLI::Option* help = nullptr;
  CLI::Option* version = nullptr;
  CLI::Option* verbose = nullptr;
  CLI::Option* config = nullptr;
  std::vector<std::vector<CLI::Option*>> options{};  ///< of each verb, one for each setting
};

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<Verb>& verbs, std::vector<std::string> words) {
  CommandLine line;
  Parser parser(verbs);
  line.rest = take_rest(verbs, words);
  const std::string last = words.empty() ? "" : words.back();
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    parser.app.parse(std::move(words));
  } catch (const CLI::ArgumentMismatch&) {
    return fail(ErrorCode::usage, fmt::format("{} needs a value", printable(last)));
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::usage, error.what(), kProgramHelp);
  }
  line.help = parser.help->count() > 0;
  line.version = parser.version->count() > 0;
  if (parser.config->count() > 0) {
    line.config = parser.config->results().back();
  }
  const auto chosen = parser.app.get_subcommands();
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& each) {
    return !chosen.empty() && chosen.front()->get_name() == each.name;
  });
  const auto unknown = parser.app.remaining(true);
  if (!unknown.empty()) {
    return tl::unexpected(unknown_word(unknown.front(), verbs, verb == verbs.end() ? nullptr : &*verb));
  }
  if (verb == verbs.end()) {
    if (!line.help && !line.version) {
      return fail(ErrorCode::usage, fmt::format("which verb? {}", fmt::join(names_of(verbs), ", ")), kProgramHelp);
    }
    return line;
  }
  if (chosen.size() > 1) {
    return fail(ErrorCode::usage, fmt::format("{} takes no \"{}\"", verb->name, chosen[1]->get_name()));
  }
  line.verb = verb->name;
  const auto& options = parser.options[static_cast<std::size_t>(verb - verbs.begin())];
  if (parser.verbose->count() > 0 && verb->find("verbose") != nullptr) {
    line.values.emplace_back("verbose", parser.verbose->results().back());
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i]->count() > 0) {
      line.values.emplace_back(verb->settings[i].name, options[i]->results().back());
    }
  }
  return line;
}

}  // namespace swarmout
