// What a simulated swarm looks like. The defaults that the program itself has are read from its settings.

#pragma once

#include "common/base/units.hpp"
#include "tests/sim/event_queue.hpp"

namespace swarmout::sim {

/// How one side of the swarm behaves towards its connections.
struct RoleParams {
  std::size_t connections = 0;  ///< at most
  std::size_t takes = 0;        ///< requests it holds for one host; 0: as the program chooses
  Bytes send_buffer = 0;        ///< bytes that wait between the choice of a block and the wire, for each connection
  std::size_t dials = 0;        ///< hosts it connects to when it comes; 0: all, or half its connections if that is less
};

struct Params {
  std::size_t hosts = 20;  ///< beside the seeder
  double mbit = 20;        ///< each host's line, both ways
  std::size_t slow = 0;    ///< hosts, the last ones, with other lines; nobody waits for these
  double slower = 20;      ///< the lines of those: by this factor
  Bytes payload = 64'000'000;
  Bytes piece = 0;  ///< 0: as the program chooses
  std::uint32_t seed = 1;

  RoleParams seeder;
  RoleParams clone;
  std::size_t max_out = 0;   ///< requests a host has outstanding with another, at most; 0: as the program chooses
  double queue_seconds = 0;  ///< of the rate; what a queue grows to
  bool strict_end_game = false;
  bool partial_first = true;  ///< pieces of which a part is there before all others

  bool gate = true;  ///< the seeder's upload discipline
  bool have_asks =
      false;  ///< a host that hears of a new piece may ask for it at once, whatever it thought of the other
  bool close_redundant = true;

  Time latency = std::chrono::microseconds{200};
  Time verify = std::chrono::milliseconds{3};  ///< from a piece's last block to its HAVE
  Time stagger{};                              ///< hosts come within this time, evenly
  Bytes window = 64 << 10;                     ///< on the way to one host, for each connection
  double framing = 1.046;                      ///< bytes on the wire for one of a full packet
  double acks = 0.02;                          ///< bytes that go back for one that came
};

/// With everything that the program decides set as the program does.
[[nodiscard]] Params params_of_program();

/// With what is left to the program as it chooses for so many hosts.
[[nodiscard]] Params decided(Params params);

/// The piece length that is used, and the pieces there are.
[[nodiscard]] Bytes piece_length(const Params& params);
[[nodiscard]] std::size_t pieces(const Params& params);

constexpr Bytes kBlock = 16 << 10;

}  // namespace swarmout::sim
