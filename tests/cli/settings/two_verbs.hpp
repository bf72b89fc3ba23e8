// A small command with two verbs, for tests of where settings come from.

#pragma once

#include "cli/settings/given.hpp"

#include <map>

namespace swarmout::test {

struct TwoVerbs {
  TwoVerbs() {
    Verb sow{.name = "sow", .about = "Sows"};
    add_setting(sow, share, Text{.word = "DIR", .shortest = 1},
                {.name = "share", .help = "Where all meet", .required = true});
    add_setting(sow, linger, Duration{.least = std::chrono::milliseconds(10)},
                {.name = "linger", .group = Group::election, .help = "How long"});
    add_setting(sow, tls, Flag{}, {.name = "swarm-tls", .group = Group::swarm, .help = "Hidden"});
    add_setting(sow, force, Flag{}, {.name = "force", .help = "Do it", .scope = Scope::command_line});
    Verb reap{.name = "reap", .about = "Reaps"};
    add_setting(reap, reap_share, Text{.word = "DIR", .shortest = 1},
                {.name = "share", .help = "Where all meet", .required = true});
    add_setting(reap, keep, Count{1, 100}, {.name = "keep", .help = "How many"});
    Verb lend{.name = "lend", .about = "Lends to another program"};
    add_setting(lend, lend_days, Count{1, 100}, {.name = "days", .help = "How many"});
    add_setting(lend, lend_force, Flag{}, {.name = "force", .help = "Do it", .scope = Scope::command_line});
    add_setting(lend, revision, Text{.word = "REVISION"}, {.name = "revision", .help = "Which"});
    lend.rest = &rest;
    verbs = {std::move(sow), std::move(reap), std::move(lend)};
  }
  TwoVerbs(const TwoVerbs&) = delete;
  TwoVerbs& operator=(const TwoVerbs&) = delete;

  Result<void> config(const std::string& text) {
    TRY_ASSIGN(const auto lines, parse_config(text, "conf"));
    return take_config(verbs, lines, "conf");
  }
  /// The error's message and hint; empty if it was none.
  std::string config_error(const std::string& text) {
    const auto done = config(text);
    return done ? "" : to_string(done.error());
  }
  Result<void> take(const std::vector<std::string>& words) {
    TRY_ASSIGN(const CommandLine line, parse_command_line(verbs, words));
    TRY(take_settings(verbs, line, [this](const std::string& name) {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    }));
    return {};
  }
  std::string take_error(const std::vector<std::string>& words) {
    const auto done = take(words);
    return done ? "" : to_string(done.error());
  }

  std::string share;
  std::string reap_share;
  std::chrono::milliseconds linger{90500};
  bool tls = false;
  bool force = false;
  std::size_t keep = 3;
  std::size_t lend_days = 1;
  bool lend_force = false;
  std::string revision;
  std::vector<std::string> rest;
  std::vector<Verb> verbs;
  std::map<std::string, std::string> environment;
};

}  // namespace swarmout::test
