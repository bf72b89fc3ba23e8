// The program's own upload gate at the simulated seeder. As common/swarm/plugins/swarm_gate drives it, without
// libtorrent.

#pragma once

#include "common/swarm/plugins/upload_gate.hpp"
#include "tests/sim/wire.hpp"

#include <functional>
#include <map>

namespace swarmout::sim {

class SeederGate {
public:
  using Send = std::function<void(Wire::Flow, Message)>;

  SeederGate(std::size_t pieces, std::size_t blocks_in_piece, std::uint32_t seed, Send send);

  void joined(Wire::Flow to, const Bits& has, std::size_t pieces);
  /// Whether to serve it; else it was or will be refused.
  bool asked(Wire::Flow to, Block block, Time now);
  /// The block is in the send buffer, which is when libtorrent says it was sent.
  void sent(Wire::Flow to, Block block, Time now);
  /// True if the request waited here.
  bool cancelled(Wire::Flow to, Block block);
  void tick(Wire::Flow to);
  void left(Wire::Flow to, Time now);

private:
  struct Waiting {
    Wire::Flow to;
    Block block;
  };
  [[nodiscard]] static MonotonicTime at(Time now) { return MonotonicTime{} + now; }
  void suggest(Wire::Flow to, const std::vector<UploadGate::Piece>& pieces);
  /// Those that `which` says.
  template <class Which>
  void refuse(Which which);

  UploadGate gate_;
  std::size_t blocks_in_piece_;
  Send send_;
  std::multimap<std::uint32_t, Waiting> waiting_;                            ///< by piece
  std::map<std::pair<Wire::Flow, std::uint32_t>, std::size_t> blocks_sent_;  ///< of pieces that have left in part
};

}  // namespace swarmout::sim
