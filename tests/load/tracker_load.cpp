// What the tracker costs, and how soon hosts are connected. By hand:
//
//   build/tracker_load announce HOSTS ROUNDS   hosts at 127.x.y.z that announce one after the other, and all at once
//   build/tracker_load contact HOSTS           sessions that know the seeder, with and without a tracker

#include "common/swarm/swarm_session.hpp"
#include "common/swarm/tracker/tracker_server.hpp"
#include "tests/common/release/torrents.hpp"
#include "tests/load/by_hand.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/temp_dir.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace swarmout::test {

namespace {

/// Seconds of processor time, and MiB of resident memory.
struct Cost {
  double cpu = 0;
  double memory = 0;
};
Cost cost_of(int pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string field;
  Cost cost;
  for (int i = 1; i <= 24 && stat >> field; ++i) {
    if (i == 14 || i == 15) {
      cost.cpu += std::stod(field) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    if (i == 24) {
      cost.memory = std::stod(field) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / kMiB;
    }
  }
  return cost;
}

/// The tracker in a process of its own. The port it listens on comes back through a pipe.
int fork_tracker(Endpoint& endpoint) {
  int pipe[2];
  if (::pipe(pipe) != 0) {
    return -1;
  }
  const int pid = in_child([&] {
    const auto tracker = must(TrackerServer::open({}, system_clock()));
    SwarmKey key{};
    key.fill('h');
    tracker->serve(key, {"192.0.2.1", 6881});
    const std::uint16_t port = tracker->endpoint().port;
    if (::write(pipe[1], &port, sizeof port) == sizeof port) {
      ::pause();
    }
  });
  endpoint.address = "127.0.0.1";
  if (::read(pipe[0], &endpoint.port, sizeof endpoint.port) != sizeof endpoint.port) {
    return -1;
  }
  return pid;
}

std::string source(int host) {
  return fmt::format("127.{}.{}.{}", 1 + host / 60'000, host / 250 % 240, host % 250 + 1);
}

const std::string kRequest =
    "GET /announce?info_hash=hhhhhhhhhhhhhhhhhhhh&peer_id=-XX0000-abcdefghijkl&port=6881&uploaded=0&downloaded=0"
    "&left=1000&corrupt=0&key=1F2E3D4C&numwant=50&compact=1&no_peer_id=1&supportcrypto=1&redundant=0 HTTP/1.1\r\n"
    "Host: tracker\r\nUser-Agent: load\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n";

int announce(int hosts, int rounds) {
  rlimit files{1 << 16, 1 << 16};
  ::setrlimit(RLIMIT_NOFILE, &files);
  Endpoint tracker;
  const int pid = fork_tracker(tracker);
  const Cost before = cost_of(pid);
  int failed = 0;
  const auto one_by_one = Clk::now();
  for (int round = 0; round < rounds; ++round) {
    for (int host = 0; host < hosts; ++host) {
      const RawClient client(tracker, source(host));
      failed += client.send(kRequest) && client.answer() ? 0 : 1;
    }
  }
  const double took = since(one_by_one);
  const Cost after = cost_of(pid);
  const double announces = static_cast<double>(hosts) * rounds;
  fmt::print("{} hosts, one after the other: {:.0f} announces a second, {:.1f} us of CPU each, {} failed\n", hosts,
             announces / took, 1e6 * (after.cpu - before.cpu) / announces, failed);
  fmt::print("memory: {:.1f} MiB before, {:.1f} MiB after\n", before.memory, after.memory);

  std::vector<std::unique_ptr<RawClient>> all;
  const auto at_once = Clk::now();
  for (int host = 0; host < hosts; ++host) {
    all.push_back(std::make_unique<RawClient>(tracker, source(host)));
    all.back()->send(kRequest);
  }
  failed = 0;
  for (const auto& each : all) {
    failed += each->answer() ? 0 : 1;
  }
  fmt::print("all at once: the last one has its answer after {:.0f} ms, {} failed; {:.1f} MiB\n", 1e3 * since(at_once),
             failed, cost_of(pid).memory);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return 0;
}

struct Contact {
  std::unique_ptr<SwarmSession> session;
  std::optional<double> first;
  std::optional<double> second;
};

void report(std::string_view what, std::vector<double> times, std::size_t hosts) {
  std::sort(times.begin(), times.end());
  if (times.empty()) {
    fmt::print("  {}: none of {} within 10 s\n", what, hosts);
  } else {
    fmt::print("  {}: median {:.0f} ms, last {:.0f} ms ({} of {} hosts)\n", what, 1e3 * times[times.size() / 2],
               1e3 * times.back(), times.size(), hosts);
  }
}

void contact(std::size_t hosts, bool tracked) {
  const TempDir temp;
  const std::string pack = noise(8 * kMiB, 1);
  const Payload payload{{"manifest", prose(5000)}, {name_of_pack(pack), pack}};
  const SealedTorrent torrent = seal(payload);
  lay_out(temp / "seeder", payload);
  SwarmSettings as_seeder;
  as_seeder.role = SwarmRole::seeder;
  as_seeder.limits.upload = kMiB;  // nobody is complete while we look
  const auto seeder = must(SwarmSession::open(as_seeder));
  SwarmContent content;
  content.torrent = torrent.bytes;
  content.directory = temp / "seeder";
  content.complete = {"manifest", name_of_pack(pack)};
  const InfoHash info_hash = must(seeder->add(content));
  const auto tracker = must(TrackerServer::open({}, system_clock()));
  tracker->serve(swarm_key(info_hash), seeder->endpoint());
  while (!seeder->status(info_hash).complete) {
    seeder->poll(std::chrono::milliseconds(10));
  }
  std::vector<Contact> clones(hosts);
  for (Contact& each : clones) {
    each.session = must(SwarmSession::open({}));
  }
  const auto start = Clk::now();
  for (std::size_t i = 0; i < hosts; ++i) {
    content.directory = temp / std::to_string(i);
    content.complete.clear();
    content.peers = {seeder->endpoint()};
    content.trackers = tracked ? std::vector{tracker->endpoint()} : std::vector<Endpoint>();
    std::filesystem::create_directories(content.directory / kTorrentRoot);
    must(clones[i].session->add(content));
  }
  std::size_t left = hosts;
  while (left > 0 && since(start) < 10) {
    seeder->poll(std::chrono::milliseconds(0));
    for (Contact& each : clones) {
      each.session->poll(std::chrono::milliseconds(0));
      const int connected = each.session->status(info_hash).connected;
      if (connected >= 1 && !each.first) {
        each.first = since(start);
      }
      if (connected >= 2 && !each.second) {
        each.second = since(start);
        --left;
      }
    }
  }
  std::vector<double> first;
  std::vector<double> second;
  for (const Contact& each : clones) {
    first.insert(first.end(), each.first.value_or(10));
    if (each.second) {
      second.push_back(*each.second);
    }
  }
  fmt::print("{} hosts that know the seeder, {} tracker:\n", hosts, tracked ? "with a" : "without a");
  report("first connection", first, hosts);
  report("to another clone", second, hosts);
  std::fflush(stdout);
  std::vector<std::jthread> ending;  // each waits a second or two
  for (Contact& each : clones) {
    ending.emplace_back([&each] { each.session.reset(); });
  }
}

}  // namespace

}  // namespace swarmout::test

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 3 && arguments[0] == "announce") {
    return swarmout::test::announce(std::stoi(arguments[1]), std::stoi(arguments[2]));
  }
  if (arguments.size() == 2 && arguments[0] == "contact") {
    swarmout::test::contact(std::stoul(arguments[1]), false);
    swarmout::test::contact(std::stoul(arguments[1]), true);
    return 0;
  }
  fmt::print(stderr, "tracker_load announce HOSTS ROUNDS, or contact HOSTS\n");
  return 64;
}
