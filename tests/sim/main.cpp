// swarm_sim: how long a swarm takes, and what it costs. Defaults are the program's own settings.

#include "tests/sim/swarm.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace swarmout;
  using namespace swarmout::sim;
  Params params = params_of_program();
  double mb = 64;
  Bytes piece_kib = 0;
  double stagger = 0;
  double latency_us = 200;
  double verify_ms = 3;
  double cap = 10;
  int runs = 1;
  bool trace = false;
  bool header = false;

  CLI::App app("One seeder, many hosts: a simulation.");
  app.add_option("--hosts", params.hosts, "beside the seeder")->capture_default_str();
  app.add_option("--rate", params.mbit, "of each line, Mbit/s")->capture_default_str();
  app.add_option("--slow", params.slow, "hosts with slower lines; nobody waits for these")->capture_default_str();
  app.add_option("--slower", params.slower, "by this factor")->capture_default_str();
  app.add_option("--mb", mb, "size of the payload")->capture_default_str();
  app.add_option("--piece", piece_kib, "KiB; 0: as the program chooses")->capture_default_str();
  app.add_option("--seed", params.seed, "of everything random")->capture_default_str();
  app.add_option("--runs", runs, "with seeds from --seed on")->capture_default_str();
  app.add_option("--gate", params.gate, "the seeder's upload discipline")->capture_default_str();
  app.add_option("--seeder-takes", params.seeder.takes, "requests of one host; 0: as the program chooses")
      ->capture_default_str();
  app.add_option("--clone-takes", params.clone.takes, "requests of one host; 0: as the program chooses")
      ->capture_default_str();
  app.add_option("--seeder-buffer", params.seeder.send_buffer, "bytes a connection")->capture_default_str();
  app.add_option("--clone-buffer", params.clone.send_buffer, "bytes a connection")->capture_default_str();
  app.add_option("--seeder-connections", params.seeder.connections)->capture_default_str();
  app.add_option("--connections", params.clone.connections, "of a clone, at most")->capture_default_str();
  app.add_option("--dials", params.clone.dials, "of those that a clone makes; 0: half of them")->capture_default_str();
  app.add_option("--max-out", params.max_out, "requests to one host; 0: as the program chooses")->capture_default_str();
  app.add_option("--queue-seconds", params.queue_seconds)->capture_default_str();
  app.add_option("--strict-end-game", params.strict_end_game)->capture_default_str();
  app.add_option("--partial-first", params.partial_first)->capture_default_str();
  app.add_option("--have-asks", params.have_asks, "a HAVE leads to a request at once")->capture_default_str();
  app.add_option("--close-redundant", params.close_redundant)->capture_default_str();
  app.add_option("--stagger", stagger, "seconds within which the hosts come")->capture_default_str();
  app.add_option("--latency", latency_us, "microseconds")->capture_default_str();
  app.add_option("--verify", verify_ms, "milliseconds")->capture_default_str();
  app.add_option("--window", params.window, "bytes on the way, a connection")->capture_default_str();
  app.add_option("--acks", params.acks, "bytes that go back for one that came")->capture_default_str();
  app.add_option("--cap", cap, "stop after this many times F/u")->capture_default_str();
  app.add_flag("--trace", trace, "a line a second");
  app.add_flag("--header", header, "print the table's head first");
  CLI11_PARSE(app, argc, argv);

  params.payload = static_cast<Bytes>(mb * 1e6);
  params.piece = piece_kib << 10;
  const auto nanoseconds = [](double seconds) { return Time{static_cast<Time::rep>(seconds * 1e9)}; };
  params.stagger = nanoseconds(stagger);
  params.latency = nanoseconds(latency_us / 1e6);
  params.verify = nanoseconds(verify_ms / 1e3);
  if (header) {
    fmt::print(
        "| hosts | Mbit/s | MB | piece KiB | first | median | last × F/u | all out | seeder copies | received in vain "
        "| "
        "no blocks | HAVE MB | refused | connections | most | events |\n|{:-<48}\n",
        "");
  }
  for (int run = 0; run < runs; ++run, ++params.seed) {
    Swarm swarm(params);
    const double bound = mb * 8 / params.mbit;
    const Report report = swarm.run(nanoseconds(cap * bound), trace ? &std::cout : nullptr);
    const bool all = report.seconds.size() == params.hosts - params.slow;
    fmt::print(
        "| {} | {} | {} | {} | {:.2f} | {:.2f} | {}{:.2f} | {:.2f} | {:.3f} | {:.1f} % | {:.1f} % | {:.1f} | {:.2f} | "
        "{} | {} | {} |\n",
        params.hosts, params.mbit, mb, piece_length(params) >> 10, report.first(), report.median(), all ? "" : "> ",
        all ? report.last() : cap, report.all_out / bound, report.copies, 100 * report.waste, 100 * report.control,
        report.have_mb, report.refused, report.connections, report.most_connections, report.events);
    std::cout.flush();
  }
  return 0;
}
