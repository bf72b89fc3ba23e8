#include "cli/pages/completions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

/// What may stand behind an option.
enum class Follows { nothing, anything, directory, file, choice };

/// The words of a choice: "wait|old|skip" → "wait old skip"; empty for other kinds of values.
std::string choices_of(const Setting& setting) {
  const bool plain = std::all_of(setting.words.begin(), setting.words.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || c == '|' || c == '-'; });
  if (!plain || setting.words.find('|') == std::string::npos) {
    return "";
  }
  std::string words = setting.words;
  std::replace(words.begin(), words.end(), '|', ' ');
  return words;
}

Follows follows(const Setting& setting) {
  if (setting.is_flag()) {
    return Follows::nothing;
  }
  if (setting.words.starts_with("DIR")) {
    return Follows::directory;
  }
  if (setting.words == "FILE" || setting.words == "LINK") {
    return Follows::file;
  }
  return choices_of(setting).empty() ? Follows::anything : Follows::choice;
}

std::vector<Setting> options_of(const Verb& verb) {
  std::vector<Setting> options;
  std::copy_if(verb.settings.begin(), verb.settings.end(), std::back_inserter(options),
               [](const Setting& each) { return each.scope != Scope::argument; });
  return options;
}

/// In single quotes of sh, zsh or fish.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + '\'';
}

/// Of an explanation that stands in brackets, with a colon behind them.
std::string for_zsh(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += (c == '[' || c == ']' || c == ':' || c == '\\') ? std::string("\\") + c : std::string(1, c);
  }
  return out;
}

std::string bash_values(const Verb& verb) {
  std::string text;
  for (const Setting& each : options_of(verb)) {
    const std::string reply = [&]() -> std::string {
      switch (follows(each)) {
        case Follows::nothing:
          return "";
        case Follows::directory:
          return "_swarmout_paths -d";
        case Follows::file:
          return "_swarmout_paths -f";
        case Follows::choice:
          return fmt::format("COMPREPLY=($(compgen -W {} -- \"$cur\"))", in_quotes(choices_of(each)));
        case Follows::anything:
          return ":";
      }
      return "";
    }();
    if (!reply.empty()) {
      text += fmt::format("        {}:{}) {}; return ;;\n", verb.name, each.option(), reply);
    }
  }
  return text;
}

}  // namespace

std::string bash_completion(const std::vector<Verb>& verbs) {
  std::string names;
  std::string values;
  std::string options;
  for (const Verb& verb : verbs) {
    names += (names.empty() ? "" : " ") + verb.name;
    values += bash_values(verb);
    std::string words = "--help --config";
    for (const Setting& each : options_of(verb)) {
      words += ' ' + each.option();
    }
    options += fmt::format("        {}) words='{}' ;;\n", verb.name, words);
  }
  return "# bash completion for swarmout; made by `swarmout pages`.\n"
         "_swarmout_paths() {\n"
         "    local IFS=$'\\n'  # names may have blanks\n"
         "    COMPREPLY=($(compgen \"$1\" -- \"$cur\"))\n"
         "}\n"
         "_swarmout() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' words='' i\n"
         "    COMPREPLY=()\n"
         "    for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "        case ${COMP_WORDS[i]} in\n"
         "            --config) ((++i)) ;;\n"
         "            -*) ;;\n"
         "            *) verb=${COMP_WORDS[i]}; break ;;\n"
         "        esac\n"
         "    done\n"
         "    if [[ $prev == --config ]]; then _swarmout_paths -f; return; fi\n"
         "    case $verb:$prev in\n" +
         values +
         "    esac\n"
         "    case $verb in\n"
         "        '') words='" +
         names + " --config --help --version' ;;\n" + options +
         "    esac\n"
         "    if [[ $cur == -* || -z $verb ]]; then\n"
         "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "    else\n"
         "        _swarmout_paths -f\n"
         "    fi\n"
         "}\n"
         "complete -o filenames -F _swarmout swarmout\n";
}

std::string zsh_completion(const std::vector<Verb>& verbs) {
  std::string names;
  std::string cases;
  for (const Verb& verb : verbs) {
    names += fmt::format("    {}\n", in_quotes(for_zsh(verb.name) + ':' + verb.about));
    cases += fmt::format("  {})\n    _arguments -S \\\n", verb.name);
    for (const Setting& each : options_of(verb)) {
      std::string value;
      switch (follows(each)) {
        case Follows::nothing:
          break;
        case Follows::directory:
          value = fmt::format(":{}:_files -/", for_zsh(each.words));
          break;
        case Follows::file:
          value = fmt::format(":{}:_files", for_zsh(each.words));
          break;
        case Follows::choice:
          value = fmt::format(":{}:({})", for_zsh(each.words), choices_of(each));
          break;
        case Follows::anything:
          value = fmt::format(":{}: ", for_zsh(each.words));
          break;
      }
      const std::string name = each.option() + (each.is_flag() ? "" : "=");
      cases += fmt::format("      {} \\\n", in_quotes(fmt::format("{}[{}]{}", name, for_zsh(each.help), value)));
    }
    cases += "      '--help[What this verb can be told]' \\\n      '*::word:_files'\n    ;;\n";
  }
  return "#compdef swarmout\n# Made by `swarmout pages`.\nlocal -a verbs\nverbs=(\n" + names +
         ")\n"
         "_arguments -C -S '--config=[Settings for all verbs]:FILE:_files' '(-h --help)'{-h,--help}'[The verbs]' \\\n"
         "  '--version[The version]' '1:verb:->verb' '*::word:->words'\n"
         "case $state in\n"
         "  verb) _describe verb verbs; return ;;\n"
         "  words) ;;\n"
         "  *) return ;;\n"
         "esac\n"
         "case $words[1] in\n" +
         cases + "esac\n";
}

std::string fish_completion(const std::vector<Verb>& verbs) {
  std::string text =
      "# fish completion for swarmout; made by `swarmout pages`.\n"
      "complete -c swarmout -l config -r -F -d 'Settings for all verbs'\n"
      "complete -c swarmout -n __fish_use_subcommand -l version -d 'The version'\n"
      "complete -c swarmout -s h -l help -d 'What it can be told'\n";
  for (const Verb& verb : verbs) {
    text +=
        fmt::format("complete -c swarmout -f -n __fish_use_subcommand -a {} -d {}\n", verb.name, in_quotes(verb.about));
    for (const Setting& each : options_of(verb)) {
      std::string value;
      switch (follows(each)) {
        case Follows::nothing:
          break;
        case Follows::directory:
          value = " -x -a '(__fish_complete_directories)'";
          break;
        case Follows::file:
          value = " -r -F";
          break;
        case Follows::choice:
          value = fmt::format(" -x -a {}", in_quotes(choices_of(each)));
          break;
        case Follows::anything:
          value = " -x";
          break;
      }
      text +=
          fmt::format("complete -c swarmout -n '__fish_seen_subcommand_from {}'{} -l {}{} -d {}\n", verb.name,
                      each.short_name.empty() ? "" : " -s " + each.short_name, each.name, value, in_quotes(each.help));
    }
  }
  return text;
}

}  // namespace swarmout
