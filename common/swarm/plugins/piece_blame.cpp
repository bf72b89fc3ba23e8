#include "common/swarm/plugins/piece_blame.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace swarmout {

void PieceBlame::received(std::int32_t piece, std::int32_t offset, const Endpoint& from, std::string_view block) {
  const auto [place, is_new] = arriving_[piece].try_emplace(offset, Block{from, {}});
  if (is_new && alarmed_) {
    place->second.digest = sha256(block);
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
    const bool differs = found != right.mapped().end() && found->second.digest != block.digest;
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
  const bool digests_known = std::exchange(alarmed_, true);
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
  if (!digests_known) {
    return verdict;  // nothing could be learned from the right blocks: whoever it was is asked on, and will do it again
  }
  verdict.suspects.assign(std::next(hosts.begin()), hosts.end());
  failed_.insert_or_assign(piece, blocks.mapped());
  if (failed_.size() > kMostFailed) {
    failed_.erase(failed_.begin());
  }
  return verdict;
}

}  // namespace swarmout
