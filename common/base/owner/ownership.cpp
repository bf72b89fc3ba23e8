#include "common/base/owner/ownership.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace swarmout {

namespace {

constexpr uid_t kRoot = 0;
constexpr mode_t kOwnerBits = S_IRWXU;

void say_once(const char* name, int error) {
  static std::atomic<bool> said{false};
  if (!said.exchange(true)) {
    spdlog::warn("{} stays root's, and cannot be given to whom its directory belongs: {}", name, std::strerror(error));
  }
}

}  // namespace

void hand_over(int parent, const char* name, int like) {
  struct stat owner {};
  if (::geteuid() != kRoot || ::fstat(like, &owner) != 0 || owner.st_uid == kRoot) {
    return;
  }
  const Fd made(::openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!made.valid() || ::fstat(made.get(), &info) != 0 || info.st_uid != kRoot ||
      (!S_ISDIR(info.st_mode) && info.st_nlink != 1)) {
    return;
  }
  if (::fchownat(made.get(), "", owner.st_uid, owner.st_gid, AT_EMPTY_PATH) != 0) {
    say_once(name, errno);
  }
}

void hand_over(const Path& path, const Path& like) {
  if (::geteuid() != kRoot) {
    return;
  }
  const Path whole = path.has_filename() ? path : path.parent_path();  // "dir/" is "dir"
  const auto parent = open_file(whole.has_parent_path() ? whole.parent_path() : Path("."), O_PATH | O_DIRECTORY);
  const auto owner = open_file(like.empty() ? Path(".") : like, O_PATH | O_DIRECTORY);
  if (parent && owner) {
    hand_over(parent->get(), whole.filename().c_str(), owner->get());
  }
}

void hand_over(const Path& path) {
  hand_over(path, (path.has_filename() ? path : path.parent_path()).parent_path());
}

Result<void> make_directories_for_owner(const Path& path) {
  std::error_code error;
  std::vector<Path> made;  // the deepest first
  for (Path each = path; !each.empty() && !std::filesystem::exists(each, error) && !error; each = each.parent_path()) {
    made.push_back(each);
  }
  TRY(make_directories(path));
  for (auto each = made.rbegin(); each != made.rend(); ++each) {
    hand_over(*each);
  }
  return {};
}

bool same_owner(const Path& a, const Path& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_uid == second.st_uid;
}

bool open_to_owner(int directory) {
  struct stat info {};
  return ::fstat(directory, &info) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & kOwnerBits) != kOwnerBits &&
         ::fchmod(directory, (info.st_mode & 07777) | kOwnerBits) == 0;
}

bool open_to_owner(int parent, const char* name) {
  const Fd found(open_in(parent, name, O_PATH));
  struct stat info {};
  if (!found.valid() || ::fstat(found.get(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      (info.st_mode & kOwnerBits) == kOwnerBits) {
    return false;
  }
  const std::string itself = fmt::format("/proc/self/fd/{}", found.get());  // fchmod(2) takes no such descriptor
  return ::chmod(itself.c_str(), (info.st_mode & 07777) | kOwnerBits) == 0;
}

int open_directory_as_owner(int parent, const char* name) {
  const int fd = open_in(parent, name, O_RDONLY | O_DIRECTORY);
  if (fd >= 0 || errno != EACCES) {
    return fd;
  }
  const bool opened = open_to_owner(parent, name);
  errno = EACCES;
  return opened ? open_in(parent, name, O_RDONLY | O_DIRECTORY) : -1;
}

}  // namespace swarmout
