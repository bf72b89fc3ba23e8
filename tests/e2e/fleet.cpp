#include "tests/e2e/fleet.hpp"

#include "common/share/open_share.hpp"
#include "common/share/share.hpp"
#include "tests/support/programs.hpp"
#include "tests/support/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace swarmout::test {

namespace {

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// What is shipped, but where a failpoint is wanted.
std::string swarmout(const Fleet::Environment& environment = {}) {
  constexpr const char* kFailpoint = "SWARMOUT_FAILPOINT";
  const bool wanted =
      std::getenv(kFailpoint) != nullptr ||
      std::any_of(environment.begin(), environment.end(), [](const auto& each) { return each.first == kFailpoint; });
  return wanted ? program_with_failpoints() : swarmout_program();
}

}  // namespace

Fleet::Fleet(std::string etcd_url) : etcd_url_(std::move(etcd_url)) {
  const Finished made = command({"init", "--share", url(), "--keys", keys()});
  EXPECT_EQ(made.status, 0) << made.err;
}

/// Some verbs are called with nothing but a share.
Fleet::Environment Fleet::with_keys(Environment environment) const {
  environment.emplace_back("SWARMOUT_KEYS", keys().native());
  return environment;
}

TrustedKeys Fleet::trusted() const {
  return TrustedKeys::load(keys()).value();
}

Path Fleet::log(const std::string& name) {
  return dir_ / (std::to_string(++processes_) + "-" + name);
}

std::vector<std::string> Fleet::host_options(int host) const {
  return {"--share", url(), "--keys", keys(), "--state", state(host), "--listen", "127.0.0.1"};
}

Process Fleet::peer(int host, const Options& more, const Environment& environment) {
  Options argv{swarmout(environment), "peer", "--dest", dest(host), "--poll", "100ms"};
  append(argv, host_options(host));
  append(argv, more);
  return Process({argv, environment}, log("peer"));
}

Process Fleet::peer_under(const Options& wrapper, int host, const Options& more) {
  Options argv = wrapper;
  append(argv, {swarmout(), "peer", "--dest", dest(host)});
  append(argv, host_options(host));
  append(argv, more);
  return Process({argv, {}}, log("peer"));
}

Process Fleet::seed(int host, const std::string& source, const Options& more, const Environment& environment) {
  return seed_under({}, host, source, more, environment);
}

Process Fleet::seed_under(const Options& wrapper, int host, const std::string& source, const Options& more,
                          const Environment& environment) {
  Options argv = wrapper;
  append(argv, {swarmout(environment), "seed", "--source", source, "--splay", "0"});
  // Sanitized programs are slower, so that hosts would take each other for dead: scripts/test gives them longer.
  const char* const heartbeat = std::getenv("SWARMOUT_TEST_HEARTBEAT");
  append(argv, {"--heartbeat", heartbeat != nullptr ? heartbeat : "100ms", "--takeover-jitter", "0", "--retry-wait",
                "100ms", "--linger", "20s"});
  append(argv, host_options(host));
  append(argv, more);
  return Process({argv, environment}, log("seed"));
}

Finished Fleet::command(const Options& arguments, const Environment& environment) {
  Options argv{swarmout(environment)};
  append(argv, arguments);
  return run({argv, with_keys(environment)}, log(arguments.front()));
}

Process Fleet::command_under(const Options& wrapper, const Options& arguments) {
  Options argv = wrapper;
  append(argv, {swarmout()});
  append(argv, arguments);
  return Process({argv, with_keys({})}, log(arguments.front()));
}

Process Fleet::job(int host, const Options& more, const Environment& environment) {
  Options argv{swarmout(), "run", "--share", url(), "--keys", keys(), "--state", state(host), "--dest", dest(host)};
  append(argv, more);
  return Process({argv, environment}, log("run"));
}

Finished Fleet::fetch(int host, const std::string& revision, const Options& more) {
  Options arguments{"fetch", "--revision", revision, "--dest", dest(host)};
  append(arguments, host_options(host));
  append(arguments, more);
  return command(arguments);
}

bool Fleet::all_equal(int hosts, const Path& tree) const {
  const auto expected = listing(tree);
  for (int host = 1; host <= hosts; ++host) {
    if (!path_exists(current(host)) || listing(current(host)) != expected) {
      return false;
    }
  }
  return true;
}

nlohmann::json Fleet::status() {
  const Finished shown = command({"status", "--json", "--share", url()});
  EXPECT_EQ(shown.status, 0) << shown.err;
  return nlohmann::json::parse(shown.out);
}

int Fleet::entries(const std::string& kind) const {
  const auto opened = open_share(url());
  if (!opened) {
    ADD_FAILURE() << to_string(opened.error());
    return -1;
  }
  int count = 0;
  const Position tail = (*opened)->tail({}).value_or(Position{});
  for (Position each{1}; each <= tail; each = each.next()) {
    const auto bytes = (*opened)->read(each).value_or(std::nullopt);
    count += bytes && bytes->find("\nkind " + kind + "\n") != std::string::npos ? 1 : 0;
  }
  return count;
}

std::string Fleet::counted_source(const Path& tree) const {
  return "tar:echo ran >> '" + scratch("invocations").native() + "'; tar -C '" + tree.native() + "' -cf - .";
}

int Fleet::invocations() const {
  const std::string lines = read_file(scratch("invocations"), kMiB).value_or("");
  return static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace swarmout::test
