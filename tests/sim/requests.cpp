// What a host asks of another and when: the rules of libtorrent 2.0.8 (request_blocks.cpp, peer_connection.cpp).

#include "tests/sim/swarm.hpp"

#include <algorithm>

namespace swarmout::sim {

namespace {

constexpr std::size_t kLeast = 2;  ///< requests in a queue
constexpr Time kSnubAfter = std::chrono::seconds{3};
constexpr Time kEndGameAgain = std::chrono::seconds{5};

}  // namespace

void Swarm::ask(End at) {
  EndState& end = ends_[at];
  Picker& picker = this->picker(end);
  if (!end.open || !end.interested || picker.missing() == 0 || end.asked.size() >= end.desired) {
    return;
  }
  const std::size_t count = end.desired - end.asked.size();
  const bool partial_first = params_.partial_first || picker.partials() * 2 > hosts_[end.host].ends.size() * 3 ||
                             picker.partials() * piece_blocks_ > 2048;
  const std::vector<Block> blocks = picker.pick(end.peer_has, count, end.suggested, partial_first);
  for (const Block block : blocks) {
    send_request(end, at, block);
  }
  end.end_game = blocks.size() < count;
  if (end.asked.empty()) {
    if (const auto busy = picker.pick_busy(end.peer_has, params_.strict_end_game)) {
      send_request(end, at, *busy);
    }
  }
}

void Swarm::send_request(EndState& end, End at, Block block) {
  if (end.asked.empty()) {
    end.last_piece = events_.now();
  }
  end.last_request = events_.now();
  picker(end).asked(block);
  end.asked.push_back({block});
  wire_.send(at, {Kind::request, block});
}

void Swarm::adapt_queue(EndState& end) {
  if (end.snubbed) {
    end.desired = 1;
    return;
  }
  if (!end.slow_start) {
    end.desired = static_cast<std::size_t>(params_.queue_seconds * end.rate / static_cast<double>(kBlock));
  }
  const HostId other = ends_[static_cast<End>(&end - ends_.data()) ^ 1U].host;
  end.desired = std::max(kLeast, std::min({end.desired, params_.max_out, role(other).takes}));
}

void Swarm::data(End at, Block block) {
  EndState& end = ends_[at];
  const auto found =
      std::find_if(end.asked.begin(), end.asked.end(), [&](const Asked& each) { return each.block == block; });
  if (found == end.asked.end()) {
    return;
  }
  Picker& picker = this->picker(end);
  if (!found->wanted) {
    picker.asked(block);  // was taken off its list; is welcome all the same
  }
  end.asked.erase(found);
  end.this_second += kBlock;
  end.last_piece = events_.now();
  end.snubbed = false;
  end.desired += end.slow_start ? 1 : 0;
  adapt_queue(end);
  if (ends_[at ^ 1U].host == 0 && !out_[block.piece * piece_blocks_ + block.index]) {
    out_[block.piece * piece_blocks_ + block.index] = true;
    if (++out_count_ == blocks_) {
      all_out_ = events_.now();
    }
  }
  const Picker::Arrival arrival = picker.arrived(block);
  if (arrival != Picker::Arrival::duplicate && picker.askers(block) > 0) {
    cancel_elsewhere(end.host, block);
  }
  if (arrival == Picker::Arrival::last_of_piece) {
    events_.add(events_.now() + params_.verify, What::verified, end.host, block.piece);
  }
  ask(at);
}

/// The other hosts that were asked for it, too. Until they answer, the request fills their queues.
void Swarm::cancel_elsewhere(HostId host, Block block) {
  for (const End each : hosts_[host].ends) {
    for (Asked& asked : ends_[each].asked) {
      if (asked.block == block && asked.wanted) {
        asked.wanted = false;
        hosts_[host].picker->given_up(block);
        wire_.send(each, {Kind::cancel, block});
      }
    }
  }
}

void Swarm::reject(End at, Block block) {
  EndState& end = ends_[at];
  const auto found =
      std::find_if(end.asked.begin(), end.asked.end(), [&](const Asked& each) { return each.block == block; });
  if (found != end.asked.end()) {
    if (found->wanted) {
      picker(end).given_up(block);
    }
    end.asked.erase(found);
  }
  std::erase(end.suggested, block.piece);
  if (end.asked.size() < 2) {
    ask(at);
  }
}

void Swarm::tick_host(HostId host) {
  const std::vector<End> ends = hosts_[host].ends;
  for (const End each : ends) {
    tick(each);
  }
}

void Swarm::tick(End at) {
  EndState& end = ends_[at];
  if (end.host == 0 && gate_) {
    gate_->tick(at);
  }
  if (end.end_game && end.interested && end.asked.empty() && events_.now() - end.last_request >= kEndGameAgain) {
    end.last_request = events_.now();
    ask(at);
  }
  if (end.slow_start && end.last_second > 0 && end.last_second + 5000 >= end.this_second) {
    end.slow_start = false;
  }
  end.last_second = end.this_second;
  end.rate = end.rate * 4 / 5 + static_cast<double>(end.this_second) / 5;
  end.this_second = 0;
  adapt_queue(end);
  if (!end.asked.empty() && events_.now() - end.last_piece > kSnubAfter) {
    snub(end, at);
  }
}

/// It has not sent anything for long: its last request may go to another.
void Swarm::snub(EndState& end, End at) {
  end.snubbed = true;
  end.slow_start = false;
  end.desired = 1;
  const auto last = std::find_if(end.asked.rbegin(), end.asked.rend(), [](const Asked& each) { return each.wanted; });
  if (last == end.asked.rend() || picker(end).has_free_blocks(last->block.piece)) {
    return;
  }
  const Block block = last->block;
  end.desired = 2;
  last->wanted = false;  // before more are asked for, which may move it
  ask(at);
  end.desired = 1;
  picker(end).given_up(block);
}

}  // namespace swarmout::sim
