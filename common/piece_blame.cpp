#include "common/piece_blame.hpp"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <set>

namespace swarmout {

PieceBlame::PieceBlame() {
  static_assert(sizeof key_ == crypto_shorthash_KEYBYTES);
  crypto_shorthash_keygen(key_.data());
}

void PieceBlame::received(std::int32_t piece, std::int32_t offset, const Endpoint& from, std::string_view block) {
  const auto [place, is_new] = arriving_[piece].try_emplace(offset, Block{from, std::nullopt});
  if (is_new && alarmed_) {
    std::array<unsigned char, crypto_shorthash_BYTES> hash{};
    crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(block.data()), block.size(), key_.data());
    place->second.hash = std::bit_cast<std::uint64_t>(hash);
  }
}

PieceBlame::Verdict PieceBlame::passed(std::int32_t piece) {
  const auto right = arriving_.extract(piece);
  const auto wrong = failed_.extract(piece);
  if (!wrong || !right) {
    return {};
  }
  std::set<Endpoint> bad;
  std::set<Endpoint> others;
  for (const auto& [offset, block] : wrong.mapped()) {
    const auto found = right.mapped().find(offset);
    const bool differs = found != right.mapped().end() && found->second.hash && block.hash &&
                         *found->second.hash != *block.hash;
    (differs ? bad : others).insert(block.from);
  }
  Verdict verdict;
  verdict.bad.assign(bad.begin(), bad.end());
  std::set_difference(others.begin(), others.end(), bad.begin(), bad.end(), std::back_inserter(verdict.cleared));
  return verdict;
}

PieceBlame::Verdict PieceBlame::failed(std::int32_t piece) {
  Verdict verdict;
  const auto blocks = arriving_.extract(piece);
  arriving_.clear();
  alarmed_ = true;
  if (!blocks) {
    return verdict;
  }
  std::set<Endpoint> hosts;
  for (const auto& [offset, block] : blocks.mapped()) {
    hosts.insert(block.from);
  }
  if (hosts.size() == 1) {
    verdict.bad.assign(hosts.begin(), hosts.end());
    return verdict;
  }
  verdict.suspects.assign(std::next(hosts.begin()), hosts.end());
  failed_.insert_or_assign(piece, blocks.mapped());
  if (failed_.size() > kMostFailed) {
    failed_.erase(failed_.begin());
  }
  return verdict;
}

}  // namespace swarmout
