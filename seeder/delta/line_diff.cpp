#include "seeder/delta/line_diff.hpp"

#include <dtl/dtl.hpp>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kLookedAt = 8000;
/// Lines of both sides that are nowhere on the other one cost nothing; of the rest this many, squared, are some
/// seconds.
constexpr std::size_t kMostLines = 200'000;

using Lines = std::vector<std::uint32_t>;  ///< equal lines have equal numbers

class Numbering {
public:
  Lines numbers_of(ByteView text) {
    const auto starts = line_starts(text);
    Lines lines;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      const std::string_view line = as_text(text.subspan(starts[i], starts[i + 1] - starts[i]));
      lines.push_back(known_.try_emplace(line, static_cast<std::uint32_t>(known_.size())).first->second);
    }
    return lines;
  }

private:
  std::unordered_map<std::string_view, std::uint32_t> known_;
};

void add(LineScript& script, std::uint32_t& kept, std::uint32_t removed, std::uint32_t added) {
  if (removed == 0 && added == 0) {
    return;
  }
  script.push_back({kept, removed, added});
  kept = 0;
}

}  // namespace

bool looks_like_text(ByteView content) {
  const auto looked = content.first(std::min(content.size(), kLookedAt));
  return std::find(looked.begin(), looked.end(), std::byte{0}) == looked.end();
}

std::optional<LineScript> line_diff(ByteView before, ByteView after) {
  Numbering numbering;
  const Lines old = numbering.numbers_of(before);
  const Lines fresh = numbering.numbers_of(after);
  const auto ends = std::mismatch(old.begin(), old.end(), fresh.begin(), fresh.end());
  const auto head = static_cast<std::size_t>(ends.first - old.begin());
  const std::size_t most = std::min(old.size(), fresh.size()) - head;
  std::size_t tail = 0;
  while (tail < most && old[old.size() - 1 - tail] == fresh[fresh.size() - 1 - tail]) {
    ++tail;
  }
  const Lines from(old.begin() + static_cast<std::ptrdiff_t>(head), old.end() - static_cast<std::ptrdiff_t>(tail));
  const Lines to(fresh.begin() + static_cast<std::ptrdiff_t>(head), fresh.end() - static_cast<std::ptrdiff_t>(tail));
  LineScript script;
  auto kept = static_cast<std::uint32_t>(head);
  if (from.empty() || to.empty()) {
    add(script, kept, static_cast<std::uint32_t>(from.size()), static_cast<std::uint32_t>(to.size()));
    return script;
  }
  if (from.size() + to.size() > kMostLines) {
    return std::nullopt;
  }
  dtl::Diff<std::uint32_t, Lines> diff(from, to);
  diff.onHuge();
  diff.compose();
  std::uint32_t removed = 0;
  std::uint32_t added = 0;
  for (const auto& [line, info] : diff.getSes().getSequence()) {
    if (info.type == dtl::SES_COMMON) {
      add(script, kept, removed, added);
      removed = added = 0;
      ++kept;
    } else {
      ++(info.type == dtl::SES_DELETE ? removed : added);
    }
  }
  add(script, kept, removed, added);
  return script;
}

}  // namespace swarmout
