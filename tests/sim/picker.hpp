// What a host has and what it asks for next: rarest first, as libtorrent's piece picker does it.

#pragma once

#include "tests/sim/bits.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace swarmout::sim {

struct Block {
  std::uint32_t piece = 0;
  std::uint32_t index = 0;
  bool operator==(const Block&) const = default;
};

class Picker {
public:
  /// `blocks` in all, `per_piece` in each piece but the last.
  Picker(std::size_t blocks, std::size_t per_piece, bool complete, std::uint32_t seed);

  [[nodiscard]] bool has(std::size_t piece) const { return !missing_.test(piece); }
  [[nodiscard]] std::size_t pieces() const { return pieces_.size(); }
  [[nodiscard]] std::size_t missing() const { return missing_count_; }
  [[nodiscard]] std::size_t blocks_in(std::size_t piece) const {
    return piece + 1 == pieces_.size() ? blocks_ - piece * per_piece_ : per_piece_;
  }
  [[nodiscard]] bool lacks_any_of(const Bits& peer) const { return peer.intersects(missing_); }

  /// Another host that this one is connected to has the piece, or has gone.
  void seen(std::size_t piece) { ++pieces_[piece].copies; }
  void gone(const Bits& peer);

  /// Up to `count` blocks that nobody was asked for and the peer has.
  [[nodiscard]] std::vector<Block> pick(const Bits& peer, std::size_t count,
                                        const std::vector<std::uint32_t>& suggested, bool partial_first);
  /// One that somebody else was asked for already. `strict`: only if everything that is missing was asked for.
  [[nodiscard]] std::optional<Block> pick_busy(const Bits& peer, bool strict);

  void asked(Block block);
  void given_up(Block block);
  enum class Arrival : std::uint8_t { duplicate, fresh, last_of_piece };
  Arrival arrived(Block block);
  /// Was checked.
  void whole(std::size_t piece);

  [[nodiscard]] bool is_there(Block block) const { return state(block).there; }
  [[nodiscard]] int askers(Block block) const { return state(block).askers; }
  [[nodiscard]] bool has_free_blocks(std::size_t piece) const { return pieces_[piece].free > 0; }
  /// Pieces of which some blocks are there or were asked for, and some not.
  [[nodiscard]] std::size_t partials() const { return partials_; }

private:
  struct Piece {
    std::uint32_t copies = 0;
    std::uint32_t free = 0;  ///< blocks that are neither there nor asked for
    std::uint32_t there = 0;
    std::uint32_t order = 0;  ///< among pieces with as many copies
  };
  struct State {
    std::uint8_t askers : 7 = 0;
    bool there : 1 = false;
  };

  [[nodiscard]] const State& state(Block block) const { return states_[block.piece * per_piece_ + block.index]; }
  State& state(Block block) { return states_[block.piece * per_piece_ + block.index]; }
  void add_free(std::size_t piece, std::size_t count, std::vector<Block>& to) const;
  void file(std::size_t piece);

  std::size_t blocks_;
  std::size_t per_piece_;
  std::vector<Piece> pieces_;
  std::vector<State> states_;
  std::size_t missing_count_;
  Bits missing_;             ///< everything that is not whole
  Bits open_;                ///< of those: nothing of it was asked for
  Bits partial_;             ///< some was, some not
  Bits full_;                ///< all was
  std::size_t started_ = 0;  ///< partial or full
  std::size_t partials_ = 0;
  std::minstd_rand random_;
};

}  // namespace swarmout::sim
