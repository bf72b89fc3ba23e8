#include "common/share/directory/directory_format.hpp"

#include "common/base/host.hpp"
#include "common/share/share_format.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

constexpr std::array<const char*, 5> kPlaces = {"log", "hb", "stage", "peers", "torrents"};

Result<void> refuse_other_things(const Path& root) {
  TRY_ASSIGN(const auto names, list_directory(root));
  for (const std::string& name : names) {
    const bool ours = std::find(kPlaces.begin(), kPlaces.end(), name) != kPlaces.end();
    const bool raced = name == "FORMAT";  // another host is making the share at this moment
    if (!ours && !raced && name != "lost+found" && !name.starts_with(".tmp-")) {
      return fail(ErrorCode::refused, fmt::format("{} has other things in it ({})", root.native(), name),
                  "give the share an empty directory of its own");
    }
  }
  return {};
}

/// False: all of them were there.
Result<bool> make_places(const Path& root) {
  bool made = false;
  for (const char* const each : kPlaces) {
    made = made || !path_exists(root / each);
    TRY(make_directories(root / each));
  }
  return made;
}

bool refuses_hard_links(int error) {
  return error == EPERM || error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS || error == EMLINK;
}

/// FORMAT with link(2), so that of two hosts running init at once one makes the share. False: another one did.
/// Nothing: there are no hard links here.
Result<std::optional<bool>> link_format(const Path& root, int (*link)(const char*, const char*)) {
  const Path format = root / "FORMAT";
  const Path temporary = root / fmt::format(".tmp-{}", random_nonce_hex());
  TRY(replace_file(temporary, as_bytes(new_format(name_of(Primitive::link)))));
  const int linked = link(temporary.c_str(), format.c_str());
  const int error = errno;
  ::unlink(temporary.c_str());
  if (linked == 0) {
    return true;
  }
  if (path_exists(format)) {
    return false;
  }
  if (refuses_hard_links(error)) {
    return std::nullopt;
  }
  return fail_errno("cannot create", format.native(), error);
}

/// FORMAT without hard links. Where RENAME_NOREPLACE is not known either, two hosts at once may both say that they made
/// the share: the second one's FORMAT stays, and means the same.
Result<bool> rename_format(const Path& root) {
  TRY(check_directory_rename(root));
  const Path format = root / "FORMAT";
  const Path temporary = root / fmt::format(".tmp-{}", random_nonce_hex());
  TRY(replace_file(temporary, as_bytes(new_format(name_of(Primitive::directory)))));
  int renamed = ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, format.c_str(), RENAME_NOREPLACE);
  if (renamed != 0 && errno != EEXIST && !path_exists(format)) {
    renamed = ::rename(temporary.c_str(), format.c_str());
  }
  const int error = errno;
  if (renamed != 0) {
    ::unlink(temporary.c_str());
    if (!path_exists(format)) {
      return fail_errno("cannot create", format.native(), error);
    }
  }
  return renamed == 0;
}

}  // namespace

Result<std::string> read_format(const Path& root) {
  auto text = read_file(root / "FORMAT", 4 * kKiB);
  if (!text && text.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} has no FORMAT file: it is not mounted, or was never initialised", root.native()),
                fmt::format("mount it, or run `swarmout init --share {}` once", root.native()));
  }
  return text;
}

Result<std::unique_ptr<Share>> open_directory(const Path& named, std::chrono::milliseconds put_patience) {
  const Path root = resolved_root(named);
  TRY_ASSIGN(const std::string text, read_format(root));
  TRY_ASSIGN(const std::string name, primitive_in(text));
  const auto primitive = primitive_of(name);
  if (!primitive) {
    return unknown_primitive(name, root.native());
  }
  return std::make_unique<DirectoryShare>(root, put_patience, *primitive);
}

Result<InitOutcome> init_directory(const Path& named, int (*link)(const char*, const char*)) {
  TRY(make_directories(named));
  const Path root = resolved_root(named);
  if (path_exists(root / "FORMAT")) {
    TRY(open_directory(root));
    TRY_ASSIGN(const bool repaired, make_places(root));
    return repaired ? InitOutcome::repaired : InitOutcome::there;
  }
  TRY(refuse_other_things(root));
  TRY(make_places(root));
  TRY_ASSIGN(const auto linked, link_format(root, link));
  bool made = linked.value_or(false);
  if (!linked) {
    TRY_ASSIGN(made, rename_format(root));
  }
  TRY(sync_directory(root));
  TRY(open_directory(root));
  return made ? InitOutcome::made : InitOutcome::there;
}

}  // namespace swarmout
