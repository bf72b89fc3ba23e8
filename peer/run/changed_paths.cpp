#include "peer/run/changed_paths.hpp"

#include "common/release/store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace swarmout {

namespace {

bool is_same_node(const Manifest& a, const Node& one, const Manifest& b, const Node& other) {
  if (one.kind != other.kind || one.target != other.target || one.size != other.size) {
    return false;
  }
  const auto ours = a.refs_of(one);
  const auto theirs = b.refs_of(other);
  return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
                    [&](std::uint32_t i, std::uint32_t j) { return a.chunks[i].digest == b.chunks[j].digest; });
}

Result<Manifest> kept_manifest(const Store& store, const Descriptor& release) {
  TRY_ASSIGN(const std::string bytes, store.manifest_bytes(release.manifest));
  return decode_manifest(bytes);
}

}  // namespace

std::vector<JobChange> job_changes(const Manifest& before, const Manifest& now) {
  std::vector<JobChange> changes;
  auto old = before.nodes.begin();
  auto fresh = now.nodes.begin();
  while (old != before.nodes.end() || fresh != now.nodes.end()) {
    const bool only_old = fresh == now.nodes.end() || (old != before.nodes.end() && old->path < fresh->path);
    const bool only_new = !only_old && (old == before.nodes.end() || fresh->path < old->path);
    if (only_old) {
      changes.push_back({JobChange::Kind::removed, (old++)->path});
    } else if (only_new) {
      changes.push_back({JobChange::Kind::added, (fresh++)->path});
    } else {
      if (!is_same_node(before, *old, now, *fresh)) {
        changes.push_back({JobChange::Kind::changed, fresh->path});
      }
      ++old;
      ++fresh;
    }
  }
  return changes;
}

std::string as_records(const std::vector<JobChange>& changes) {
  std::string records;
  for (const JobChange& each : changes) {
    records += static_cast<char>(each.kind);
    records += ' ';
    records += each.path;
    records += '\0';
  }
  return records;
}

Result<ChangesFile> ChangesFile::write(const std::vector<JobChange>& changes) {
  std::error_code none;
  const Path place = std::filesystem::temp_directory_path(none);
  std::string name = ((none ? Path("/tmp") : place) / "swarmout-changed-XXXXXX").native();
  Fd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) {
    return fail_errno("cannot make", name, errno);
  }
  ChangesFile made{Path(name)};
  TRY(write_all(file.get(), as_bytes(as_records(changes)), name));
  TRY(file.close(name));
  return made;
}

ChangesFile::~ChangesFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

Result<std::vector<JobChange>> changes_between(const Descriptor& before, const Descriptor& now, const Path& state) {
  const Store store = Store::open_to_read(state);
  TRY_ASSIGN(const Manifest old, kept_manifest(store, before));
  TRY_ASSIGN(const Manifest fresh, kept_manifest(store, now));
  return job_changes(old, fresh);
}

}  // namespace swarmout
