// One seeder and many hosts that fetch from it and from each other: libtorrent's requests, without its code.

#pragma once

#include "tests/sim/report.hpp"
#include "tests/sim/seeder_gate.hpp"

#include <iosfwd>
#include <memory>
#include <set>

namespace swarmout::sim {

class Swarm {
public:
  explicit Swarm(const Params& params);

  /// Until all that are waited for have everything, or `limit`. `trace`: a line a second.
  Report run(Time limit, std::ostream* trace = nullptr);

  [[nodiscard]] const Wire& wire() const { return wire_; }

private:
  using HostId = std::uint32_t;
  using End = std::uint32_t;  ///< one end of a connection: the flow that leaves it; the other end is `End ^ 1`

  struct Asked {
    Block block;
    bool wanted = true;  ///< neither timed out nor cancelled
  };
  struct EndState {
    HostId host = 0;
    bool open = true;
    Bits peer_has;
    std::size_t peer_count = 0;
    // What this host asks of the other.
    bool interested = false;
    bool slow_start = true;
    bool snubbed = false;
    bool end_game = false;
    std::size_t desired = 4;
    std::vector<Asked> asked;
    std::vector<std::uint32_t> suggested;
    Bytes this_second = 0;
    Bytes last_second = 0;
    double rate = 0;
    Time last_piece{};
    Time last_request{};
    // What it was asked for and has not begun to send.
    std::vector<Block> requests;
  };
  struct Host {
    std::unique_ptr<Picker> picker;
    std::vector<End> ends;
    std::size_t open = 0;
    std::set<HostId> knows;  ///< those that connected to it
    Time complete{-1};
  };

  [[nodiscard]] bool complete(HostId host) const { return hosts_[host].picker->missing() == 0; }
  [[nodiscard]] bool counts(HostId host) const { return host > 0 && host + params_.slow < hosts_.size(); }
  [[nodiscard]] const RoleParams& role(HostId host) const { return host == 0 ? params_.seeder : params_.clone; }
  Picker& picker(const EndState& end) { return *hosts_[end.host].picker; }

  void handle(const Event& event);
  void come(HostId host);
  [[nodiscard]] Time comes(HostId host) const;
  void connect(HostId a, HostId b);
  void introduce(End end);
  void close(End end);

  void message(End at, const Message& message);
  void have(End at, std::size_t piece);
  void data(End at, Block block);
  void reject(End at, Block block);
  void request(End at, Block block);
  void cancel(End at, Block block);

  void ask(End at);
  void send_request(EndState& end, End at, Block block);
  void adapt_queue(EndState& end);
  void cancel_elsewhere(HostId host, Block block);
  void verified(HostId host, std::size_t piece);
  void fill(End at);
  void tick_host(HostId host);
  void tick(End at);
  void snub(EndState& end, End at);
  void trace_line(std::ostream& to, Time second) const;
  [[nodiscard]] Report report() const;

  Params params_;
  std::size_t piece_blocks_;
  std::size_t blocks_;
  EventQueue events_;
  Wire wire_;
  std::vector<Host> hosts_;
  std::vector<EndState> ends_;
  std::unique_ptr<SeederGate> gate_;
  std::minstd_rand random_;
  std::size_t left_to_complete_;
  std::vector<bool> out_;  ///< blocks that the seeder sent and somebody has
  std::size_t out_count_ = 0;
  Time all_out_{};
  std::size_t refused_ = 0;
  std::size_t connections_ = 0;
  std::size_t most_connections_ = 0;
};

}  // namespace swarmout::sim
