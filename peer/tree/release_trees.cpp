#include "peer/tree/release_trees.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/private_files.hpp"
#include "common/base/remove_tree.hpp"
#include "peer/tree/pins.hpp"
#include "peer/tree/private_copy.hpp"
#include "peer/tree/tree_stamps.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

constexpr std::string_view kRemoved = "removed-";

bool is_link(const Path& path) {
  std::error_code error;
  return std::filesystem::is_symlink(path, error);
}

/// rename(2) that replaces nothing, not even an empty directory; as far as the file system can.
int rename_anew(const Path& from, const Path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return -1;
  }
  if (path_exists(to)) {
    errno = EEXIST;
    return -1;
  }
  return ::rename(from.c_str(), to.c_str());
}

void keep_first(Result<void>& all, Result<void> one) {
  if (all && !one) {
    all = std::move(one);
  }
}

}  // namespace

std::string lock_of(std::string_view purpose) {
  return fmt::format("{}.lock", purpose);
}

std::string incoming_of(std::string_view purpose) {
  return fmt::format("{}{}-", kIncomingName, purpose);
}

Result<ReleaseTrees> ReleaseTrees::open(const Path& dest, const Path& state, std::string_view purpose) {
  TRY(make_directories(dest));
  std::error_code error;
  Path resolved = std::filesystem::canonical(dest, error);
  if (error) {
    return fail_errno("cannot look at", dest.native(), error.value());
  }
  TRY(make_directories(resolved / "releases"));
  if (same_owner(resolved, state)) {
    hand_over(resolved / "releases");
  }
  TRY_ASSIGN(TreeRecords records, TreeRecords::open(state));
  return ReleaseTrees(std::move(resolved), state, std::move(records), purpose);
}

Result<void> ReleaseTrees::take_over(const std::vector<SignedDescriptor>& releases) const {
  for (const SignedDescriptor& release : releases) {
    TreeRecord record;
    record.name = release_name(release.descriptor);
    if (const auto identity = identity_of(this->releases() / record.name)) {
      record.identity = *identity;
      record.made = identity->born;
      record.manifest = release.descriptor.manifest;
      record.whole = true;
      record.dest = dest_.native();
      TRY(records_.write(record));
    }
  }
  return {};
}

std::optional<TreeRecord> ReleaseTrees::record_at(const Path& path, std::string_view name) const {
  const auto identity = identity_of(path);
  return identity ? records_.find(name, *identity) : std::nullopt;
}

ReleaseTrees::Place ReleaseTrees::place_of(const Descriptor& release) const {
  const std::string plain = release_name(release);
  const std::string distinct = distinct_release_name(release);
  Place place;
  for (const std::string& name : {distinct, plain}) {
    const Path path = releases() / name;
    const auto record = record_at(path, name);
    if (record && record->whole && record->manifest == release.manifest) {
      return {path, Held::whole};
    }
    place = {path, record || !path_exists(path) ? Held::nothing : Held::foreign};
    if (name == plain && record) {
      const Path other = releases() / distinct;  // the plain name is that of another tree of ours
      place = {other, path_exists(other) ? Held::foreign : Held::nothing};
    }
  }
  return place;
}

Path ReleaseTrees::incoming(const Descriptor& release) const {
  return incoming(release_name(release));
}

bool ReleaseTrees::is_current(const Descriptor& release) const {
  const Place place = place_of(release);
  return place.held == Held::whole && current() == place.path.filename().native();
}

Result<void> ReleaseTrees::check_current() const {
  struct stat info {};
  const Path link = dest_ / kCurrentLink;
  if (::lstat(link.c_str(), &info) == 0 && !S_ISLNK(info.st_mode)) {
    return fail(ErrorCode::cannot_write,
                fmt::format("{} is {}, where the link to the active release belongs", link.native(),
                            S_ISDIR(info.st_mode) ? "a directory" : "a file"),
                fmt::format("move it away: mv {0} {0}.old", link.native()));
  }
  return {};
}

Result<Path> ReleaseTrees::begin(const Descriptor& release) const {
  if (const Place place = place_of(release); place.held == Held::foreign) {
    return in_the_way(place.path, fmt::format("the tree of release {}", release.position.value));
  }
  const Path path = incoming(release);
  TreeRecord record;
  record.name = release_name(release);
  record.manifest = release.manifest;
  record.dest = dest_.native();
  if (const auto left = record_at(path, record.name)) {
    if (remove_tree(path)) {
      TRY(records_.remove(*left));
    } else {  // that it cannot be removed is no reason to do without a release
      std::rename(path.c_str(), put_away(*left).c_str());
    }
  }
  TRY(records_.make_tree(path, std::move(record)));
  return path;
}

Result<void> ReleaseTrees::accept(const Descriptor& release, const Path& from) {
  const std::string name = from.filename().native().substr(incoming_.size());
  const auto unpacked = record_at(from, name);
  if (!unpacked || unpacked->manifest != release.manifest) {
    return in_the_way(from, "the tree that was unpacked");
  }
  const Place place = place_of(release);
  if (place.held != Held::nothing) {
    return in_the_way(place.path, fmt::format("the tree of release {}", release.position.value));
  }
  TreeRecord whole = *unpacked;
  whole.name = place.path.filename().native();
  whole.whole = true;
  TRY(records_.write(whole));
  failpoint("before-tree-named");
  if (rename_anew(from, place.path) != 0) {
    return errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
               ? in_the_way(place.path, fmt::format("the tree of release {}", release.position.value))
               : fail_errno("cannot move the new tree to", place.path.native(), errno);
  }
  failpoint("after-tree-named");
  if (whole.name != unpacked->name) {
    TRY(records_.remove(*unpacked));
  }
  return sync_directory(releases());
}

Result<void> ReleaseTrees::activate(const Descriptor& release) {
  const Place place = place_of(release);
  if (place.held != Held::whole) {
    return fail(ErrorCode::temporary,
                fmt::format("the tree of release {} is gone from {}", release.position.value, releases().native()));
  }
  TRY(check_current());
  const std::string name = place.path.filename().native();
  TRY(remember_previous(name));
  failpoint("before-current");
  TRY(replace_symlink(dest_ / kCurrentLink, link_to_release(name)));
  failpoint("after-current");
  return {};
}

/// For jobs that want to know what has changed. Before `current` is changed: a crash in between leaves nothing that is
/// wrong.
Result<void> ReleaseTrees::remember_previous(const std::string& next) const {
  const auto before = current();
  const Path link = dest_ / kPreviousLink;
  if (!before || *before == next || (path_exists(link) && !is_link(link))) {
    return {};
  }
  return replace_symlink(link, link_to_release(*before));
}

Path ReleaseTrees::put_away(const TreeRecord& record) const {
  return incoming(fmt::format("{}{}", kRemoved, record.name));
}

void ReleaseTrees::open_to_move(const TreeRecord& record) const {
  const Path tree = releases() / record.name;
  const auto parent = ::access(tree.c_str(), R_OK | W_OK | X_OK) != 0 && errno == EACCES
                          ? open_file(releases(), O_RDONLY | O_DIRECTORY)
                          : Result<Fd>();
  if (parent && parent->valid()) {
    open_to_owner(parent->get(), record.name.c_str());
  }
}

/// Out of sight first: a half removed tree must not look like a release. What somebody works in stays for now.
Result<void> ReleaseTrees::discard(const TreeRecord& record) const {
  const Path tree = releases() / record.name;
  open_to_move(record);
  TRY_ASSIGN(const auto unpinned, try_unpinned(tree));  // until it is out of sight
  if (!unpinned) {
    return {};
  }
  const Path doomed = put_away(record);
  if (::rename(tree.c_str(), doomed.c_str()) != 0) {
    return fail_errno("cannot remove", tree.native(), errno);
  }
  failpoint("after-put-away");
  return {};
}

Result<bool> ReleaseTrees::remove(const TreeRecord& record, Fd no_pin_comes) const {
  const Path tree = releases() / record.name;
  const Path doomed = put_away(record);
  if (current() == record.name) {
    return false;
  }
  const auto discarded = discard(record);
  no_pin_comes.reset();
  if (identity_of(doomed) != record.identity) {
    const bool gone = !path_exists(tree);  // by somebody else
    return discarded || gone ? Result<bool>(gone) : tl::unexpected(discarded.error());
  }
  if (current() == record.name) {  // another process has just made it that
    if (rename_anew(doomed, tree) == 0) {
      return false;
    }
  }
  TRY(remove_tree(doomed));
  TRY(records_.remove(record));
  return true;
}

Result<void> ReleaseTrees::tidy(const std::optional<Path>& busy) const {
  Result<void> all = remove_leftovers(incoming_, busy);
  TRY_ASSIGN(const auto names, list_directory(dest_));
  // Run by hand, and seldom: who is at work looks after them.
  for (const std::string_view verb : {kGcPurpose, kVerifyPurpose}) {
    const std::string theirs = incoming_of(verb);
    const bool any =
        std::any_of(names.begin(), names.end(), [&](const auto& each) { return each.starts_with(theirs); });
    if (!any || theirs == incoming_) {
      continue;
    }
    const auto lock = try_lock(state_ / lock_of(verb));
    if (!lock) {
      keep_first(all, tl::unexpected(lock.error()));
    } else if (*lock) {
      keep_first(all, remove_leftovers(theirs, std::nullopt));
    }
  }
  keep_first(all, remove_left_copies(dest_));
  TRY(forget_lost());
  return all;
}

Result<void> ReleaseTrees::remove_leftovers(const std::string& incoming, const std::optional<Path>& busy) const {
  TRY_ASSIGN(const auto names, list_directory(dest_));
  Result<void> all;
  for (const std::string& name : names) {
    const Path path = dest_ / name;
    if (name.starts_with(kTemporaryName) && release_behind(path)) {
      keep_first(all, remove_tree(path));  // a new `current` that did not become it
    }
    if (!name.starts_with(incoming) || path == busy) {
      continue;
    }
    const std::string_view rest = std::string_view(name).substr(incoming.size());
    if (const auto record = record_at(path, rest.starts_with(kRemoved) ? rest.substr(kRemoved.size()) : rest)) {
      failpoint("during-tidy");
      keep_first(all, remove_tree(path).and_then([&] { return records_.remove(*record); }));
    } else {
      ::rmdir(path.c_str());  // if it is empty, a crash came before its record; else it is not ours
    }
  }
  return all;
}

/// Records of trees that somebody else has removed. A tree moves from a place beside `current` to releases/ and back:
/// looked for in this order, none is missed.
Result<void> ReleaseTrees::forget_lost() const {
  TRY_ASSIGN(const auto all, records_.made_for(dest_));
  std::vector<TreeIdentity> there;
  for (const Path& place : {dest_, releases(), dest_}) {
    TRY_ASSIGN(const auto names, list_directory(place));
    for (const std::string& name : names) {
      if (const auto identity = identity_of(place / name)) {
        there.push_back(*identity);
      }
    }
  }
  for (const TreeRecord& record : all) {
    if (std::find(there.begin(), there.end(), record.identity) == there.end()) {
      TRY(records_.remove(record));
    }
  }
  TRY_ASSIGN(const auto left, records_.all());
  return forget_stamps(state_, left);
}

}  // namespace swarmout
