#include "common/delta/line_script.hpp"

#include "common/base/result.hpp"

#include <cstring>

namespace swarmout {

std::vector<std::uint32_t> line_starts(ByteView text) {
  INVARIANT(text.size() <= UINT32_MAX);
  std::vector<std::uint32_t> starts{0};
  const std::byte* const begin = text.data();
  const std::byte* at = begin;
  while (at != begin + text.size()) {
    const auto left = static_cast<std::size_t>(begin + text.size() - at);
    const void* const end = std::memchr(at, '\n', left);
    at = end != nullptr ? static_cast<const std::byte*>(end) + 1 : begin + text.size();
    starts.push_back(static_cast<std::uint32_t>(at - begin));
  }
  return starts;
}

}  // namespace swarmout
