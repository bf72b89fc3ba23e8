// Real etcds on this machine, on free ports and in memory; gone when the test is.

#pragma once

#include "common/share/etcd/etcd_settings.hpp"
#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace swarmout::test {

/// A port that nobody listens on at the moment.
[[nodiscard]] std::uint16_t free_port();

struct EtcdTls {
  Path certificate;
  Path key;
  Path ca;
};

class EtcdCluster {
public:
  /// Starts `members` etcds and waits until they have a leader. `options`: more arguments for each.
  explicit EtcdCluster(std::size_t members = 1, const std::vector<std::string>& options = {},
                       const std::optional<EtcdTls>& tls = std::nullopt);
  ~EtcdCluster();
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  /// Stops it for good (SIGKILL); restart() brings it back with what it had on disk.
  void kill(std::size_t member);
  void restart(std::size_t member);
  void signal(std::size_t member, int number);
  /// The member that leads now; a failure if there is none.
  [[nodiscard]] std::size_t leader();
  /// True once every member that runs has a leader.
  [[nodiscard]] bool healthy();

  /// "127.0.0.1:12345"
  [[nodiscard]] std::string endpoint(std::size_t member) const;
  /// "etcd://127.0.0.1:12345,127.0.0.1:12346/PREFIX", for a prefix that nobody used yet.
  [[nodiscard]] std::string fresh_url();
  [[nodiscard]] EtcdSettings fresh_settings();

  /// A call to one member; null, if it fails.
  nlohmann::json call(const std::string& path, const nlohmann::json& request, std::size_t member = 0);

private:
  void start(std::size_t member);

  Path dir_;
  std::vector<std::string> options_;
  std::optional<EtcdTls> tls_;
  std::vector<std::uint16_t> client_ports_;
  std::vector<std::uint16_t> peer_ports_;
  std::vector<std::optional<Process>> members_;
  int prefixes_ = 0;
};

/// One etcd of one member for all tests of this process that do it no harm: started when first asked for, stopped at
/// the end.
[[nodiscard]] EtcdCluster& common_etcd();

}  // namespace swarmout::test
