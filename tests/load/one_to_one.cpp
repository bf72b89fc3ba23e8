// How fast one host fetches from one other over the loopback interface, and what that costs. By hand, or by
// scripts/bench loopback:
//
//   build/one_to_one [--mb 1024] [--mapped] [--tls]
//
// Packs of 64 MiB in $TMPDIR, a seeder and a clone in processes of their own; from the moment the clone is told of the
// torrent to the moment that all of it is checked and flushed to the file system. Nothing is unpacked.

#include "common/swarm/swarm_session.hpp"
#include "tests/common/release/torrents.hpp"
#include "tests/load/by_hand.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>

namespace swarmout::test {

namespace {

constexpr Bytes kPack = 64 * kMiB;

/// Waits for it; its seconds of processor time.
double cpu_of(int pid, bool& failed) {
  int status = 0;
  rusage used{};
  ::wait4(pid, &status, 0, &used);
  failed = failed || (WIFEXITED(status) && WEXITSTATUS(status) != 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Release {
  SealedTorrent torrent;
  std::set<std::string> names;
  Bytes size = 0;
};

Release make_release(const Path& directory, Bytes size, const std::string& certificate) {
  std::filesystem::create_directories(directory / kTorrentRoot);
  Release release;
  std::vector<TorrentInput> inputs;
  for (std::uint32_t seed = 1; release.size < size; ++seed) {
    const std::string content = noise(kPack, seed);
    LeafHashes leaves = leaves_of(content);
    const std::string name = pack_name(merkle_root(leaves));
    write_file(directory / kTorrentRoot / name, content);
    release.names.insert(name);
    release.size += content.size();
    inputs.push_back({name, content.size(), std::move(leaves)});
  }
  const std::string manifest = "a manifest";
  write_file(directory / kTorrentRoot / kManifestName, manifest);
  release.names.insert(std::string(kManifestName));
  inputs.push_back({std::string(kManifestName), manifest.size(), leaves_of(manifest)});
  release.torrent = must(seal_torrent(std::move(inputs), piece_length_for(release.size), certificate));
  return release;
}

void serve(const Release& release, SwarmSettings settings, const Path& directory, int report) {
  settings.role = SwarmRole::seeder;
  const auto session = must(SwarmSession::open(settings));
  must(session->add({release.torrent.bytes, directory, release.names, false, {}}));
  const std::uint16_t port = session->endpoint().port;
  if (::write(report, &port, sizeof port) != sizeof port) {
    ::_exit(1);
  }
  while (true) {
    (void)session->poll(std::chrono::seconds(1));
  }
}

void fetch(const Release& release, const SwarmSettings& settings, const Path& directory, std::uint16_t port,
           int report) {
  std::filesystem::create_directories(directory / kTorrentRoot);
  const auto session = must(SwarmSession::open(settings));
  const auto start = Clk::now();
  must(session->add({release.torrent.bytes, directory, {}, false, {{"127.0.0.1", port}}}));
  while (true) {
    for (const SwarmEvent& event : session->poll(std::chrono::milliseconds(100))) {
      if (std::holds_alternative<AllArrived>(event)) {
        const double seconds = since(start);
        ::_exit(::write(report, &seconds, sizeof seconds) == sizeof seconds ? 0 : 1);
      }
    }
  }
}

int measure(Bytes size, bool mapped, bool tls) {
  TempDir temp;
  SwarmSettings settings;
  settings.mapped_files = mapped;
  if (tls) {
    must(make_swarm_certificate(temp.path()));
    settings.certificate = must(load_swarm_certificate(temp.path()));
  }
  const Release release = make_release(temp / "seeder", size, tls ? settings.certificate->certificate : "");
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) {
    return 1;
  }
  const int seeder = in_child([&] { serve(release, settings, temp / "seeder", pipe[1]); });
  std::uint16_t port = 0;
  double seconds = 0;
  bool failed = ::read(pipe[0], &port, sizeof port) != sizeof port;
  const int clone = in_child([&] { fetch(release, settings, temp / "clone", port, pipe[1]); });
  failed = failed || ::read(pipe[0], &seconds, sizeof seconds) != sizeof seconds;
  const double clone_cpu = cpu_of(clone, failed);
  ::kill(seeder, SIGKILL);
  const double seeder_cpu = cpu_of(seeder, failed);
  if (failed) {
    fmt::print(stderr, "no measurement\n");
    return 1;
  }
  const double gigabytes = static_cast<double>(release.size) / 1e9;
  fmt::print("{:.3f} s {:.0f} MB/s CPU s/GB: {:.2f} seeder {:.2f} clone\n", seconds, gigabytes * 1e3 / seconds,
             seeder_cpu / gigabytes, clone_cpu / gigabytes);
  return 0;
}

}  // namespace

}  // namespace swarmout::test

int main(int argc, char** argv) {
  swarmout::Bytes mb = 1024;
  bool mapped = false;
  bool tls = false;
  CLI::App app("One host fetches from one other over loopback.");
  app.add_option("--mb", mb, "MiB")->capture_default_str();
  app.add_flag("--mapped", mapped, "Files are mapped, not read and written");
  app.add_flag("--tls", tls, "The swarm is over TLS");
  CLI11_PARSE(app, argc, argv);
  return swarmout::test::measure(mb * swarmout::kMiB, mapped, tls);
}
