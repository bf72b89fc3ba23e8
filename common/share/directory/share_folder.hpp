// A directory of the share, and what is done in it. Who writes the share may be anybody's program, so nothing in it is
// what its name says until it was opened: a name may be a link, a FIFO, a device, a second name of some other file, or
// a mount, and may become one between two looks.
//
// So everything is done below an open descriptor, one name at a time (open_in() in common/base/files.hpp): no link is
// followed, no mount entered, nothing waited for, and only a regular file is read or written. The root itself was named
// by this host's administrator: it is resolved once, and opened anew for each call. Whoever keeps it open keeps a mount
// busy that is to be unmounted, and stays on one that was taken away.
//
// No message says anything of what was read: errors end up in records on the share.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"

#include <sys/stat.h>

#include <functional>

namespace swarmout {

/// Cells and blobs that a listing has at most: a fleet has thousands of hosts, and what fleets leave behind goes after
/// a day. 100 bytes each, so no more than 10 MB.
inline constexpr std::size_t kMaxNames = 100'000;
/// Entries of a log that a listing has at most, temporary ones counted: two a minute for seven years.
inline constexpr std::size_t kMaxLogNames = 8'000'000;
/// Taken away at a time, of what is old; the next run goes on.
inline constexpr std::size_t kMaxRemoved = 10'000;

/// Network file systems answer "not found" when nothing can be said: not that a thing is absent.
[[nodiscard]] Error share_error(Error error);

[[nodiscard]] WallTime wall_time(const timespec& time);

class ShareFolder {
public:
  /// The share itself. Errors: not_found; temporary: it is something else, or a link.
  [[nodiscard]] static Result<ShareFolder> root(const Path& root);
  /// One in it, or in that one. Errors: not_found; temporary, naming the place: it is something else, a link or a
  /// mount.
  [[nodiscard]] static Result<ShareFolder> open(const Path& root, const std::string& name);
  [[nodiscard]] Result<ShareFolder> folder(const std::string& name) const;

  /// For messages.
  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] Result<FileIdentity> identity() const;

  /// What has this name, links themselves; nullopt: nothing, as far as can be said.
  [[nodiscard]] std::optional<struct stat> look(const std::string& name) const;
  [[nodiscard]] bool has_file(const std::string& name) const;
  [[nodiscard]] bool has_folder(const std::string& name) const;

  /// A regular file. Errors: not_found; refused, naming it: it is something else.
  [[nodiscard]] Result<Fd> open_file(const std::string& name, int flags, unsigned mode = 0644) const;
  /// The same to be written in place: what is no file with this one name is removed, and made anew.
  [[nodiscard]] Result<Fd> open_own_file(const std::string& name) const;
  /// Errors: also refused, if it is larger than `limit`, which is seen before memory is taken.
  [[nodiscard]] Result<std::string> read_file(const std::string& name, Bytes limit) const;
  /// Makes it, flushed. Messages name `shown`, which it is to become.
  [[nodiscard]] Result<void> write_new_file(const std::string& name, ByteView data, std::string_view shown) const;

  // As the calls of these names, both names in this folder.
  [[nodiscard]] Result<void> make_folder(const std::string& name) const;
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) const;
  /// A missing one is no error; a directory is.
  [[nodiscard]] Result<void> remove(const std::string& name) const;
  [[nodiscard]] Result<void> remove_folder(const std::string& name) const;
  [[nodiscard]] Result<void> sync() const;
  [[nodiscard]] int descriptor() const { return fd_.get(); }

  /// Asks the server what the directory is like now, whatever is cached of it. A client of NFS remembers for up to a
  /// minute (acdirmax) that a name is not there, and looks it up anew once it knows that the directory has changed.
  void look_anew() const;

  /// Each name but "." and "..", in no order. Errors: refused: there are more than `limit`; temporary.
  [[nodiscard]] Result<void> each(std::size_t limit, const std::function<void(const char*)>& visit) const;

private:
  ShareFolder(Path path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  [[nodiscard]] tl::unexpected<Error> no_file(const std::string& name, mode_t mode) const;

  Path path_;
  Fd fd_;  ///< O_PATH
};

/// What a look gives into the folder `name` of the share. If that is "not found", it is looked at once more, after
/// look_anew().
template <typename Look>
[[nodiscard]] auto find_in(const Path& root, const std::string& name, const Look& look)
    -> std::invoke_result_t<Look, const ShareFolder&> {
  TRY_ASSIGN(const ShareFolder folder, ShareFolder::open(root, name));
  auto found = look(folder);
  if (!found && found.error().code == ErrorCode::not_found) {
    folder.look_anew();
    found = look(folder);
  }
  return found;
}

using WantedName = std::function<bool(std::string_view)>;

/// Names of this type (S_IFREG, S_IFDIR) and wanted, last written before `before`; kMaxRemoved at most.
[[nodiscard]] Result<std::vector<std::string>> old_names(const ShareFolder& folder, WallTime before, mode_t type,
                                                         const WantedName& wanted);
/// What a writer that was killed leaves, under the names that this writer gives; and what a client of NFS leaves that
/// dies while it has a removed file open.
[[nodiscard]] bool is_left_behind(std::string_view name, std::string_view writers_prefix);

/// Removes those of old_names() that are no directories: links and devices, too.
[[nodiscard]] Result<void> remove_old_files(const ShareFolder& folder, WallTime before, const WantedName& wanted);

}  // namespace swarmout
