#include "peer/run/changed_paths.hpp"

#include "common/release/manifest_diff.hpp"
#include "common/release/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>

namespace swarmout {

namespace {

constexpr std::string_view kChangesPrefix = "swarmout-changed-";
/// Between the making of one and its lock.
constexpr std::chrono::seconds kYoungestLeft{60};

char letter_of(PathChange change) {
  return change == PathChange::added ? 'A' : change == PathChange::removed ? 'D' : 'M';
}

/// Others' files may be there, and links to anywhere.
bool is_left(const Path& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  return file.valid() && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == ::geteuid() &&
         std::time(nullptr) - info.st_mtime > kYoungestLeft.count() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

void remove_left_files(const Path& place) {
  std::error_code gone;
  std::filesystem::directory_iterator each(place, gone);
  for (; !gone && each != std::filesystem::directory_iterator(); each.increment(gone)) {
    if (each->path().filename().native().starts_with(kChangesPrefix) && is_left(each->path())) {
      ::unlink(each->path().c_str());
    }
  }
}

Result<Manifest> kept_manifest(const Store& store, const Descriptor& release) {
  TRY_ASSIGN(const std::string bytes, store.manifest_bytes(release.manifest));
  return decode_manifest(bytes);
}

}  // namespace

std::string change_records(const Manifest& before, const Manifest& now) {
  std::string records;
  for (const ChangedPath& each : changed_between(before, now)) {
    records += letter_of(each.change);
    records += ' ';
    records += each.path();
    records += '\0';
  }
  return records;
}

Result<std::string> changes_between(const Descriptor& before, const Descriptor& now, const Path& state) {
  const Store store = Store::open_to_read(state);
  TRY_ASSIGN(const Manifest old, kept_manifest(store, before));
  TRY_ASSIGN(const Manifest fresh, kept_manifest(store, now));
  return change_records(old, fresh);
}

Result<ChangesFile> ChangesFile::write(std::string_view records) {
  std::error_code none;
  Path place = std::filesystem::temp_directory_path(none);
  place = none ? Path("/tmp") : place;
  remove_left_files(place);
  std::string name = (place / (std::string(kChangesPrefix) + "XXXXXX")).native();
  Fd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) {
    return fail_errno("cannot make", name, errno);
  }
  const int opened = file.get();
  ChangesFile made{Path(name), std::move(file)};
  ::flock(opened, LOCK_SH | LOCK_NB);  // without locks it is removed by age alone
  TRY(write_all(opened, as_bytes(records), name));
  return made;
}

ChangesFile::~ChangesFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

}  // namespace swarmout
