#include "common/release/scratch.hpp"

#include "common/base/host.hpp"
#include "common/base/private_files.hpp"
#include "common/base/remove_tree.hpp"

#include <sys/stat.h>

#include <chrono>

namespace swarmout {

namespace {

constexpr std::string_view kLockEnding = ".lock";
/// Files without a directory are of older versions, which may be at work still.
constexpr std::chrono::hours kOldVersion{24};

Path lock_of(const Path& directory) {
  return directory.native() + std::string(kLockEnding);
}

/// Somebody may have found the file before it was locked, and removed it.
bool still_there(const Fd& file) {
  struct stat info {};
  return ::fstat(file.get(), &info) == 0 && info.st_nlink > 0;
}

Result<void> remove_if_left(const Path& place, const std::string& name) {
  const Path path = place / name;
  if (name.ends_with(kLockEnding)) {
    TRY_ASSIGN(const auto lock, try_lock(path));
    if (lock) {
      TRY(remove_tree(place / name.substr(0, name.size() - kLockEnding.size())));
      TRY(remove_tree(path));
    }
    return {};
  }
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || path_exists(lock_of(path))) {
    return {};
  }
  const auto age = std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(info.st_mtime);
  return S_ISDIR(info.st_mode) || age > kOldVersion ? remove_tree(path) : Result<void>();
}

}  // namespace

Result<Scratch> Scratch::make(const Path& place) {
  while (true) {
    const Path path = place / random_nonce_hex();
    TRY_ASSIGN(auto lock, try_lock(lock_of(path)));
    if (lock && still_there(*lock)) {
      TRY(make_private_directory(path, Closing::quiet));
      return Scratch(path, *std::move(lock));
    }
  }
}

Scratch::~Scratch() {
  if (lock_.valid()) {
    // What stays is found without an owner.
    [[maybe_unused]] const auto emptied = remove_tree(path_);
    [[maybe_unused]] const auto removed = remove_tree(lock_of(path_));
  }
}

Result<void> Scratch::clear(const Path& place) {
  TRY_ASSIGN(const auto names, list_directory(place));
  for (const std::string& name : names) {
    TRY(remove_if_left(place, name));
  }
  return {};
}

}  // namespace swarmout
