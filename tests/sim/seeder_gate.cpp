#include "tests/sim/seeder_gate.hpp"

namespace swarmout::sim {

SeederGate::SeederGate(std::size_t pieces, std::size_t blocks_in_piece, std::uint32_t seed, Send send)
    : gate_(std::vector<std::uint16_t>(pieces, static_cast<std::uint16_t>(blocks_in_piece)), seed),
      blocks_in_piece_(blocks_in_piece),
      send_(std::move(send)) {}

void SeederGate::joined(Wire::Flow to, const Bits& has, std::size_t pieces) {
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    if (has.test(piece)) {
      gate_.exists(to, piece);
    }
  }
  suggest(to, gate_.joined(to));
}

bool SeederGate::asked(Wire::Flow to, Block block, Time now) {
  const UploadGate::Answer answer = gate_.asked(to, block.piece, at(now));
  suggest(to, answer.suggest);
  switch (answer.verdict) {
    case UploadGate::Verdict::serve:
      return true;
    case UploadGate::Verdict::refuse:
      send_(to, {Kind::reject, block});
      return false;
    case UploadGate::Verdict::wait:
      waiting_.emplace(block.piece, Waiting{to, block});
      return false;
  }
  return true;
}

void SeederGate::sent(Wire::Flow to, Block block, Time now) {
  const auto key = std::pair{to, block.piece};
  if (++blocks_sent_[key] >= blocks_in_piece_) {
    blocks_sent_.erase(key);
    gate_.sent(to, block.piece, at(now));
    const bool all = gate_.leaving() == 0;
    refuse([&](const Waiting& each) { return all || each.block.piece == block.piece; });
  }
}

bool SeederGate::cancelled(Wire::Flow to, Block block) {
  const auto [first, last] = waiting_.equal_range(block.piece);
  for (auto each = first; each != last; ++each) {
    if (each->second.to == to && each->second.block == block) {
      waiting_.erase(each);
      return true;
    }
  }
  return false;
}

void SeederGate::tick(Wire::Flow to) {
  refuse([&](const Waiting& each) { return each.to == to; });
}

void SeederGate::left(Wire::Flow to, Time now) {
  gate_.left(to, at(now));
  refuse([](const Waiting&) { return true; });
}

void SeederGate::suggest(Wire::Flow to, const std::vector<UploadGate::Piece>& pieces) {
  for (const UploadGate::Piece piece : pieces) {
    send_(to, {Kind::suggest, {static_cast<std::uint32_t>(piece), 0}});
  }
}

template <class Which>
void SeederGate::refuse(Which which) {
  std::vector<Waiting> refused;
  std::erase_if(waiting_, [&](const auto& each) {
    const bool chosen = which(each.second);
    if (chosen) {
      refused.push_back(each.second);
    }
    return chosen;
  });
  for (const Waiting& each : refused) {
    send_(each.to, {Kind::reject, each.block});
  }
}

}  // namespace swarmout::sim
