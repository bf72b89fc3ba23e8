#include "peer/run/changed_paths.hpp"

#include "common/release/manifest_diff.hpp"
#include "common/release/store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace swarmout {

namespace {

char letter_of(PathChange change) {
  return change == PathChange::added ? 'A' : change == PathChange::removed ? 'D' : 'M';
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
  const Path place = std::filesystem::temp_directory_path(none);
  std::string name = ((none ? Path("/tmp") : place) / "swarmout-changed-XXXXXX").native();
  Fd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) {
    return fail_errno("cannot make", name, errno);
  }
  ChangesFile made{Path(name)};
  TRY(write_all(file.get(), as_bytes(records), name));
  TRY(file.close(name));
  return made;
}

ChangesFile::~ChangesFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

}  // namespace swarmout
