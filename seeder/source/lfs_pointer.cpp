#include "seeder/source/lfs_pointer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace swarmout {

namespace {

constexpr std::array<std::string_view, 3> kLfsVersions = {
    "https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2"};
constexpr std::string_view kLfsVersionKey = "version ";
constexpr std::string_view kLfsOidKey = "oid sha256:";
constexpr std::string_view kLfsSizeKey = "size ";

/// The next line that is not empty, without its end, which may be that of another system.
std::string_view take_line(std::string_view& rest) {
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    if (!line.empty()) {
      return line;
    }
  }
  return {};
}

bool is_version(std::string_view line) {
  return line.starts_with(kLfsVersionKey) &&
         std::find(kLfsVersions.begin(), kLfsVersions.end(), line.substr(kLfsVersionKey.size())) != kLfsVersions.end();
}

}  // namespace

bool is_lfs_pointer(std::string_view content) {
  if (!is_version(take_line(content))) {
    return false;
  }
  bool oid = false;
  bool size = false;
  while (!content.empty()) {
    const std::string_view line = take_line(content);
    oid = oid || line.starts_with(kLfsOidKey);
    size = size || line.starts_with(kLfsSizeKey);
  }
  return oid && size;
}

std::optional<LfsPointer> parse_lfs_pointer(std::string_view content) {
  const std::string_view version = take_line(content);
  const std::string_view oid = take_line(content);
  const std::string_view size = take_line(content);
  if (!is_version(version) || !oid.starts_with(kLfsOidKey) || !size.starts_with(kLfsSizeKey) ||
      !take_line(content).empty()) {
    return std::nullopt;
  }
  const auto digest = Digest::from_hex(oid.substr(kLfsOidKey.size()));
  Bytes bytes = 0;
  const char* const end = size.data() + size.size();
  const auto [stopped, error] = std::from_chars(size.data() + kLfsSizeKey.size(), end, bytes);
  if (!digest || error != std::errc() || stopped != end) {
    return std::nullopt;
  }
  return LfsPointer{*digest, bytes};
}

}  // namespace swarmout
