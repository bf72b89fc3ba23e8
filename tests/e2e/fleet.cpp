#include "tests/e2e/fleet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace swarmout::test {

namespace {

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

Fleet::Fleet() {
  const Finished made = command({"init", "--share", share(), "--keys", keys()});
  EXPECT_EQ(made.status, 0) << made.err;
}

Path Fleet::log(const std::string& name) {
  return dir_ / (std::to_string(++processes_) + "-" + name);
}

std::vector<std::string> Fleet::host_options(int host) const {
  return {"--share", share(), "--keys", keys(), "--state", state(host), "--listen", "127.0.0.1"};
}

Process Fleet::peer(int host, const Options& more, const Environment& environment) {
  Options argv{SWARMOUT_BINARY, "peer", "--dest", dest(host), "--poll", "100ms"};
  append(argv, host_options(host));
  append(argv, more);
  return Process({argv, environment}, log("peer"));
}

Process Fleet::seed(int host, const std::string& source, const Options& more, const Environment& environment) {
  Options argv{SWARMOUT_BINARY, "seed",  "--source",          source, "--splay",  "0",
               "--heartbeat",   "100ms", "--takeover-jitter", "0",    "--linger", "20s"};
  append(argv, host_options(host));
  append(argv, more);
  return Process({argv, environment}, log("seed"));
}

Finished Fleet::command(const Options& arguments, const Environment& environment) {
  Options argv{SWARMOUT_BINARY};
  append(argv, arguments);
  return run({argv, environment}, log(arguments.front()));
}

Finished Fleet::fetch(int host, const std::string& revision, const Options& more) {
  Options arguments{"fetch", "--revision", revision, "--dest", dest(host)};
  append(arguments, host_options(host));
  append(arguments, more);
  return command(arguments);
}

nlohmann::json Fleet::status() {
  const Finished shown = command({"status", "--json", "--share", share()});
  EXPECT_EQ(shown.status, 0) << shown.err;
  return nlohmann::json::parse(shown.out);
}

int Fleet::entries(const std::string& kind) const {
  int count = 0;
  for (const std::string& name : list_directory(share() / "log").value_or(std::vector<std::string>())) {
    const std::string bytes = read_file(share() / "log" / name, kMiB).value_or("");
    count += bytes.find("\nkind " + kind + "\n") != std::string::npos ? 1 : 0;
  }
  return count;
}

std::string Fleet::counted_source(const Path& tree) {
  return "tar:echo ran >> '" + scratch("invocations").native() + "'; tar -C '" + tree.native() + "' -cf - .";
}

int Fleet::invocations() const {
  const std::string lines = read_file(scratch("invocations"), kMiB).value_or("");
  return static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace swarmout::test
