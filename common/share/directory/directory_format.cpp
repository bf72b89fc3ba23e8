#include "common/share/directory/directory_format.hpp"

#include "common/base/host.hpp"
#include "common/base/key_values.hpp"
#include "common/share/directory/share_folder.hpp"
#include "common/share/share_format.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>

namespace swarmout {

namespace {

constexpr const char* kFormat = "FORMAT";
constexpr Bytes kMaxFormat = 4 * kKiB;
constexpr std::string_view kTemporaryFile = ".tmp-";
constexpr std::array<const char*, 5> kPlaces = {"log", "hb", "stage", "peers", "torrents"};

Result<void> refuse_other_things(const ShareFolder& root) {
  std::string other;
  TRY(root.each(kMaxNames, [&](const char* raw) {
    const std::string_view name = raw;
    const bool ours = std::find(kPlaces.begin(), kPlaces.end(), name) != kPlaces.end();
    const bool raced = name == kFormat;  // another host is making the share at this moment
    if (!ours && !raced && name != "lost+found" && !name.starts_with(kTemporaryFile) && other.empty()) {
      other = escape_value(name);
    }
  }));
  if (!other.empty()) {
    return fail(ErrorCode::refused, fmt::format("{} has other things in it ({})", root.path().native(), other),
                "give the share an empty directory of its own");
  }
  return {};
}

/// False: all of them were there.
Result<bool> make_places(const ShareFolder& root) {
  bool made = false;
  for (const char* const each : kPlaces) {
    if (root.has_folder(each)) {
      continue;
    }
    if (auto now = root.make_folder(each); !now && !root.has_folder(each)) {  // else another host made it
      return tl::unexpected(now.error());
    }
    made = true;
  }
  return made;
}

bool refuses_hard_links(int error) {
  return error == EPERM || error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS || error == EMLINK;
}

/// What FORMAT says, for a primitive.
using FormatText = std::function<std::string(std::string_view primitive)>;

Result<std::string> write_temporary_format(const ShareFolder& root, Primitive primitive, const FormatText& text) {
  std::string temporary = fmt::format("{}{}", kTemporaryFile, random_nonce_hex());
  TRY(root.write_new_file(temporary, as_bytes(text(name_of(primitive))), (root.path() / kFormat).native()));
  return temporary;
}

/// FORMAT with link(2), so that of two hosts running init at once one makes the share. False: another one did.
/// Nothing: there are no hard links here.
Result<std::optional<bool>> link_format(const ShareFolder& root, LinkAt link, const FormatText& text) {
  TRY_ASSIGN(const std::string temporary, write_temporary_format(root, Primitive::link, text));
  const int linked = link(root.descriptor(), temporary.c_str(), root.descriptor(), kFormat, 0);
  const int error = errno;
  TRY(root.remove(temporary));
  if (linked == 0) {
    return true;
  }
  if (root.look(kFormat)) {
    return false;
  }
  if (refuses_hard_links(error)) {
    return std::nullopt;
  }
  return fail_errno("cannot create", (root.path() / kFormat).native(), error);
}

/// FORMAT without hard links. Where RENAME_NOREPLACE is not known either, two hosts at once may both say that they made
/// the share: the second one's FORMAT stays, and means the same.
Result<bool> rename_format(const ShareFolder& root, const FormatText& text) {
  TRY(check_directory_rename(root));
  TRY_ASSIGN(const std::string temporary, write_temporary_format(root, Primitive::directory, text));
  const int at = root.descriptor();
  int renamed = ::renameat2(at, temporary.c_str(), at, kFormat, RENAME_NOREPLACE);
  if (renamed != 0 && errno != EEXIST && !root.look(kFormat)) {
    renamed = ::renameat(at, temporary.c_str(), at, kFormat);
  }
  const int error = errno;
  if (renamed != 0) {
    TRY(root.remove(temporary));
    if (!root.look(kFormat)) {
      return fail_errno("cannot create", (root.path() / kFormat).native(), error);
    }
  }
  return renamed == 0;
}

/// Of a place that has no FORMAT. True: this host has made it one.
Result<bool> make_share(const ShareFolder& root, LinkAt link, const FormatText& text) {
  TRY(refuse_other_things(root));
  TRY(make_places(root));
  TRY_ASSIGN(const auto linked, link_format(root, link, text));
  bool made = linked.value_or(false);
  if (!linked) {
    TRY_ASSIGN(made, rename_format(root, text));
  }
  TRY(root.sync());
  return made;
}

Result<ShareFolder> made_folder(const ShareFolder& parent, const std::string& name) {
  if (auto made = parent.make_folder(name); !made && !parent.has_folder(name)) {
    return tl::unexpected(made.error());
  }
  return parent.folder(name);
}

Error no_format(const Path& root) {
  return {ErrorCode::unavailable,
          fmt::format("{} has no FORMAT file: it is not mounted, or was never initialised", root.native()),
          cure_of_no_format(root.native())};
}

}  // namespace

Result<std::string> read_format(const Path& root) {
  const auto read = [&]() -> Result<std::string> {
    TRY_ASSIGN(const ShareFolder folder, ShareFolder::root(root));
    return folder.read_file(kFormat, kMaxFormat);
  };
  auto text = read();
  if (!text && text.error().code == ErrorCode::not_found) {
    return tl::unexpected(no_format(root));
  }
  return text;
}

Result<std::unique_ptr<Share>> open_directory(const Path& named, std::chrono::milliseconds put_patience) {
  const Path root = resolved_root(named);
  TRY_ASSIGN(const std::string text, read_format(root));
  TRY_ASSIGN(const std::string name, primitive_in(text, root.native()));
  const auto primitive = primitive_of(name);
  if (!primitive) {
    return unknown_primitive(root.native());
  }
  return std::make_unique<DirectoryShare>(root, put_patience, *primitive);
}

Result<InitOutcome> init_directory(const Path& named, LinkAt link) {
  TRY(make_directories(named));
  TRY_ASSIGN(const ShareFolder root, ShareFolder::root(resolved_root(named)));
  if (root.look(kFormat)) {
    TRY(open_directory(root.path()));
    TRY_ASSIGN(const bool repaired, make_places(root));
    return repaired ? InitOutcome::repaired : InitOutcome::there;
  }
  TRY_ASSIGN(const bool made, make_share(root, link, new_format));
  TRY(open_directory(root.path()));
  return made ? InitOutcome::made : InitOutcome::there;
}

Result<InitOutcome> init_job_directory(const Path& named, const std::string& job, LinkAt link) {
  TRY(check_name(job));
  TRY_ASSIGN(const ShareFolder root, ShareFolder::root(resolved_root(named)));
  const auto text = root.read_file(kFormat, kMaxFormat);
  if (!text && text.error().code == ErrorCode::not_found) {
    return tl::unexpected(no_format(root.path()));
  }
  TRY(text);
  TRY_ASSIGN(const std::string cluster, cluster_in(*text, root.path().native()));
  TRY_ASSIGN(const ShareFolder jobs, made_folder(root, kJobsPlace));
  TRY_ASSIGN(const ShareFolder place, made_folder(jobs, job));
  if (place.look(kFormat)) {
    TRY_ASSIGN(const bool repaired, make_places(place));
    return repaired ? InitOutcome::repaired : InitOutcome::there;
  }
  TRY_ASSIGN(const bool made,
             make_share(place, link, [&](std::string_view primitive) { return job_format(primitive, cluster, job); }));
  return made ? InitOutcome::made : InitOutcome::there;
}

}  // namespace swarmout
