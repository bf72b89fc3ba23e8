#include "peer/tree/tree_records.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/key_values.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/remove_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace swarmout {

namespace {

constexpr std::string_view kTreeMagic = "swarmout-tree 1";
constexpr Bytes kMaxTreeRecord = 16 * kKiB;

std::string file_of(std::string_view name, const TreeIdentity& identity) {
  return fmt::format("{}.{}", name, identity.inode);
}

std::string encode(const TreeRecord& record) {
  return KeyValues(std::string(kTreeMagic))
      .add("name", record.name)
      .add("inode", record.identity.inode)
      .add("born", static_cast<std::uint64_t>(record.identity.born))
      .add("manifest", record.manifest.hex())
      .add("whole", record.whole ? 1 : 0)
      .add("dest", record.dest)
      .add("made", static_cast<std::uint64_t>(record.made))
      .text();
}

Result<TreeRecord> decode_tree(std::string_view text) {
  TRY_ASSIGN(const KeyValues values, KeyValues::parse(text, kTreeMagic));
  TreeRecord record;
  TRY_ASSIGN(record.name, values.get("name"));
  TRY_ASSIGN(record.identity.inode, values.number("inode"));
  TRY_ASSIGN(const std::uint64_t born, values.number("born"));
  record.identity.born = static_cast<std::int64_t>(born);
  TRY_ASSIGN(record.manifest, values.digest("manifest"));
  TRY_ASSIGN(const std::uint64_t whole, values.number("whole"));
  REFUSE_UNLESS(whole <= 1, "a tree is whole or not");
  record.whole = whole == 1;
  TRY_ASSIGN(record.dest, values.get("dest"));
  TRY_ASSIGN(const std::uint64_t made, values.find("made") ? values.number("made") : Result<std::uint64_t>(born));
  record.made = static_cast<std::int64_t>(made);
  return record;
}

}  // namespace

std::optional<TreeIdentity> identity_of(const Path& path) {
  struct statx info {};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO | STATX_BTIME, &info) != 0 ||
      !S_ISDIR(info.stx_mode)) {
    return std::nullopt;
  }
  TreeIdentity identity;
  identity.inode = info.stx_ino;
  if ((info.stx_mask & STATX_BTIME) != 0) {
    identity.born = info.stx_btime.tv_sec * 1'000'000'000 + info.stx_btime.tv_nsec;
  }
  return identity;
}

Result<TreeRecords> TreeRecords::open(const Path& state) {
  TRY(make_directories_for_owner(state / "trees"));
  return TreeRecords(state / "trees");
}

Result<void> TreeRecords::write(const TreeRecord& record) const {
  return replace_file(directory_ / file_of(record.name, record.identity), as_bytes(encode(record)));
}

std::optional<TreeRecord> TreeRecords::find(std::string_view name, const TreeIdentity& identity) const {
  const auto text = read_file(directory_ / file_of(name, identity), kMaxTreeRecord);
  auto record = text ? decode_tree(*text) : tl::unexpected(text.error());
  const bool fits = record && record->name == name && record->identity == identity;
  return fits ? std::optional(*std::move(record)) : std::nullopt;
}

Result<void> TreeRecords::remove(const TreeRecord& record) const {
  return remove_tree(directory_ / file_of(record.name, record.identity));
}

Result<std::vector<TreeRecord>> TreeRecords::all() const {
  TRY_ASSIGN(const auto names, list_directory(directory_));
  std::vector<TreeRecord> found;
  for (const std::string& name : names) {
    if (name.starts_with(kTemporaryName)) {
      continue;
    }
    const auto text = read_file(directory_ / name, kMaxTreeRecord);
    if (auto record = text ? decode_tree(*text) : tl::unexpected(text.error())) {
      found.push_back(*std::move(record));
    }
  }
  return found;
}

Result<std::vector<TreeRecord>> TreeRecords::made_for(const Path& dest) const {
  TRY_ASSIGN(auto found, all());
  std::erase_if(found, [&](const TreeRecord& record) { return record.dest != dest; });
  return found;
}

Result<void> TreeRecords::make_tree(const Path& path, TreeRecord record) const {
  if (const auto there = identity_of(path)) {
    if (const auto ours = find(record.name, *there)) {
      TRY(remove_tree(path));
      TRY(remove(*ours));
    } else if (::rmdir(path.c_str()) != 0 && errno != ENOENT) {  // empty: a crash came before its record
      return in_the_way(path, "the tree that is being unpacked");
    }
  }
  if (::mkdir(path.c_str(), 0755) != 0) {
    return errno == EEXIST ? in_the_way(path, "the tree that is being unpacked")
                           : fail_errno("cannot create directory", path.native(), errno);
  }
  if (same_owner(path.parent_path(), directory_)) {
    hand_over(path);  // the trees are whose state it is, then
  }
  failpoint("before-tree-record");
  const auto made = identity_of(path);
  if (!made) {
    return in_the_way(path, "the tree that is being unpacked");
  }
  record.identity = *made;
  record.made = made->born;
  record.whole = false;
  return write(record);
}

tl::unexpected<Error> in_the_way(const Path& path, std::string_view wanted_for) {
  return fail(ErrorCode::cannot_write,
              fmt::format("{} is not what this host made, and stands where {} belongs", path.native(), wanted_for),
              fmt::format("look at it, and move it away: mv {0} {0}.old", path.native()));
}

}  // namespace swarmout
