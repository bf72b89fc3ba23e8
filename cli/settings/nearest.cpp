#include "cli/settings/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace swarmout {

namespace {

/// Nothing that people mistype is longer, and the time is the product of two lengths.
constexpr std::size_t kLongestTypo = 60;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_before(b.size() + 1);
  std::vector<std::size_t> before(b.size() + 1);
  std::iota(before.begin(), before.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_before[j - 2] + 1);
      }
    }
    two_before = std::exchange(before, std::move(row));
  }
  return before.back();
}

std::string nearest(std::string_view written, const std::vector<std::string>& candidates) {
  if (written.empty() || written.size() > kLongestTypo) {
    return "";
  }
  std::string best;
  std::size_t least = written.size() < 5 ? 2 : 3;  // below this
  for (const std::string& each : candidates) {
    if (const std::size_t distance = edit_distance(written, each); distance < least) {
      least = distance;
      best = each;
    }
  }
  for (const std::string& each : candidates) {
    if (best.empty() && written.size() > 2 && each.starts_with(written)) {
      best = each;
    }
  }
  return best;
}

}  // namespace swarmout
