#include "seeder/source/hg/hg_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace swarmout {

namespace {

/// Sections and items, as `hg config` takes them.
constexpr std::array kHgTransport = {"auth",   "hostsecurity", "hostfingerprints", "http",       "http_proxy",
                                     "ui.ssh", "ui.remotecmd", "ui.timeout",       "web.cacerts"};
/// What hg calls the repository instead of its URL.
constexpr const char* kHgUpstream = "swarmout-upstream";

bool is_not_of_hg(std::string_view name) {
  return !name.starts_with("HG");
}

Command hg_command_at(const HgPlace& place, std::vector<std::string> arguments) {
  Command command;
  command.argv = {"hg", "--noninteractive"};
  command.argv.insert(command.argv.end(), std::make_move_iterator(arguments.begin()),
                      std::make_move_iterator(arguments.end()));
  // Names in a repository are bytes; with this they stay what they are.
  command.environment = {{"LC_ALL", "C.UTF-8"}, {"LANGUAGE", ""}, {"HGPLAIN", "1"}, {"HGRCSKIPREPO", "1"}};
  command.directory = place.directory;
  command.held = place.lock;
  command.inherits = is_not_of_hg;
  return command;
}

/// As an hgrc, and which of the items it has.
struct CallerSettings {
  std::string text;
  bool has_ssh = false;
  bool has_timeout = false;
};

/// `hg config` shows a value of several lines with \n in it; a file has them indented.
std::string with_line_ends(std::string_view shown) {
  std::string value;
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const bool line_end = shown[at] == '\\' && at + 1 < shown.size() && shown[at + 1] == 'n';
    value += line_end ? std::string("\n ") : std::string(1, shown[at]);
    at += line_end ? 1 : 0;
  }
  return value;
}

Result<CallerSettings> caller_hg_settings(const HgPlace& place, std::stop_token stop) {
  std::vector<std::string> arguments = {"config"};  // of no repository: ours has no part in it, and may be damaged
  arguments.insert(arguments.end(), kHgTransport.begin(), kHgTransport.end());
  Command command = hg_command_at(place, std::move(arguments));
  command.inherits = [](std::string_view name) { return is_not_of_hg(name) || name == "HGRCPATH"; };
  TRY_ASSIGN(const ToolOutcome outcome, run_tool(command, kHgPackage, std::move(stop)));  // nothing is set: 1
  CallerSettings settings;
  for (std::string_view rest = outcome.output; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t dot = line.find('.');
    const std::size_t equals = line.find('=');
    if (dot >= equals || equals == std::string_view::npos) {
      continue;
    }
    const std::string_view name = line.substr(0, equals);
    settings.has_ssh = settings.has_ssh || name == "ui.ssh";
    settings.has_timeout = settings.has_timeout || name == "http.timeout";
    settings.text += fmt::format("[{}]\n{} = {}\n", line.substr(0, dot), name.substr(dot + 1),
                                 with_line_ends(line.substr(equals + 1)));
  }
  return settings;
}

bool has_askpass() {
  const char* const value = std::getenv("SSH_ASKPASS");
  return value != nullptr && *value != '\0';
}

}  // namespace

Command hg_command(const HgPlace& place, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--repository", place.repository.native()});
  Command command = hg_command_at(place, std::move(arguments));
  command.environment.emplace_back("HGRCPATH", "");
  return command;
}

Result<ToolOutcome> run_hg_here(const HgPlace& place, std::vector<std::string> arguments, std::stop_token stop,
                                const TakeOutput& take) {
  return run_tool(hg_command(place, std::move(arguments)), kHgPackage, std::move(stop), take);
}

Result<ToolOutcome> run_hg_on_upstream(const HgPlace& place, const HgLocation& location,
                                       std::vector<std::string> arguments, std::stop_token stop,
                                       const TakeOutput& take) {
  TRY_ASSIGN(CallerSettings settings, caller_hg_settings(place, stop));
  if (!settings.has_ssh) {
    // With an askpass program ssh may ask; nobody is there to answer anything else.
    settings.text +=
        fmt::format("[ui]\nssh = ssh{} -o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=4\n",
                    has_askpass() ? "" : " -o BatchMode=yes");
  }
  if (!settings.has_timeout) {
    settings.text += "[http]\ntimeout = 300\n";
  }
  const bool by_name = location.repository.find("://") != std::string::npos;
  if (by_name) {
    settings.text += fmt::format("[paths]\n{} = {}\n", kHgUpstream, location.repository);
  }
  TRY_ASSIGN(const Fd input, text_as_input(settings.text));
  arguments.insert(arguments.end(), {"--", by_name ? kHgUpstream : location.repository});
  Command command = hg_command_at(place, std::move(arguments));
  command.environment.emplace_back("HGRCPATH", "/dev/stdin");
  command.input = input.get();
  return run_tool(command, kHgPackage, std::move(stop), take);
}

}  // namespace swarmout
