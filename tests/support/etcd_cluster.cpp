#include "tests/support/etcd_cluster.hpp"

#include "common/share/etcd/etcd_client.hpp"
#include "tests/support/wait_for.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

namespace swarmout::test {

namespace {

std::unique_ptr<EtcdCluster> the_common_etcd;

class StopsIt final : public testing::Environment {
public:
  void TearDown() override { the_common_etcd.reset(); }
};
[[maybe_unused]] const auto* const registered = testing::AddGlobalTestEnvironment(new StopsIt);

Path new_directory() {
  // etcd flushes every write: in memory that costs nothing.
  const char* const base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  std::string pattern = fmt::format("{}/swarmout-etcd-XXXXXX", base);
  EXPECT_NE(::mkdtemp(pattern.data()), nullptr) << pattern;
  return pattern;
}

}  // namespace

std::uint16_t free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

EtcdCluster::EtcdCluster(std::size_t members, const std::vector<std::string>& options,
                         const std::optional<EtcdTls>& tls)
    : dir_(new_directory()), options_(options), tls_(tls), members_(members) {
  for (int attempt = 0; attempt < 5; ++attempt) {  // a free port may be taken before etcd has it
    client_ports_.clear();
    peer_ports_.clear();
    for (std::size_t i = 0; i < members; ++i) {
      client_ports_.push_back(free_port());
      peer_ports_.push_back(free_port());
    }
    for (std::size_t i = 0; i < members; ++i) {
      std::filesystem::remove_all(dir_ / std::to_string(i));
      start(i);
    }
    bool died = false;
    const bool up = wait_for([&] {
      died = std::any_of(members_.begin(), members_.end(), [](auto& member) { return !member->running(); });
      return died || healthy();
    });
    if (up && !died) {
      return;
    }
  }
  ADD_FAILURE() << "etcd does not start; is etcd-server installed? " << members_[0]->err();
}

EtcdCluster::~EtcdCluster() {
  members_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

void EtcdCluster::start(std::size_t member) {
  const auto name = [](std::size_t i) { return fmt::format("m{}", i); };
  const auto peer_url = [this](std::size_t i) { return fmt::format("http://127.0.0.1:{}", peer_ports_[i]); };
  const std::string client_url = fmt::format("{}://127.0.0.1:{}", tls_ ? "https" : "http", client_ports_[member]);
  std::string all;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    all += fmt::format("{}{}={}", all.empty() ? "" : ",", name(i), peer_url(i));
  }
  Launch launch;
  launch.argv = {"etcd",
                 "--name",
                 name(member),
                 "--data-dir",
                 dir_ / std::to_string(member),
                 "--listen-client-urls",
                 client_url,
                 "--advertise-client-urls",
                 client_url,
                 "--listen-peer-urls",
                 peer_url(member),
                 "--initial-advertise-peer-urls",
                 peer_url(member),
                 "--initial-cluster",
                 all,
                 "--initial-cluster-token",
                 dir_.filename().native()};
  if (tls_) {
    launch.argv.insert(launch.argv.end(), {"--cert-file", tls_->certificate, "--key-file", tls_->key});
  }
  launch.argv.insert(launch.argv.end(), options_.begin(), options_.end());
  launch.environment = {{"ETCD_UNSUPPORTED_ARCH", "arm64"}};
  members_[member].emplace(launch, dir_ / fmt::format("log-{}", member));
}

void EtcdCluster::kill(std::size_t member) {
  members_[member].reset();
}

void EtcdCluster::restart(std::size_t member) {
  members_[member].reset();
  start(member);
}

void EtcdCluster::signal(std::size_t member, int number) {
  members_[member]->signal(number);
}

nlohmann::json EtcdCluster::call(const std::string& path, const nlohmann::json& request, std::size_t member) {
  EtcdSettings settings;
  settings.endpoints = {endpoint(member)};
  settings.tls = tls_.has_value();
  settings.ca = tls_ ? tls_->ca.native() : "";
  settings.patience = std::chrono::milliseconds(0);
  return EtcdClient(settings, system_clock()).call(path, request).value_or(nullptr);
}

std::size_t EtcdCluster::leader() {
  std::size_t found = members_.size();
  EXPECT_TRUE(wait_for([&] {
    for (std::size_t i = 0; i < members_.size() && found == members_.size(); ++i) {
      const auto status = members_[i] ? call("/v3/maintenance/status", nlohmann::json::object(), i) : nullptr;
      if (status.is_object() && status.contains("leader") && status["leader"] == status["header"]["member_id"]) {
        found = i;
      }
    }
    return found != members_.size();
  })) << "no leader";
  return found;
}

bool EtcdCluster::healthy() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    // a linearizable read needs a leader
    if (members_[i] && !call("/v3/kv/range", {{"key", "AA=="}}, i).is_object()) {
      return false;
    }
  }
  return true;
}

std::string EtcdCluster::endpoint(std::size_t member) const {
  return fmt::format("127.0.0.1:{}", client_ports_[member]);
}

std::string EtcdCluster::fresh_url() {
  std::string url = tls_ ? "etcds://" : "etcd://";
  for (std::size_t i = 0; i < members_.size(); ++i) {
    url += (i > 0 ? "," : "") + endpoint(i);
  }
  return fmt::format("{}/test-{}", url, ++prefixes_);
}

EtcdSettings EtcdCluster::fresh_settings() {
  return *parse_etcd_url(fresh_url());
}

EtcdCluster& common_etcd() {
  if (!the_common_etcd) {
    the_common_etcd = std::make_unique<EtcdCluster>();
  }
  return *the_common_etcd;
}

}  // namespace swarmout::test
