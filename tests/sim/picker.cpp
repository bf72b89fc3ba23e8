#include "tests/sim/picker.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace swarmout::sim {

Picker::Picker(std::size_t blocks, std::size_t per_piece, bool complete, std::uint32_t seed)
    : blocks_(blocks),
      per_piece_(per_piece),
      pieces_((blocks + per_piece - 1) / per_piece),
      states_(complete ? 0 : blocks),
      missing_count_(complete ? 0 : pieces_.size()),
      missing_(pieces_.size(), !complete),
      open_(missing_),
      partial_(pieces_.size()),
      full_(pieces_.size()),
      random_(seed + 1) {
  std::vector<std::uint32_t> order(pieces_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random_);
  for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
    pieces_[piece].free = static_cast<std::uint32_t>(blocks_in(piece));
    pieces_[piece].order = order[piece];
  }
}

void Picker::gone(const Bits& peer) {
  for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
    pieces_[piece].copies -= peer.test(piece) ? 1 : 0;
  }
}

void Picker::add_free(std::size_t piece, std::size_t count, std::vector<Block>& to) const {
  for (std::size_t index = 0; index < blocks_in(piece) && to.size() < count; ++index) {
    const Block block{static_cast<std::uint32_t>(piece), static_cast<std::uint32_t>(index)};
    if (!state(block).there && state(block).askers == 0) {
      to.push_back(block);
    }
  }
}

std::vector<Block> Picker::pick(const Bits& peer, std::size_t count, const std::vector<std::uint32_t>& suggested,
                                bool partial_first) {
  std::vector<Block> picked;
  using Choice = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;  // copies, order, piece
  std::vector<Choice> choices;
  const auto add_best = [&](const Bits& among, bool most_done_first, const auto& skip) {
    choices.clear();
    peer.for_each_common(among, [&](std::size_t at) {
      const Piece& piece = pieces_[at];
      if (!skip(at)) {
        choices.emplace_back(piece.copies, most_done_first ? piece.free : piece.order, static_cast<std::uint32_t>(at));
      }
    });
    const std::size_t best = std::min(choices.size(), count - picked.size());
    std::partial_sort(choices.begin(), choices.begin() + static_cast<std::ptrdiff_t>(best), choices.end());
    for (std::size_t at = 0; at < best && picked.size() < count; ++at) {
      add_free(std::get<2>(choices[at]), count, picked);
    }
  };
  if (partial_first) {
    add_best(partial_, true, [](std::size_t) { return false; });
  }
  std::vector<std::uint32_t> taken;
  for (const std::uint32_t piece : suggested) {
    const bool possible = open_.test(piece) || (!partial_first && partial_.test(piece));
    if (picked.size() < count && peer.test(piece) && possible &&
        std::find(taken.begin(), taken.end(), piece) == taken.end()) {
      add_free(piece, count, picked);
      taken.push_back(piece);
    }
  }
  const auto was_taken = [&](std::size_t piece) { return std::find(taken.begin(), taken.end(), piece) != taken.end(); };
  if (picked.size() < count && !partial_first) {
    add_best(partial_, true, was_taken);
  }
  if (picked.size() < count) {
    add_best(open_, false, was_taken);
  }
  return picked;
}

std::optional<Block> Picker::pick_busy(const Bits& peer, bool strict) {
  if (strict && started_ < missing_count_) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> choices;
  const auto add = [&](std::size_t piece) { choices.push_back(static_cast<std::uint32_t>(piece)); };
  peer.for_each_common(full_, add);
  peer.for_each_common(partial_, add);
  while (!choices.empty()) {
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, choices.size() - 1)(random_);
    std::vector<Block> blocks;
    for (std::uint32_t index = 0; index < blocks_in(choices[at]); ++index) {
      if (const Block block{choices[at], index}; !state(block).there && state(block).askers > 0) {
        blocks.push_back(block);
      }
    }
    if (!blocks.empty()) {
      return blocks[std::uniform_int_distribution<std::size_t>(0, blocks.size() - 1)(random_)];
    }
    choices[at] = choices.back();
    choices.pop_back();
  }
  return std::nullopt;
}

void Picker::file(std::size_t piece) {
  const bool was_open = open_.test(piece);
  partials_ -= partial_.test(piece) ? 1 : 0;
  open_.reset(piece);
  partial_.reset(piece);
  full_.reset(piece);
  const Piece& now = pieces_[piece];
  const bool is_open = missing_.test(piece) && now.free == blocks_in(piece);
  if (is_open) {
    open_.set(piece);
  } else if (missing_.test(piece)) {
    (now.free > 0 ? partial_ : full_).set(piece);
  }
  partials_ += partial_.test(piece) ? 1 : 0;
  started_ += was_open && !is_open ? 1 : 0;
  started_ -= !was_open && (is_open || !missing_.test(piece)) ? 1 : 0;
}

void Picker::asked(Block block) {
  State& now = state(block);
  if (now.askers++ == 0 && !now.there) {
    --pieces_[block.piece].free;
    file(block.piece);
  }
}

void Picker::given_up(Block block) {
  State& now = state(block);
  if (--now.askers == 0 && !now.there) {
    ++pieces_[block.piece].free;
    file(block.piece);
  }
}

Picker::Arrival Picker::arrived(Block block) {
  State& now = state(block);
  --now.askers;
  if (now.there) {
    return Arrival::duplicate;
  }
  now.there = true;
  ++pieces_[block.piece].there;
  return pieces_[block.piece].there == blocks_in(block.piece) ? Arrival::last_of_piece : Arrival::fresh;
}

void Picker::whole(std::size_t piece) {
  missing_.reset(piece);
  --missing_count_;
  file(piece);
}

}  // namespace swarmout::sim
