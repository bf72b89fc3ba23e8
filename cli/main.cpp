#include "cli/verbs.hpp"
#include "common/share/helper/share_helper.hpp"
#include "common/share/helper/share_server.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

namespace {

using namespace swarmout;

constexpr const char* kExitCodes =
    "Exit status: 0 done (for seed also: published already, or another host is at it); 1 the work failed;\n"
    "64 usage; 65 data refused; 66 no such revision; 69 share not initialised or not mounted;\n"
    "73 cannot write here; 75 temporary, try again.\n"
    "Every option can also be set by SWARMOUT_… in the environment and in /etc/swarmout.conf ([seed] share=…).";

/// CLI11 lets the file win over the environment; here it is the other way round.
class EnvironmentFirst final : public CLI::ConfigBase {
public:
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> found = CLI::ConfigBase::from_config(input);
    std::erase_if(found, [](const CLI::ConfigItem& item) {
      return std::getenv(environment_name("--" + item.name).c_str()) != nullptr;
    });
    return found;
  }
};

/// SIGINT and SIGTERM ask the work to stop; the second one ends the process at once.
class Signals {
public:
  Signals() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGINT);
    ::sigaddset(&set_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);  // before any thread is made: all of them inherit it
    ::signal(SIGPIPE, SIG_IGN);
    waiter_ = std::jthread([this](std::stop_token end) {
      int signal = 0;
      while (::sigwait(&set_, &signal) == 0 && !end.stop_requested()) {
        if (!stop_.request_stop()) {
          std::_Exit(128 + signal);
        }
      }
    });
  }
  ~Signals() {
    waiter_.request_stop();
    // Ends its sigwait(3); blocked, so it terminates nothing.
    ::pthread_kill(waiter_.native_handle(), SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  std::stop_token token() const { return stop_.get_token(); }

private:
  sigset_t set_{};
  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace

int main(int argc, char** argv) {
  ::umask(022);
  if (argc == 2 && std::string_view(argv[1]) == kShareHelperVerb) {  // not for people
    return serve_share(STDIN_FILENO);
  }
  const Signals signals;
  auto log = spdlog::stderr_color_st("swarmout");
  log->set_pattern("swarmout: %v");
  spdlog::set_default_logger(log);

  CLI::App app("One checkout, every server: one elected host exports a repository, all hosts fetch it from each other.",
               "swarmout");
  app.footer(kExitCodes);
  app.set_version_flag("--version", SWARMOUT_VERSION);
  app.set_config("--config", "/etc/swarmout.conf", "Settings for all verbs");
  app.config_formatter(std::make_shared<EnvironmentFirst>());
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // wrappers append what they override
  app.require_subcommand(1);
  app.fallthrough();
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "Say more, also when nobody watches");
  Action chosen;
  setup_init(app, chosen);
  setup_seed(app, chosen);
  setup_peer(app, chosen);
  setup_fetch(app, chosen);
  setup_status(app, chosen);
  setup_abandon(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : static_cast<int>(ErrorCode::usage);
  }
  spdlog::set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  const Result<void> done = chosen(signals.token());
  if (!done) {
    if (!done.error().message.empty()) {  // else it was said often enough
      fmt::print(stderr, "swarmout: {}\n", to_string(done.error()));
    }
    return static_cast<int>(done.error().code);
  }
  return 0;
}
