// A share, a key pair, and any number of "hosts" on this machine, for end-to-end tests.

#pragma once

#include "common/release/signing.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace swarmout::test {

class Fleet {
public:
  /// Runs `swarmout init`. The share is a directory of its own, or an etcd.
  explicit Fleet(std::string etcd_url = "");

  /// What --share is given.
  [[nodiscard]] std::string url() const { return etcd_url_.empty() ? share().native() : etcd_url_; }
  /// The directory; not with an etcd.
  [[nodiscard]] Path share() const { return dir_ / "share"; }
  [[nodiscard]] Path keys() const { return dir_ / "keys"; }
  [[nodiscard]] TrustedKeys trusted() const;
  [[nodiscard]] SigningKey key() const { return SigningKey::load(keys() / kSecretKeyFile).value(); }
  [[nodiscard]] Path state(int host) const { return dir_ / ("host" + std::to_string(host)) / "state"; }
  [[nodiscard]] Path dest(int host) const { return dir_ / ("host" + std::to_string(host)) / "tree"; }
  [[nodiscard]] Path current(int host) const { return dest(host) / "current"; }
  [[nodiscard]] Path scratch(const std::string& name) const { return dir_ / name; }

  /// --share, --keys, --state, --listen.
  [[nodiscard]] std::vector<std::string> host_options(int host) const;

  using Options = std::vector<std::string>;
  using Environment = std::vector<std::pair<std::string, std::string>>;
  /// Polls every 100 ms.
  [[nodiscard]] Process peer(int host, const Options& more = {}, const Environment& environment = {});
  /// No splay, beats every 100 ms, no jitter before a takeover, another attempt 100 ms after a failed one.
  [[nodiscard]] Process seed(int host, const std::string& source, const Options& more = {},
                             const Environment& environment = {});
  /// The same, started by another program: strace, unshare.
  [[nodiscard]] Process peer_under(const Options& wrapper, int host, const Options& more = {});
  [[nodiscard]] Process seed_under(const Options& wrapper, int host, const std::string& source,
                                   const Options& more = {}, const Environment& environment = {});
  [[nodiscard]] Finished command(const Options& arguments, const Environment& environment = {});
  /// Any verb, started by another program.
  [[nodiscard]] Process command_under(const Options& wrapper, const Options& arguments);
  /// The second cron line, on `host`; `more`: options, "--", and the command. In the background.
  [[nodiscard]] Process job(int host, const Options& more, const Environment& environment = {});
  [[nodiscard]] Finished fetch(int host, const std::string& revision, const Options& more = {});

  /// Is `current` of each of the hosts 1 to `hosts` equal to `tree`?
  [[nodiscard]] bool all_equal(int hosts, const Path& tree) const;

  [[nodiscard]] nlohmann::json status();
  /// How many entries of a kind ("CLAIM", "COMMIT", "ABANDON") the log has.
  [[nodiscard]] int entries(const std::string& kind) const;

  /// A source that writes `tree` as a tar stream and counts how often it ran.
  [[nodiscard]] std::string counted_source(const Path& tree) const;
  [[nodiscard]] int invocations() const;

private:
  Path log(const std::string& name);
  [[nodiscard]] Environment with_keys(Environment environment) const;

  TempDir dir_;
  std::string etcd_url_;
  int processes_ = 0;
};

}  // namespace swarmout::test
