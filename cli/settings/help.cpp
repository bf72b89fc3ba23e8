#include "cli/settings/help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kColumn = 32;  ///< where explanations begin

constexpr const char* kFooter =
    "Settings are taken from the command line, then from SWARMOUT_… in the environment (SWARMOUT_SHARE), then from\n"
    "/etc/swarmout.conf or the file of --config: lines like share=/mnt/share at its top, or below [seed] for one "
    "verb.\n"
    "\n"
    "Exit status: 0 done (seed: also if it is published already, or another host is at it); 1 the work failed;\n"
    "64 usage; 65 data refused; 66 no such revision; 69 the share is not initialised or not mounted;\n"
    "73 cannot write; 75 temporary, try again (run, wait: too late). run: CMD's own, or by its signal; 124 its time\n"
    "was over; 126, 127 it cannot be started.\n";

/// Bytes that begin a character: what a terminal shows is about as wide.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0U) != 0x80U; }));
}

/// `left`, then `text` in the column beside it, wrapped.
std::string row(std::string left, std::string_view text) {
  std::string out = std::move(left);
  if (width_of(out) + 2 > kColumn) {
    out += '\n' + std::string(kColumn, ' ');
  } else {
    out.append(kColumn - width_of(out), ' ');
  }
  std::size_t used = kColumn;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (used > kColumn && used + 1 + width_of(word) > kWidth) {
      out += '\n' + std::string(kColumn, ' ');
      used = kColumn;
    }
    if (used > kColumn) {
      out += ' ';
      ++used;
    }
    out += word;
    used += width_of(word);
  }
  return out + '\n';
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
  return text + '\n' + kFooter;
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
  return text + '\n' + kFooter;
}

}  // namespace swarmout
