#include "cli/pages/man_page.hpp"

#include "cli/settings/config_file.hpp"
#include "cli/settings/help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace swarmout {

namespace {

/// Text as roff takes it literally: no escapes, no request at the beginning of a line, hyphens that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += std::string("\\&") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string head(std::string_view name, int section, std::string_view about) {
  return fmt::format(
      ".\\\" Made by `swarmout pages` from the settings of the program.\n"
      ".TH {} {} \"\" \"swarmout {}\" \"swarmout\"\n.SH NAME\n{} \\- {}\n",
      roff(name), section, SWARMOUT_VERSION, roff(name), roff(about));
}

std::string bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", roff(text));
}

std::string option_of(const Setting& setting) {
  if (setting.scope == Scope::argument) {
    return fmt::format("\\fI{}\\fR", roff(setting.words));
  }
  const std::string name =
      (setting.short_name.empty() ? "" : bold('-' + setting.short_name) + ", ") + bold(setting.option());
  return setting.is_flag() ? name : fmt::format("{} \\fI{}\\fR", name, roff(setting.words));
}

std::string explained(const Setting& setting) {
  std::string text = roff(setting.help) + '.';
  if (setting.required) {
    text += " It must be given.";
  }
  if (!setting.is_flag() && !setting.default_text.empty()) {
    text += fmt::format(" Default: {}.", bold(setting.default_text));
  }
  return text;
}

std::string grouped(const std::vector<Setting>& settings) {
  std::string text;
  for (const Group group : kGroups) {
    std::string part;
    for (const Setting& each : settings) {
      part += each.group == group ? fmt::format(".TP\n{}\n{}\n", option_of(each), explained(each)) : "";
    }
    text += part.empty() ? "" : fmt::format(".SS {}\n{}", roff(title_of(group)), part);
  }
  return text;
}

std::string footer() {
  return fmt::format(
      ".SH FILES\n.TP\n{}\nSettings, see \\fBswarmout.conf\\fR(5).\n.TP\n{}\nKeys of the fleet.\n.TP\n{}\n"
      "What a host keeps between runs.\n.SH EXIT STATUS\n{}\n",
      bold(kDefaultConfig), bold("/etc/swarmout/keys"), bold("/var/lib/swarmout"), roff(exit_statuses()));
}

}  // namespace

std::string program_man_page(const std::vector<Verb>& verbs) {
  std::string text = head("swarmout", 1, "one checkout, every server");
  text +=
      ".SH SYNOPSIS\n\\fBswarmout\\fR [\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fIVERB\\fR [\\fIOPTION\\fR]...\n"
      ".SH DESCRIPTION\nFifty to a thousand servers are clones of one image, and the same cron line fires on all of "
      "them in\n"
      "the same second. One elected host exports a repository, once; all hosts fetch it from each other, and switch to "
      "it\n"
      "by one rename.\n.SH VERBS\n";
  for (const Verb& verb : verbs) {
    text += fmt::format(".TP\n{}(1)\n{}.\n", bold("swarmout-" + verb.name), roff(verb.about));
  }
  return text + footer() + ".SH SEE ALSO\n\\fBswarmout.conf\\fR(5)\n";
}

std::string verb_man_page(const Verb& verb) {
  std::string text = head("swarmout-" + verb.name, 1, verb.about);
  text += fmt::format(".SH SYNOPSIS\n\\fBswarmout {}\\fR", roff(verb.name));
  for (const Setting& each : verb.settings) {
    if (each.scope == Scope::argument) {
      text +=
          each.required ? fmt::format(" \\fI{}\\fR", roff(each.words)) : fmt::format(" [\\fI{}\\fR]", roff(each.words));
    }
  }
  text += " [\\fIOPTION\\fR]..." +
          (verb.rest_words.empty() ? "" : fmt::format(" [\\-\\-] \\fI{}\\fR", roff(verb.rest_words)));
  text += fmt::format("\n.SH DESCRIPTION\n{}.\n.SH OPTIONS\n{}", roff(verb.about), grouped(verb.settings));
  text +=
      ".PP\nWhat a file may give is taken from the command line, then from the environment (\\fB\\-\\-share\\fR is\n"
      "\\fBSWARMOUT_SHARE\\fR there), then from the configuration file.\n";
  return text + footer() + ".SH SEE ALSO\n\\fBswarmout\\fR(1), \\fBswarmout.conf\\fR(5)\n";
}

std::string config_man_page(const std::vector<Verb>& verbs) {
  std::string text = head("swarmout.conf", 5, "settings of swarmout");
  text +=
      ".SH DESCRIPTION\nA line is \\fIkey\\fR=\\fIvalue\\fR. The value is the rest of the line, byte for byte but for "
      "blanks\n"
      "around it; no quotes, no comment behind it. Comments are lines of their own that begin with # or ;. What "
      "stands\n"
      "before the first [section] is for all verbs that have the setting; a section is for one verb, and goes before.\n"
      "What is not exactly this is an error, on all hosts and for all verbs alike. \\fBswarmout config "
      "\\-\\-check\\fR\n"
      "\\fIFILE\\fR names what is wrong, by line; \\fBswarmout config\\fR shows what holds, and where it is from.\n"
      ".SH SETTINGS\n";
  for (const CatalogueEntry& each : catalogue(verbs)) {
    if (each.setting.scope == Scope::everywhere) {
      text += fmt::format(".TP\n{}=\\fI{}\\fR\n{} For: {}.\n", bold(each.setting.name),
                          roff(each.setting.is_flag() ? "true|false" : each.setting.words), explained(each.setting),
                          roff(fmt::format("{}", fmt::join(each.verbs, ", "))));
    }
  }
  return text + ".SH SEE ALSO\n\\fBswarmout\\fR(1)\n";
}

}  // namespace swarmout
