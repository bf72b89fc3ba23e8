// Who sent the bad block of a piece that did not pass its hash, when its blocks came from several hosts?
//
// The idea is libtorrent's "smart ban": remember what each host sent, get the piece again, and compare with what
// passed. Blocks are remembered by their digests, and only once a piece has failed: until then nothing is hashed, and
// that piece leads to nobody. To get an answer soon, all but one of those who took part are not asked in the meantime:
// either the piece passes without them, or the one who is left is found out. Pure: no network. One thread.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/endpoint.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace swarmout {

class PieceBlame {
public:
  /// Of pieces that failed and have not passed since; then the one with the lowest number is forgotten.
  static constexpr std::size_t kMostFailed = 64;

  struct Verdict {
    std::vector<Endpoint> bad;       ///< sent what does not match
    std::vector<Endpoint> suspects;  ///< one of them may be bad: to be left out until the piece has passed
    std::vector<Endpoint> cleared;   ///< were suspects; sent what was right
  };

  /// A block that was asked for; of two for one place the first counts.
  void received(std::int32_t piece, std::int32_t offset, const Endpoint& from, std::string_view block);
  [[nodiscard]] Verdict passed(std::int32_t piece);
  /// Forgets what came of other pieces that are not complete, too: they are begun anew.
  [[nodiscard]] Verdict failed(std::int32_t piece);

private:
  struct Block {
    Endpoint from;
    Digest digest;  ///< if a piece had failed before
  };
  using Blocks = std::map<std::int32_t, Block>;  ///< by offset

  bool alarmed_ = false;  ///< a piece has failed: blocks are hashed
  std::map<std::int32_t, Blocks> arriving_;
  std::map<std::int32_t, Blocks> failed_;
};

}  // namespace swarmout
