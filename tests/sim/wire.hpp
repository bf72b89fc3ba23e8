// Hosts with one full-duplex line each, and ordered flows between them.
//
// A line sends one block, or the messages before it, of each flow in turn. A flow has at most a window of bytes on its
// way, so a line does not wait for a receiver whose own line is full. A block begins to arrive when it begins to leave.

#pragma once

#include "tests/sim/params.hpp"
#include "tests/sim/picker.hpp"

#include <deque>
#include <vector>

namespace swarmout::sim {

enum class Kind : std::uint8_t { have, interested, request, cancel, data, reject, suggest };

struct Message {
  Kind kind = Kind::have;
  Block block;
};

/// Payload of the message, with its header.
[[nodiscard]] Bytes length_of(Kind kind);

struct LineCounters {
  Bytes out = 0;  ///< on the wire
  Bytes in = 0;
  Bytes data_out = 0;  ///< payload of blocks
  Bytes data_in = 0;
  Bytes have_out = 0;
  Bytes control_out = 0;  ///< all that is not blocks, packets' headers included
  Time busy{};            ///< of the way out
};

class Wire {
public:
  using Flow = std::uint32_t;
  using Host = std::uint32_t;

  Wire(EventQueue& events, const Params& params, std::size_t hosts);

  Flow add(Host from, Host to);
  void send(Flow flow, Message message);
  /// What waits is dropped, what is on its way is lost.
  void close(Flow flow);
  /// Bytes of blocks that have not left yet.
  [[nodiscard]] Bytes waiting(Flow flow) const { return flows_[flow].waiting; }

  /// For the events link_free and arrived. `sent` is told of a flow of which a block left.
  template <class Sent>
  void link_free(Host host, Sent sent) {
    lines_[host].sending = false;
    if (const Flow last = lines_[host].last; last != kNone) {
      lines_[host].last = kNone;
      sent(last);
    }
    start(host);
  }
  /// The next messages that have come over the flow.
  [[nodiscard]] std::vector<Message> take(Flow flow, std::size_t count);

  [[nodiscard]] const LineCounters& counters(Host host) const { return lines_[host].counters; }
  [[nodiscard]] Host source(Flow flow) const { return flows_[flow].from; }

private:
  static constexpr Flow kNone = ~Flow{0};
  struct FlowState {
    Host from = 0;
    Host to = 0;
    bool open = true;
    bool in_turn = false;           ///< in its line's list
    std::vector<Message> messages;  ///< from the first that has not arrived
    std::size_t sent = 0;           ///< of those, on their way
    Bytes waiting = 0;
    Bytes on_way = 0;
    Time last_arrival{};
  };
  struct Line {
    double ns_per_byte = 0;
    std::deque<Flow> turns;
    Flow last = kNone;  ///< whose block is leaving
    bool sending = false;
    double acks = 0;  ///< bytes that are owed
    Time in_free{};   ///< when the way in has nothing more to do
    LineCounters counters;
  };

  [[nodiscard]] bool ready(const FlowState& flow) const {
    return flow.open && flow.sent < flow.messages.size() && flow.on_way < window_;
  }
  void enqueue(Flow flow);
  void start(Host host);
  void start(Line& line, Flow flow);
  [[nodiscard]] static Time time_of(const Line& line, double bytes) {
    return Time{static_cast<Time::rep>(bytes * line.ns_per_byte)};
  }

  EventQueue& events_;
  double framing_;
  double acks_;
  Time latency_;
  Bytes window_;
  std::vector<FlowState> flows_;
  std::vector<Line> lines_;
};

}  // namespace swarmout::sim
