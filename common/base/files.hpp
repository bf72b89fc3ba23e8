// Files and directories: owning descriptors and durable writes.
//
// Nothing here commits in a destructor. Paths are any bytes but NUL.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace swarmout {

using Path = std::filesystem::path;

/// Owns a file descriptor; closes it when it goes.
class Fd {
public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void reset();
  /// Gives it to the caller.
  int release() { return std::exchange(fd_, -1); }
  /// Closes and says whether the kernel had an error to report (delayed write errors on NFS).
  [[nodiscard]] Result<void> close(std::string_view path);

private:
  int fd_ = -1;
};

/// open(2) with O_CLOEXEC added. `mode` matters with O_CREAT only.
[[nodiscard]] Result<Fd> open_file(const Path& path, int flags, unsigned mode = 0644);

/// Opens `name`, one name or "." or "..", in the directory `parent`: no link is followed, no other mount is entered,
/// and nothing is waited for (O_NOFOLLOW, O_NONBLOCK and O_CLOEXEC are added). By openat2(2), which does not even touch
/// another mount, so that a server that is away hangs nothing; where the kernel or a container's filter does not know
/// that, by openat(2) and a look at what was opened. -1 and errno: ELOOP or ENOTDIR: a link; EXDEV: another mount.
[[nodiscard]] int open_in(int parent, const char* name, int flags, unsigned mode = 0);

/// Which file or directory this is, while it is open, and on which mount.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  std::uint64_t mount = 0;  ///< 0, where the kernel does not say (before 5.8)
  bool operator==(const FileIdentity&) const = default;
  [[nodiscard]] bool same_mount(const FileIdentity& other) const {
    // Of an overlay, files have another device than directories.
    return mount != 0 && other.mount != 0 ? mount == other.mount : device == other.device;
  }
};
[[nodiscard]] std::optional<FileIdentity> identity_of(int fd);

/// Writes everything, also after short writes and EINTR. `path` is for the message.
[[nodiscard]] Result<void> write_all(int fd, ByteView data, std::string_view path);
[[nodiscard]] Result<void> pwrite_all(int fd, ByteView data, Bytes offset, std::string_view path);
/// Fills `out` from `offset`. Errors: refused, if the file ends earlier.
[[nodiscard]] Result<void> pread_all(int fd, std::span<std::byte> out, Bytes offset, std::string_view path);

/// The whole file. Errors: refused, if it is larger than `limit` (checked before allocating); not_found.
[[nodiscard]] Result<std::string> read_file(const Path& path, Bytes limit);
/// The same of an open one; `shown` is for the message.
[[nodiscard]] Result<std::string> read_open_file(int fd, Bytes limit, std::string_view shown);

enum class Durability { flushed, cached };

/// Makes the file, which must not exist; fsync unless `cached`. Messages name `shown`, which it is to become.
[[nodiscard]] Result<void> write_new_file(const Path& path, ByteView data, std::string_view shown, unsigned mode = 0644,
                                          Durability durability = Durability::flushed);
/// Temporary file beside `path`, fsync, rename over it, fsync of the directory (`flushed`); or the
/// same without the two fsyncs (`cached`): atomic for readers, but a power cut may lose it. The temporary one has an
/// exclusive flock(2) as long as somebody is at it; root's is the directory's owner's (ownership.hpp).
[[nodiscard]] Result<void> replace_file(const Path& path, ByteView data, unsigned mode = 0644,
                                        Durability durability = Durability::flushed);

/// Removes temporary files of replace_file() in this directory whose processes were killed. Those of others that are at
/// work stay.
[[nodiscard]] Result<void> remove_left_temporaries(const Path& directory);
/// How the names of such files begin: whoever reads a directory of replaced files leaves them out.
inline constexpr std::string_view kTemporaryName = ".tmp-";

[[nodiscard]] Result<void> make_directories(const Path& path);
[[nodiscard]] Result<void> sync_directory(const Path& path);
/// syncfs(2): everything written so far to the file system that holds `path` is on its disk.
[[nodiscard]] Result<void> sync_filesystem(const Path& path);

/// Makes `link` a symbolic link to `target` in one rename(2), whether or not it existed. Flushed.
[[nodiscard]] Result<void> replace_symlink(const Path& link, const std::string& target);

/// A directory that a person has named, without any link in it, as far as it exists: whoever keeps things there
/// resolves it once, and follows no link below it. Made absolute only, where it cannot be looked at.
[[nodiscard]] Path resolved_root(const Path& path);

/// Names in a directory, sorted, without "." and "..". Errors: not_found; temporary, if it is something else, or a
/// link.
[[nodiscard]] Result<std::vector<std::string>> list_directory(const Path& path);

[[nodiscard]] bool path_exists(const Path& path);

}  // namespace swarmout
