#include "common/base/mounts.hpp"

#include <deque>
#include <sstream>
#include <vector>

namespace swarmout {

namespace {

constexpr int kMaxLinks = 40;  // as the kernel

struct Mount {
  std::string point;
  std::string type;
  std::string options;

  [[nodiscard]] bool holds(const std::string& path) const {
    return path == point || path.starts_with(point == "/" ? "/" : point + '/');
  }
  [[nodiscard]] std::string server() const {
    const std::string all = ',' + options;
    const std::size_t at = all.find(",addr=");
    return at == std::string::npos ? "" : all.substr(at + 6, all.find(',', at + 6) - at - 6);
  }
  [[nodiscard]] bool may_hang() const { return !server().empty() || type.starts_with("fuse") || type == "autofs"; }
};

/// "\040" is a space.
std::string unescaped(const std::string& field) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const std::string digits = field[i] == '\\' ? field.substr(i + 1, 3) : "";
    if (digits.size() == 3 && digits.find_first_not_of("01234567") == std::string::npos) {
      text += static_cast<char>(std::stoi(digits, nullptr, 8));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

std::vector<Mount> mounts_in(std::string_view table) {
  std::vector<Mount> mounts;
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string device;
    Mount mount;
    if (fields >> device >> mount.point >> mount.type >> mount.options) {
      mount.point = unescaped(mount.point);
      mounts.push_back(std::move(mount));
    }
  }
  return mounts;
}

/// The innermost; of several at one point the last, which hides the others.
const Mount* mount_of(const std::vector<Mount>& mounts, const std::string& path) {
  const Mount* best = nullptr;
  for (const Mount& each : mounts) {
    if (each.holds(path) && (best == nullptr || each.point.size() >= best->point.size())) {
      best = &each;
    }
  }
  return best;
}

/// Which one `path` is on; nothing: `all` does not say. Links are followed until something may hang.
const Mount* mount_behind(const Path& path, const std::vector<Mount>& all) {
  std::error_code error;
  const Path whole = std::filesystem::absolute(path, error);
  std::deque<Path> left(whole.begin(), whole.end());
  Path reached = "/";
  int links = 0;
  while (!left.empty() && links <= kMaxLinks) {
    const Path name = left.front();
    left.pop_front();
    if (name == "..") {
      reached = reached.parent_path();
      continue;
    }
    Path next = name == "." || name.empty() ? reached : reached / name;
    const Mount* mount = mount_of(all, next);
    if (mount != nullptr && mount->may_hang()) {
      for (const Path& each : left) {
        next /= each;
      }
      return mount_of(all, next.lexically_normal().native());  // by its name alone, there may be another one inside
    }
    const Path target = std::filesystem::read_symlink(next, error);
    if (error) {
      reached = next;
    } else {
      ++links;
      left.insert(left.begin(), target.begin(), target.end());  // an absolute one begins with "/", and "/" starts anew
    }
  }
  return mount_of(all, reached.lexically_normal().native());
}

}  // namespace

std::string server_of(const Path& path, std::string_view mounts) {
  const std::vector<Mount> all = mounts_in(mounts);
  const Mount* const mount = mount_behind(path, all);
  return mount != nullptr && mount->may_hang() ? mount->server() : "";
}

std::string type_of(const Path& path, std::string_view mounts) {
  const std::vector<Mount> all = mounts_in(mounts);
  const Mount* const mount = mount_behind(path, all);
  return mount != nullptr ? mount->type : "";
}

std::optional<Path> first_mount_within(const Path& path, std::string_view mounts) {
  const Mount place{path.native(), {}, {}};
  for (const Mount& each : mounts_in(mounts)) {
    if (place.holds(each.point)) {
      return each.point;
    }
  }
  return std::nullopt;
}

}  // namespace swarmout
