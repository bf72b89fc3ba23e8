#include "tests/sim/wire.hpp"

#include <algorithm>

namespace swarmout::sim {

namespace {

constexpr double kHeaders = 66;  // Ethernet, IP and TCP with time stamps: a packet of its own, or its acknowledgement

}  // namespace

Bytes length_of(Kind kind) {
  switch (kind) {
    case Kind::have:
    case Kind::suggest:
      return 9;
    case Kind::interested:
      return 5;
    case Kind::request:
    case Kind::cancel:
    case Kind::reject:
      return 17;
    case Kind::data:
      return 13 + kBlock;
  }
  return 0;
}

Wire::Wire(EventQueue& events, const Params& params, std::size_t hosts)
    : events_(events),
      framing_(params.framing),
      acks_(params.acks),
      latency_(params.latency),
      window_(params.window),
      lines_(hosts) {
  for (std::size_t host = 0; host < hosts; ++host) {
    lines_[host].ns_per_byte = 8000 / params.mbit * (host + params.slow >= hosts ? params.slower : 1);
  }
}

Wire::Flow Wire::add(Host from, Host to) {
  flows_.emplace_back();
  flows_.back().from = from;
  flows_.back().to = to;
  return static_cast<Flow>(flows_.size() - 1);
}

void Wire::send(Flow id, Message message) {
  FlowState& flow = flows_[id];
  if (!flow.open) {
    return;
  }
  flow.messages.push_back(message);
  flow.waiting += message.kind == Kind::data ? kBlock : 0;
  enqueue(id);
}

void Wire::close(Flow id) {
  FlowState& flow = flows_[id];
  flow.open = false;
  flow.messages = {};
  flow.sent = 0;
  flow.waiting = 0;
}

void Wire::enqueue(Flow id) {
  FlowState& flow = flows_[id];
  if (flow.in_turn || !ready(flow)) {
    return;
  }
  Line& line = lines_[flow.from];
  flow.in_turn = true;
  // A small message of a flow that was silent does not wait for a block of every other: it is one packet among many.
  if (flow.messages[flow.sent].kind == Kind::data) {
    line.turns.push_back(id);
  } else {
    line.turns.push_front(id);
  }
  if (!line.sending) {
    start(flow.from);
  }
}

void Wire::start(Host host) {
  Line& line = lines_[host];
  while (!line.sending && !line.turns.empty()) {
    const Flow id = line.turns.front();
    line.turns.pop_front();
    flows_[id].in_turn = false;
    if (ready(flows_[id])) {
      start(line, id);
    }
  }
}

void Wire::start(Line& line, Flow id) {
  FlowState& flow = flows_[id];
  double control = 0;
  std::uint32_t count = 0;
  bool data = false;
  while (flow.sent < flow.messages.size() && !data) {
    const Kind kind = flow.messages[flow.sent++].kind;
    data = kind == Kind::data;
    control += data ? 0 : static_cast<double>(length_of(kind));
    line.counters.have_out += kind == Kind::have ? length_of(kind) : 0;
    ++count;
  }
  control += data ? control * (framing_ - 1) : kHeaders;
  double bytes = control;
  if (data) {
    bytes += static_cast<double>(length_of(Kind::data)) * framing_;
    flow.waiting -= kBlock;
    flow.on_way += kBlock;
    line.counters.data_out += kBlock;
    line.last = id;
  }
  const double with_acks = bytes + line.acks;
  line.acks = 0;
  line.sending = true;
  line.counters.out += static_cast<Bytes>(with_acks);
  line.counters.control_out += static_cast<Bytes>(control);
  line.counters.busy += time_of(line, with_acks);
  const Time begin = events_.now();
  const Time end = begin + time_of(line, with_acks);
  events_.add(end, What::link_free, flow.from);

  Line& to = lines_[flow.to];
  to.counters.in += static_cast<Bytes>(bytes);
  to.acks += data ? static_cast<double>(kBlock) * acks_ : kHeaders;
  // A block from a slower line comes with gaps, which others' blocks fill.
  to.in_free = std::max(to.in_free, begin + latency_) + time_of(to, bytes);
  flow.last_arrival = std::max({flow.last_arrival, to.in_free, end + latency_});
  events_.add(flow.last_arrival, What::arrived, id, count);
  if (ready(flow)) {
    flow.in_turn = true;
    line.turns.push_back(id);
  }
}

std::vector<Message> Wire::take(Flow id, std::size_t count) {
  FlowState& flow = flows_[id];
  if (!flow.open) {
    return {};
  }
  const auto end = flow.messages.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Message> taken(flow.messages.begin(), end);
  flow.messages.erase(flow.messages.begin(), end);
  flow.sent -= count;
  if (taken.back().kind == Kind::data) {
    flow.on_way -= kBlock;
    lines_[flow.to].counters.data_in += kBlock;
  }
  enqueue(id);
  return taken;
}

}  // namespace swarmout::sim
