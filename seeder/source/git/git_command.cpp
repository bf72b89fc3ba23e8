#include "seeder/source/git/git_command.hpp"

#include "common/base/private_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace swarmout {

namespace {

constexpr Bytes kMaxListing = 256 * kMiB;

/// Of GIT_…, what a transport needs. All others say where a repository is, or change what is in it.
constexpr std::array kForTransport = {
    "GIT_ASKPASS", "GIT_SSH",    "GIT_SSL_",           "GIT_PROXY_",   "GIT_HTTP_",
    "GIT_CURL_",   "GIT_CONFIG", "GIT_ALLOW_PROTOCOL", "GIT_PROTOCOL", "GIT_PROTOCOL_FROM_USER"};
constexpr std::array kAlways = {"GIT_EXEC_PATH", "GIT_TRACE"};

template <typename Names>
bool begins_as_one_of(std::string_view name, const Names& names) {
  return std::any_of(names.begin(), names.end(), [&](const char* each) { return name.starts_with(each); });
}

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

/// Neither hooks nor collections of the host's making; and the mirror is ours, whoever owns the state directory.
std::vector<std::string> begin_command(const Path& mirror) {
  std::vector<std::string> argv = {"git",
                                   "-c",
                                   "core.hooksPath=/dev/null",
                                   "-c",
                                   "core.fsmonitor=false",
                                   "-c",
                                   "gc.auto=0",
                                   "-c",
                                   "maintenance.auto=false",
                                   "-c",
                                   "safe.directory=*",
                                   "-c",
                                   "fetch.unpackLimit=1",
                                   "-c",
                                   "transfer.unpackLimit=1",
                                   "-c",
                                   "fetch.writeCommitGraph=false",
                                   "-c",
                                   "core.attributesFile=/dev/null"};
  if (!mirror.empty()) {
    argv.insert(argv.end(), {"--git-dir", mirror.native()});
  }
  return argv;
}

Command command_at(const GitPlace& place, std::vector<std::string> argv, std::vector<std::string> arguments) {
  Command command;
  command.argv = std::move(argv);
  command.argv.insert(command.argv.end(), std::make_move_iterator(arguments.begin()),
                      std::make_move_iterator(arguments.end()));
  command.environment = {{"LC_ALL", "C"},
                         {"GIT_TERMINAL_PROMPT", "0"},
                         {"GIT_ATTR_NOSYSTEM", "1"},
                         {"GIT_NO_REPLACE_OBJECTS", "1"},
                         {"GIT_CEILING_DIRECTORIES", place.directory.parent_path().native()}};
  command.directory = place.directory;
  command.held = place.lock;
  return command;
}

/// What the caller's git is configured to that we would otherwise set.
std::string caller_settings(const GitPlace& place, const std::stop_token& stop) {
  Command command = command_at(place, {"git"}, {"config", "--get-regexp", R"(^(core\.sshcommand|http\..*lowspeed))"});
  command.inherits = [](std::string_view name) {
    return !name.starts_with("GIT_") || begins_as_one_of(name, kAlways) || name.starts_with("GIT_CONFIG");
  };
  const auto outcome = run_git(command, stop);
  return outcome ? outcome->output : std::string();  // nothing is set: 1
}

/// For a shell, which git gives a helper's command to.
std::string in_quotes(const Path& file) {
  std::string text = "'";
  for (const char c : file.native()) {
    text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return text + '\'';
}

/// What systemd has handed to the unit goes behind the caller's own helpers. Its file cannot be written: `store` would
/// complain of that after each use.
void add_handed_helper(std::vector<std::string>& argv) {
  if (const auto handed = handed_credential("swarmout.git-credentials")) {
    argv.insert(
        argv.begin() + 1,
        {"-c", fmt::format("credential.helper=!f() {{ test \"$1\" != get || git credential-store --file={} get; }}; f",
                           in_quotes(*handed))});
  }
}

std::string handed_key() {
  const auto key = handed_credential("swarmout.ssh-key");
  return key ? fmt::format(" -i {} -o IdentitiesOnly=yes", in_quotes(*key)) : "";
}

}  // namespace

Command mirror_command(const GitPlace& place, const Path& mirror, std::vector<std::string> arguments) {
  Command command = command_at(place, begin_command(mirror), std::move(arguments));
  command.environment.emplace_back("GIT_CONFIG_NOSYSTEM", "1");
  command.environment.emplace_back("GIT_CONFIG_GLOBAL", "/dev/null");
  command.inherits = [](std::string_view name) { return !name.starts_with("GIT_") || begins_as_one_of(name, kAlways); };
  return command;
}

Command transport_command(const GitPlace& place, const Path& mirror, std::vector<std::string> arguments,
                          std::stop_token stop) {
  const std::string settings = caller_settings(place, stop);
  std::vector<std::string> argv = begin_command(mirror);
  if (settings.find("lowspeed") == std::string::npos) {
    // A server that packs sends a sign of life every five seconds (uploadpack.keepAlive).
    argv.insert(argv.begin() + 1, {"-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=300"});
  }
  const bool stranger = place.url_of == GitUrlOf::stranger;
  if (stranger) {  // an askpass program answers whoever asks; credential helpers are told the host
    argv.insert(argv.begin() + 1, {"-c", "core.askPass=", "-c", "http.extraHeader="});
  }
  add_handed_helper(argv);
  if (place.url_of == GitUrlOf::local_superproject) {
    argv.insert(argv.begin() + 1, {"-c", "protocol.file.allow=always"});
  }
  Command command = command_at(place, std::move(argv), std::move(arguments));
  if (place.url_of != GitUrlOf::caller) {
    command.environment.emplace_back("GIT_PROTOCOL_FROM_USER", "0");
  }
  if (!is_set("GIT_SSH") && !is_set("GIT_SSH_COMMAND") && settings.find("core.sshcommand") == std::string::npos) {
    // With an askpass program ssh may ask; nobody is there to answer anything else.
    command.environment.emplace_back(
        "GIT_SSH_COMMAND",
        fmt::format("ssh{}{} -o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=4",
                    is_set("SSH_ASKPASS") ? "" : " -o BatchMode=yes", handed_key()));
  }
  command.inherits = [stranger](std::string_view name) {
    if (stranger && (name == "GIT_ASKPASS" || name == "SSH_ASKPASS")) {
      return false;
    }
    return !name.starts_with("GIT_") || begins_as_one_of(name, kAlways) || begins_as_one_of(name, kForTransport);
  };
  return command;
}

Result<GitOutcome> run_git(const Command& command, std::stop_token stop) {
  TRY_ASSIGN(Subprocess child, Subprocess::start(command));
  return outcome_of(std::move(child), "git", kMaxListing, std::move(stop));
}

Error git_failure(const GitOutcome& outcome, const std::string& what, const Path& mirror) {
  if (auto full = disk_failure(outcome.words, mirror)) {
    return *std::move(full);
  }
  return {ErrorCode::failed, fmt::format("{}: git ended with status {}: {}", what, outcome.status, outcome.words), {}};
}

}  // namespace swarmout
