#include "peer/tree/release_trees.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace swarmout {

Result<ReleaseTrees> ReleaseTrees::open(const Path& dest, std::string_view purpose) {
  TRY(make_directories(dest / "releases"));
  return ReleaseTrees(dest, purpose);
}

Path ReleaseTrees::tree(const Descriptor& release) const {
  return dest_ / "releases" / release_name(release);
}

Path ReleaseTrees::incoming(const Descriptor& release) const {
  return dest_ / (incoming_ + release_name(release));
}

bool ReleaseTrees::has(const Descriptor& release) const {
  return path_exists(tree(release));
}

std::optional<std::string> ReleaseTrees::current() const {
  std::error_code error;
  const Path target = std::filesystem::read_symlink(dest_ / "current", error);
  return error ? std::nullopt : std::optional(target.filename().native());
}

Result<void> ReleaseTrees::accept(const Descriptor& release, const Path& from) {
  const Path to = tree(release);
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return fail_errno("cannot move the new tree to", to.native(), errno);
  }
  return sync_directory(dest_ / "releases");
}

Result<void> ReleaseTrees::activate(const Descriptor& release) {
  INVARIANT(has(release));
  return replace_symlink(dest_ / "current", fmt::format("releases/{}", release_name(release)));
}

Result<void> ReleaseTrees::prune(std::size_t keep, const std::optional<Path>& busy) {
  TRY_ASSIGN(const auto releases, list_directory(dest_ / "releases"));
  const auto active = current();
  for (std::size_t i = 0; i + keep < releases.size(); ++i) {
    if (releases[i] != active) {
      // Out of sight first: a half removed tree must not look like a release.
      const Path doomed = dest_ / fmt::format("{}removed-{}", incoming_, releases[i]);
      if (::rename((dest_ / "releases" / releases[i]).c_str(), doomed.c_str()) != 0) {
        return fail_errno("cannot remove", (dest_ / "releases" / releases[i]).native(), errno);
      }
    }
  }
  TRY_ASSIGN(const auto names, list_directory(dest_));
  for (const std::string& name : names) {
    const bool leftover = name.starts_with(incoming_) || name.starts_with(".tmp-");
    if (leftover && dest_ / name != busy) {
      TRY(remove_tree(dest_ / name));
    }
  }
  return {};
}

}  // namespace swarmout
