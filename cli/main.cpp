#include "cli/journal.hpp"
#include "cli/output.hpp"
#include "cli/process/ending.hpp"
#include "cli/process/process_setup.hpp"
#include "cli/service/rounds.hpp"
#include "cli/service/service_manager.hpp"
#include "cli/settings/command_line.hpp"
#include "cli/settings/given.hpp"
#include "cli/settings/help.hpp"
#include "cli/verbs.hpp"
#include "common/share/helper/share_helper.hpp"
#include "common/share/helper/share_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

#if defined(__SANITIZE_ADDRESS__)
/// The helper that touches a share has an empty environment, and may not read what a look for leaks needs. Whoever
/// wants that look says so in ASAN_OPTIONS.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}
#endif

namespace {

using namespace swarmout;

/// How long a verb that was asked to end may take for it: `timeout -k 10`, systemd's 90 s for the service.
constexpr std::chrono::milliseconds kLongestEnding{9500};
constexpr std::chrono::milliseconds kLongestEndingOfService{60000};

std::vector<std::string> names_of_variables() {
  std::vector<std::string> names;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view line = *each;
    names.emplace_back(line.substr(0, line.find('=')));
  }
  return names;
}

/// The verb of this line, with all its settings.
Result<std::unique_ptr<PreparedVerb>> prepare(const CommandLine& line) {
  auto prepared = std::make_unique<PreparedVerb>();
  prepared->verbs = all_verbs(prepared->common);
  TRY_ASSIGN(prepared->given,
             take_settings(prepared->verbs, line, [](const std::string& name) { return std::getenv(name.c_str()); }));
  prepared->verb = &*std::find_if(prepared->verbs.begin(), prepared->verbs.end(),
                                  [&](const Verb& each) { return each.name == line.verb; });
  if (prepared->common.log_json) {
    speaker().say_json();
  }
  for (const std::string& doubt : doubtful_variables(prepared->verbs, names_of_variables())) {
    say(doubt);
  }
  const auto unasked = ::isatty(STDERR_FILENO) == 1 ? spdlog::level::info : spdlog::level::warn;
  spdlog::set_level(prepared->common.verbose ? spdlog::level::debug : unasked);
  return prepared;
}

/// Who began it on a terminal means its end by the signal that the terminal sends when it goes.
bool may_reload() {
  const bool managed = std::getenv("NOTIFY_SOCKET") != nullptr;
  return managed || !Fd(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)).valid();
}

Result<void> run_service(const CommandLine& line) {
  std::optional<Rounds> rounds;
  std::mutex beginning;  // until there is something to read settings for
  const auto reload = [&] {
    const std::lock_guard lock(beginning);
    if (rounds) {
      rounds->reload();
    }
  };
  const Signals signals(kLongestEndingOfService, may_reload() ? std::function<void()>(reload) : nullptr);
  {
    const std::lock_guard lock(beginning);
    TRY_ASSIGN(auto first, prepare(line));
    rounds.emplace(std::move(first), [&line] { return prepare(line); });
  }
  const auto done = rounds->run(signals.token());
  service_stops();
  return done;
}

Result<void> run(const std::vector<std::string>& words) {
  CommonOptions common;
  const std::vector<Verb> verbs = all_verbs(common);
  TRY_ASSIGN(const CommandLine line, parse_command_line(verbs, words));
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& each) { return each.name == line.verb; });
  if (line.help) {
    return print_result(verb == verbs.end() ? program_help(verbs) : verb_help(*verb));
  }
  if (line.version) {
    return print_result(SWARMOUT_VERSION "\n");
  }
  if (verb->reloads) {
    return run_service(line);
  }
  std::optional<Signals> signals;
  if (!verb->takes_signals) {
    signals.emplace(kLongestEnding);
  }
  TRY_ASSIGN(const auto prepared, prepare(line));
  return prepared->verb->run(signals ? signals->token() : std::stop_token());
}

/// What passes by itself needs nobody.
Level level_of(const Error& error) {
  return error.code == ErrorCode::temporary || error.code == ErrorCode::unavailable ? Level::warning : Level::error;
}

int status_of(const Result<void>& done) {
  if (done) {
    return 0;
  }
  if (!done.error().said && !(standard_error_is_journal() && was_journaled(to_string(done.error())))) {
    say(to_string(done.error()), level_of(done.error()));
  }
  return static_cast<int>(done.error().code);
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  keep_secrets_in_memory();
  const bool helper = argc == 2 && std::string_view(argv[1]) == kShareHelperVerb;  // not for people
  if (helper) {
    ignore_requests_to_end();  // before they are let through
  }
  reset_inherited_signals();
  end_on_uncaught_exceptions();
  take_mask();
  int status = static_cast<int>(ErrorCode::temporary);
  try {
    log_to_speaker();
    if (helper) {
      return serve_share(STDIN_FILENO);
    }
    status = status_of(run({argv + std::min(argc, 1), argv + argc}));
  } catch (...) {
    say(uncaught_sentence());
  }
  speaker().finish([](const std::string& line) { journal(line); });
  return status;
}
