// Which pieces of a torrent have passed their hash: written by libtorrent's network thread, read by whoever unpacks.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace swarmout {

/// From `first` to before `end`.
struct PieceRange {
  std::size_t first = 0;
  std::size_t end = 0;
};

/// Only grows. Any thread.
class PassedPieces {
public:
  explicit PassedPieces(std::size_t pieces) : words_((pieces + kBits - 1) / kBits), pieces_(pieces) {}

  void add(std::size_t piece) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (piece % kBits);
    if (piece < pieces_ && (words_[piece / kBits].fetch_or(bit) & bit) == 0) {
      ++count_;
    }
  }
  [[nodiscard]] bool has(std::size_t piece) const noexcept {
    return piece < pieces_ && (words_[piece / kBits].load() >> (piece % kBits) & 1) != 0;
  }
  [[nodiscard]] bool has_all(PieceRange pieces) const noexcept {
    for (std::size_t piece = pieces.first; piece < pieces.end; ++piece) {
      if (!has(piece)) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
  static constexpr std::size_t kBits = 64;

  std::vector<std::atomic<std::uint64_t>> words_;
  std::size_t pieces_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace swarmout
