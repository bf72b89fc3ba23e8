// Sessions on the loopback interface, each with a directory of its own.

#pragma once

#include "common/swarm/swarm_session.hpp"
#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace swarmout::test {

struct Host {
  Path directory;
  std::unique_ptr<SwarmSession> session;
  std::vector<SwarmEvent> events;

  /// Names of files that arrived, in order.
  [[nodiscard]] std::vector<std::string> arrived() const {
    std::vector<std::string> names;
    for (const SwarmEvent& each : events) {
      if (const auto* file = std::get_if<FileArrived>(&each)) {
        names.push_back(file->name);
      }
    }
    return names;
  }
  template <typename Event>
  [[nodiscard]] std::size_t count() const {
    std::size_t found = 0;
    for (const SwarmEvent& each : events) {
      found += std::holds_alternative<Event>(each) ? 1 : 0;
    }
    return found;
  }
  [[nodiscard]] bool has_all() const { return count<AllArrived>() > 0; }
  [[nodiscard]] std::string content(const std::string& name) const {
    return read_file(directory / kTorrentRoot / name, 64 * kMiB).value_or("not there");
  }
};

class SwarmTest : public testing::Test {
protected:
  /// An open session with an empty directory.
  Host make_host(const std::string& name, SwarmSettings settings = {}) {
    Host host{temp_ / name, nullptr, {}};
    std::filesystem::create_directories(host.directory / kTorrentRoot);
    auto session = SwarmSession::open(settings);
    EXPECT_THAT(session, IsOk());
    host.session = session ? *std::move(session) : nullptr;
    return host;
  }
  Host make_clone(const std::string& name, const std::vector<Endpoint>& peers, SwarmSettings settings = {}) {
    Host host = make_host(name, std::move(settings));
    add(host, {}, peers);
    return host;
  }
  /// Serves the payload. It says that it has every file, whatever is on its disk.
  Host make_seeder(SwarmSettings settings = {}) {
    settings.role = SwarmRole::seeder;
    Host host = make_host("seeder", settings);
    lay_out(host.directory, payload_);
    std::set<std::string> all;
    for (const auto& [name, content] : payload_) {
      all.insert(name);
    }
    add(host, all, {});
    return host;
  }
  void add(Host& host, const std::set<std::string>& complete, const std::vector<Endpoint>& peers,
           bool check_existing = false) {
    ASSERT_THAT(host.session->add({torrent_.bytes, host.directory, complete, check_existing, peers}), IsOk());
  }

  /// BitTorrent's handshake for a release; the reserved bytes say what the client knows of.
  static std::string hello(const SealedTorrent& torrent, const std::string& reserved = std::string(8, '\0')) {
    const std::string id(reinterpret_cast<const char*>(torrent.info_hash.digest.bytes.data()), 20);
    return '\x13' + std::string("BitTorrent protocol") + reserved + id + "-XX0000-abcdefghijkl";
  }

  /// Lets all hosts work until something is true.
  static bool poll_until(const std::vector<Host*>& hosts, const std::function<bool()>& predicate) {
    return wait_for([&] {
      for (Host* const host : hosts) {
        for (SwarmEvent& each : host->session->poll(std::chrono::milliseconds(5))) {
          host->events.push_back(std::move(each));
        }
      }
      return predicate();
    });
  }
  static bool all_arrive(const std::vector<Host*>& hosts, const std::vector<Host*>& waiting) {
    return poll_until(hosts, [&] {
      return std::all_of(waiting.begin(), waiting.end(), [](const Host* host) { return host->has_all(); });
    });
  }
  void expect_payload(const Host& host) const {
    for (const auto& [name, content] : payload_) {
      EXPECT_EQ(host.content(name) == content, true) << name << " in " << host.directory;
    }
  }
  [[nodiscard]] Bytes total() const {
    Bytes size = 0;
    for (const auto& [name, content] : payload_) {
      size += content.size();
    }
    return size;
  }

  const std::string large_ = noise(2 * kMiB + 12345, 1);
  const std::string small_ = noise(100'000, 2);
  const std::string large_name_ = name_of_pack(large_);
  const std::string small_name_ = name_of_pack(small_);
  const Payload payload_ = {{"manifest", prose(5000)}, {large_name_, large_}, {small_name_, small_}};
  SealedTorrent torrent_ = seal(payload_);
  TempDir temp_;  ///< goes after the sessions of the test
};

}  // namespace swarmout::test
