#include "tests/sim/swarm.hpp"

#include <algorithm>

namespace swarmout::sim {

Swarm::Swarm(const Params& params)
    : params_(decided(params)),
      piece_blocks_(static_cast<std::size_t>(piece_length(params) / kBlock)),
      blocks_(static_cast<std::size_t>((params.payload + kBlock - 1) / kBlock)),
      wire_(events_, params, params.hosts + 1),
      hosts_(params.hosts + 1),
      random_(params.seed),
      left_to_complete_(params.hosts - params.slow),
      out_(blocks_) {
  for (HostId host = 0; host < hosts_.size(); ++host) {
    hosts_[host].picker = std::make_unique<Picker>(blocks_, piece_blocks_, host == 0, random_());
    events_.add(comes(host), What::connect, host, host);
    events_.add(comes(host) + std::chrono::microseconds{random_() % 1'000'000}, What::tick, host);
  }
  if (params.gate) {
    gate_ = std::make_unique<SeederGate>(pieces(params), piece_blocks_, params.seed, [this](End to, Message message) {
      refused_ += message.kind == Kind::reject ? 1 : 0;
      wire_.send(to, message);
    });
  }
}

Report Swarm::run(Time limit, std::ostream* trace) {
  Time next_line{};
  while (left_to_complete_ > 0 && !events_.empty() && events_.now() < limit) {
    const Event event = events_.next();
    while (trace != nullptr && event.at >= next_line) {
      trace_line(*trace, next_line);
      next_line += std::chrono::seconds{1};
    }
    handle(event);
  }
  return report();
}

void Swarm::handle(const Event& event) {
  switch (event.what) {
    case What::link_free:
      wire_.link_free(event.who, [this](End end) { fill(end); });
      break;
    case What::arrived:
      for (const Message& each : wire_.take(event.who, event.detail)) {
        message(event.who ^ 1U, each);
      }
      break;
    case What::verified:
      verified(event.who, event.detail);
      break;
    case What::connect:
      event.who == event.detail ? come(event.who) : connect(event.who, event.detail);
      break;
    case What::tick:
      tick_host(event.who);
      events_.add(event.at + std::chrono::seconds{1}, What::tick, event.who);
      break;
  }
}

/// It connects to the seeder and to some of the others. All are on the share from the beginning: who has not come yet
/// is tried again, and is there then.
void Swarm::come(HostId host) {
  if (host == 0) {
    return;
  }
  std::vector<HostId> others;
  for (HostId other = 1; other < hosts_.size(); ++other) {
    if (other != host && !hosts_[host].knows.contains(other)) {
      others.push_back(other);
    }
  }
  std::shuffle(others.begin(), others.end(), random_);
  const std::size_t limit = params_.clone.connections;
  std::size_t room = params_.clone.dials != 0 ? params_.clone.dials + 1 : params_.hosts > limit ? limit / 2 : limit;
  others.insert(others.begin(), 0);
  const Time handshake = 3 * params_.latency;
  for (const HostId other : others) {
    if (room > 0 && hosts_[other].open < role(other).connections && hosts_[host].open < limit) {
      ++hosts_[other].open;
      ++hosts_[host].open;
      hosts_[other].knows.insert(host);
      most_connections_ = std::max({most_connections_, hosts_[host].open, other == 0 ? 0 : hosts_[other].open});
      --room;
      ++connections_;
      events_.add(std::max(events_.now(), comes(other)) + handshake, What::connect, host, other);
    }
  }
}

Time Swarm::comes(HostId host) const {
  return host == 0 ? Time{} : params_.stagger * (host - 1) / static_cast<int>(params_.hosts);
}

void Swarm::connect(HostId a, HostId b) {
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
    const End end = wire_.add(from, to);
    ends_.emplace_back();
    ends_.back().host = from;
    ends_.back().peer_has = Bits(hosts_[to].picker->pieces());
    hosts_[from].ends.push_back(end);
  }
  const End end = static_cast<End>(ends_.size() - 2);
  for (const End each : {end, end ^ 1U}) {
    const Picker& other = *hosts_[ends_[each ^ 1U].host].picker;
    for (std::size_t piece = 0; piece < other.pieces(); ++piece) {
      if (other.has(piece)) {
        ends_[each].peer_has.set(piece);
        ++ends_[each].peer_count;
        picker(ends_[each]).seen(piece);
      }
    }
  }
  introduce(end);
  introduce(end ^ 1U);
}

void Swarm::introduce(End at) {
  EndState& end = ends_[at];
  if (end.host == 0 && gate_) {
    gate_->joined(at, end.peer_has, hosts_[0].picker->pieces());
  }
  if (picker(end).lacks_any_of(end.peer_has)) {
    end.interested = true;
    wire_.send(at, {Kind::interested, {}});
    ask(at);
  }
}

void Swarm::close(End end) {
  for (const End each : {end, end ^ 1U}) {
    EndState& state = ends_[each];
    state.open = false;
    wire_.close(each);
    --hosts_[state.host].open;
    for (const Asked& asked : state.asked) {
      if (asked.wanted) {
        picker(state).given_up(asked.block);
      }
    }
    state.asked = {};
    state.requests = {};
    picker(state).gone(state.peer_has);
    if (state.host == 0 && gate_) {
      gate_->left(each, events_.now());
    }
    std::erase(hosts_[state.host].ends, each);
  }
}

void Swarm::message(End at, const Message& message) {
  if (!ends_[at].open) {
    return;
  }
  switch (message.kind) {
    case Kind::have:
      have(at, message.block.piece);
      break;
    case Kind::request:
      request(at, message.block);
      break;
    case Kind::cancel:
      cancel(at, message.block);
      break;
    case Kind::data:
      data(at, message.block);
      break;
    case Kind::reject:
      reject(at, message.block);
      break;
    case Kind::suggest: {
      std::vector<std::uint32_t>& suggested = ends_[at].suggested;
      if (!picker(ends_[at]).has(message.block.piece)) {
        suggested.insert(suggested.begin(), message.block.piece);
        suggested.resize(std::min<std::size_t>(suggested.size(), 16));
      }
      break;
    }
    case Kind::interested:
      break;  // everyone is unchoked
  }
}

void Swarm::have(End at, std::size_t piece) {
  EndState& end = ends_[at];
  end.peer_has.set(piece);
  ++end.peer_count;
  picker(end).seen(piece);
  if (!picker(end).has(piece)) {
    // As in libtorrent: a peer that was of interest already is not asked anew.
    if (!end.interested || params_.have_asks) {
      if (!end.interested) {
        wire_.send(at, {Kind::interested, {}});
      }
      end.interested = true;
      ask(at);
    }
  } else if (params_.close_redundant && complete(end.host) && end.peer_count == picker(end).pieces()) {
    close(at);
  }
}

void Swarm::request(End at, Block block) {
  EndState& end = ends_[at];
  if (end.host == 0 && gate_ && !gate_->asked(at, block, events_.now())) {
    return;
  }
  if (end.requests.size() >= role(end.host).takes) {
    wire_.send(at, {Kind::reject, block});
    return;
  }
  end.requests.push_back(block);
  fill(at);
}

void Swarm::cancel(End at, Block block) {
  EndState& end = ends_[at];
  const auto found = std::find(end.requests.begin(), end.requests.end(), block);
  if (found != end.requests.end()) {
    end.requests.erase(found);
    wire_.send(at, {Kind::reject, block});
  } else if (end.host == 0 && gate_ && gate_->cancelled(at, block)) {
    wire_.send(at, {Kind::reject, block});
  }
}

/// libtorrent reads blocks into a connection's send buffer while there is room.
void Swarm::fill(End at) {
  EndState& end = ends_[at];
  while (!end.requests.empty() && wire_.waiting(at) < role(end.host).send_buffer) {
    const Block block = end.requests.front();
    end.requests.erase(end.requests.begin());
    wire_.send(at, {Kind::data, block});
    if (end.host == 0 && gate_) {
      gate_->sent(at, block, events_.now());
    }
  }
}

void Swarm::verified(HostId id, std::size_t piece) {
  Host& host = hosts_[id];
  host.picker->whole(piece);
  for (const End each : host.ends) {
    EndState& end = ends_[each];
    if (!end.peer_has.test(piece)) {
      wire_.send(each, {Kind::have, {static_cast<std::uint32_t>(piece), 0}});
    } else if (end.interested && !host.picker->lacks_any_of(end.peer_has)) {
      end.interested = false;
    }
  }
  if (host.picker->missing() == 0) {
    host.complete = events_.now();
    left_to_complete_ -= counts(id) ? 1 : 0;
    const std::vector<End> ends = host.ends;
    for (const End each : ends) {
      if (params_.close_redundant && ends_[each].peer_count == host.picker->pieces()) {
        close(each);
      }
    }
  }
}

void Swarm::trace_line(std::ostream& to, Time second) const {
  Bytes in = 0;
  Bytes data_in = 0;
  Bytes out = 0;
  for (HostId host = 1; host < hosts_.size(); ++host) {
    in += wire_.counters(host).in;
    out += wire_.counters(host).out;
    data_in += wire_.counters(host).data_in;
  }
  const auto mean = [&](Bytes all) { return static_cast<double>(all) / 1e6 / static_cast<double>(params_.hosts); };
  to << std::chrono::duration_cast<std::chrono::seconds>(second).count() << " s: seeder out "
     << static_cast<double>(wire_.counters(0).out) / 1e6 << " MB; clones in " << mean(in) << " (blocks "
     << mean(data_in) << "), out " << mean(out) << " MB; complete " << params_.hosts - params_.slow - left_to_complete_
     << '\n';
}

Report Swarm::report() const {
  Report result;
  const auto seconds = [](Time time) { return std::chrono::duration<double>(time).count(); };
  result.bound = static_cast<double>(params_.payload) * 8e-6 / params_.mbit;
  Bytes all = 0;
  Bytes control = 0;
  Bytes haves = 0;
  Bytes in = 0;
  for (HostId host = 0; host < hosts_.size(); ++host) {
    const LineCounters& counters = wire_.counters(host);
    all += counters.out;
    control += counters.control_out;
    haves += counters.have_out;
    in += counters.data_in;
    if (counts(host) && hosts_[host].complete >= Time{}) {
      result.seconds.push_back(seconds(hosts_[host].complete));
    }
  }
  std::sort(result.seconds.begin(), result.seconds.end());
  const double payload = static_cast<double>(blocks_ * kBlock);
  result.copies = static_cast<double>(wire_.counters(0).data_out) / payload;
  result.all_out = seconds(all_out_);
  result.waste = static_cast<double>(in) / payload / static_cast<double>(params_.hosts) - 1;
  result.control = static_cast<double>(control) / static_cast<double>(all);
  result.haves = static_cast<double>(haves) / static_cast<double>(all);
  result.have_mb = static_cast<double>(haves) / 1e6;
  result.refused = static_cast<double>(refused_) / static_cast<double>(blocks_);
  result.connections = connections_;
  result.most_connections = most_connections_;
  result.events = events_.count();
  return result;
}

}  // namespace swarmout::sim
