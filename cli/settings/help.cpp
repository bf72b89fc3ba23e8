#include "cli/settings/help.hpp"

#include "cli/settings/wrapped.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kColumn = 32;  ///< where explanations begin
constexpr std::size_t kStatusWidth = 108;

constexpr const char* kFooter =
    "Settings are taken from the command line, then from SWARMOUT_… in the environment (SWARMOUT_SHARE), then from\n"
    "/etc/swarmout.conf or the file of --config: lines like share=/mnt/share at its top, or below [seed] for one "
    "verb.\n"
    "\n"
    "Exit status: ";

std::string footer() {
  std::string text = kFooter;
  std::string statuses;
  for (const std::string& line : wrapped(exit_statuses(), kStatusWidth)) {
    statuses += (statuses.empty() ? "" : "\n") + line;
  }
  return text + statuses + '\n';
}

/// `left`, then `text` in the column beside it, wrapped.
std::string row(std::string left, std::string_view text) {
  std::string out = std::move(left);
  const std::string column(kColumn, ' ');
  out += width_of(out) + 2 > kColumn ? '\n' + column : std::string(kColumn - width_of(out), ' ');
  bool first = true;
  for (const std::string& line : wrapped(text, kWidth - kColumn)) {
    out += (first ? "" : column) + line + '\n';
    first = false;
  }
  return out;
}

std::string explained(const Setting& setting) {
  if (setting.required) {
    return setting.help + " (must be given)";
  }
  return setting.is_flag() || setting.default_text.empty() ? setting.help
                                                           : fmt::format("{} [{}]", setting.help, setting.default_text);
}

std::string left_of(const Setting& setting) {
  if (setting.scope == Scope::argument) {
    return "  " + setting.words;
  }
  const std::string name =
      setting.short_name.empty() ? setting.option() : fmt::format("-{}, {}", setting.short_name, setting.option());
  return setting.is_flag() ? "  " + name : fmt::format("  {} {}", name, setting.words);
}

}  // namespace

std::string_view exit_statuses() {
  return "0 done (seed: also if it is published already, or another host is at it); 1 the work failed; 64 usage; 65 "
         "data "
         "refused; 66 no such revision; 69 the share is not initialised or not mounted; 73 cannot write; 75 temporary, "
         "try "
         "again (run, wait: too late). run: CMD's own, or by its signal; 124 its time was over; 126, 127 it cannot be "
         "started.";
}

std::string program_help(const std::vector<Verb>& verbs) {
  std::string text =
      "swarmout: one checkout, every server. One elected host exports a repository; all hosts fetch it from each "
      "other.\n\n  swarmout VERB [OPTION…]\n\nVerbs:\n";
  for (const Verb& verb : verbs) {
    text += row("  " + verb.name, verb.about);
  }
  text += "\nOptions:\n";
  text += row("  --config FILE", "Settings for all verbs [/etc/swarmout.conf]");
  text += row("  -h, --help", "This; after a verb, what that verb can be told");
  text += row("  --version", "The version");
  return text + '\n' + footer();
}

std::string verb_help(const Verb& verb) {
  std::string usage = fmt::format("swarmout {}: {}\n\n  swarmout {}", verb.name, verb.about, verb.name);
  for (const Setting& setting : verb.settings) {
    usage += setting.scope != Scope::argument ? ""
             : setting.required               ? " " + setting.words
                                              : " [" + setting.words + ']';
  }
  std::string text = usage + " [OPTION…]" + (verb.rest_words.empty() ? "" : " [--] " + verb.rest_words) + '\n';
  for (const Group group : kGroups) {
    std::string rows;
    for (const Setting& setting : verb.settings) {
      rows += setting.group == group ? row(left_of(setting), explained(setting)) : "";
    }
    if (!rows.empty()) {
      text += fmt::format("\n{}:\n{}", title_of(group), rows);
    }
  }
  return text + '\n' + footer();
}

}  // namespace swarmout
