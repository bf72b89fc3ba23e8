#include "peer/watched.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

namespace swarmout {

Result<void> touch_file(const Path& file) {
  // Without waiting: a fifo that nobody reads would hold up the service.
  return open_file(file, O_WRONLY | O_CREAT | O_NONBLOCK).and_then([&](const Fd& opened) {
    return ::futimens(opened.get(), nullptr) == 0 ? Result<void>() : fail_errno("cannot touch", file.native(), errno);
  });
}

Result<void> keep_link(const Path& link, const Path& dest) {
  const Path root = resolved_root(dest);  // a link elsewhere leads to it from anywhere
  const Path place = root / link;         // an absolute one takes the place of `root`
  const Path current = root / "current";
  const std::string target = place.parent_path() == root ? "current" : current.native();
  std::error_code none;
  const auto status = std::filesystem::symlink_status(place, none);
  if (place == current ||
      (std::filesystem::is_symlink(status) && std::filesystem::read_symlink(place, none) == target)) {
    return {};
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_symlink(status)) {
    return fail(ErrorCode::cannot_write, fmt::format("{} is no link, and stays as it is", place.native()),
                fmt::format("move it away: mv {0} {0}.old", place.native()));
  }
  return replace_symlink(place, target);
}

}  // namespace swarmout
