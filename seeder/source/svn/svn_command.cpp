#include "seeder/source/svn/svn_command.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace swarmout {

namespace {

constexpr const char* kPackage = "subversion";
/// svn puts the host after it.
constexpr const char* kSsh =
    "ssh -q -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=4 --";
/// No such revision; no such path in it; it did not exist then.
constexpr std::array kNotThere = {"E160006:", "E160013:", "E195012:", "E200009:"};
/// Of the working copy, its database, a checksum in it; of another repository; a broken promise of svn's own.
constexpr std::array kOfWorkingCopy = {"E155", "E200014:", "E20003", "E170009:", "E235000:"};

template <typename Codes>
bool says_one_of(const ToolOutcome& outcome, const Codes& codes) {
  return std::any_of(codes.begin(), codes.end(), [&](const char* code) {
    return outcome.words.find(std::string("svn: ") + code) != std::string::npos;
  });
}

Command command_at(const SvnPlace& place, std::vector<std::string> arguments) {
  Command command;
  command.argv = {"svn"};
  command.argv.insert(command.argv.end(), std::make_move_iterator(arguments.begin()),
                      std::make_move_iterator(arguments.end()));
  command.argv.insert(command.argv.begin() + 2, {"--non-interactive", "--no-auth-cache"});
  // Names are UTF-8 in a repository, and are to be so here.
  command.environment = {{"LC_ALL", "C.UTF-8"}, {"LANGUAGE", ""}};
  command.directory = place.directory;
  command.held = place.lock;
  return command;
}

}  // namespace

Result<ToolOutcome> run_svn_on_server(const SvnPlace& place, const SvnLocation& location,
                                      std::vector<std::string> arguments, std::stop_token stop,
                                      const TakeOutput& take) {
  if (!location.user.empty()) {
    arguments.insert(arguments.begin() + 1, {"--username", location.user});
  }
  Command command = command_at(place, std::move(arguments));
  Fd input;
  if (!location.password.empty()) {
    TRY_ASSIGN(input, text_as_input(location.password + '\n'));
    command.input = input.get();
    command.argv.insert(command.argv.begin() + 2, "--password-from-stdin");
  }
  if (const char* const ssh = std::getenv("SVN_SSH"); ssh == nullptr || *ssh == '\0') {
    command.environment.emplace_back("SVN_SSH", kSsh);
  }
  return run_tool(command, kPackage, std::move(stop), take);
}

Result<ToolOutcome> run_svn_here(const SvnPlace& place, std::vector<std::string> arguments, std::stop_token stop,
                                 const TakeOutput& take) {
  Command command = command_at(place, std::move(arguments));
  command.argv.insert(command.argv.begin() + 2, {"--config-dir", place.own_settings.native()});
  return run_tool(command, kPackage, std::move(stop), take);
}

bool says_not_there(const ToolOutcome& outcome) {
  return says_one_of(outcome, kNotThere);
}

bool blames_working_copy(const ToolOutcome& outcome) {
  const bool full = outcome.words.find("disk is full") != std::string::npos;  // so says its database
  return !full && says_one_of(outcome, kOfWorkingCopy);
}

}  // namespace swarmout
