#include "peer/tree/release_links.hpp"

#include <fmt/format.h>

namespace swarmout {

std::optional<std::string> release_behind(const Path& link) {
  std::error_code error;
  const std::string target = std::filesystem::read_symlink(link, error).native();
  const std::string begins = link_to_release("");
  if (error || !target.starts_with(begins)) {
    return std::nullopt;
  }
  std::string name = target.substr(begins.size());
  const bool inside = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
  return inside ? std::optional(std::move(name)) : std::nullopt;
}

std::string link_to_release(const std::string& name) {
  return fmt::format("{}/{}", kReleasesFolder, name);
}

std::string distinct_release_name(const Descriptor& release) {
  return fmt::format("{}~{}", release_name(release), release.manifest.hex().substr(0, 8));
}

}  // namespace swarmout
