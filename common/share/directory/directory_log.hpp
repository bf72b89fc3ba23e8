// The log of a share that is a directory: how an entry gets its number, and only one of them.
//
// link       a complete, flushed temporary file, to which link(2) gives the number.
// directory  for file systems that refuse hard links: a temporary directory with the flushed file `entry` in it, to
//            which rename(2) gives the number. rename(2) never replaces a directory that has something in it.
// Either way the number appears with its whole content or not at all, and the bytes that are read back say whose it is:
// the reply of a call may be lost or wrong on a network file system.

#pragma once

#include "common/share/directory/share_folder.hpp"
#include "common/share/share.hpp"

#include <chrono>

namespace swarmout {

enum class Primitive { link, directory };
/// As in FORMAT: "link", "directory".
[[nodiscard]] const char* name_of(Primitive primitive);
[[nodiscard]] std::optional<Primitive> primitive_of(std::string_view name);

class DirectoryLog {
public:
  /// `put_patience`: how long an ambiguous put() is repeated before it answers `unknown`.
  DirectoryLog(Path root, Primitive primitive, std::chrono::milliseconds put_patience)
      : root_(std::move(root)), primitive_(primitive), put_patience_(put_patience) {}

  /// As in Share. Errors of the first two: not_found, if the directory of the log is not there.
  [[nodiscard]] Result<Position> tail(Position known) const;
  [[nodiscard]] Result<std::vector<Position>> numbers_below(Position below, std::size_t most) const;
  [[nodiscard]] Result<std::optional<std::string>> read(Position position) const;
  [[nodiscard]] PutResult put(Position position, std::string_view bytes) const;

  /// Removes what writers that died have left, last written before `before`. Safe for one that is only slow.
  [[nodiscard]] Result<void> remove_stale(WallTime before) const;

  /// As in Share.
  [[nodiscard]] Result<void> check_primitive() const;

private:
  [[nodiscard]] Result<Position> listed_tail() const;
  /// The last entry at or after `from`, looked for one by one; nothing, if that goes on for too long.
  [[nodiscard]] Result<std::optional<Position>> probed_tail(Position from) const;
  [[nodiscard]] Result<void> write_temporary(const std::string& temporary, std::string_view bytes) const;
  [[nodiscard]] Result<void> give_number(const std::string& temporary, Position position) const;
  [[nodiscard]] Result<std::string> read_content(const ShareFolder& log, const std::string& name) const;
  [[nodiscard]] bool is_entry(const ShareFolder& log, const std::string& name) const;
  void discard(const std::string& temporary) const;
  [[nodiscard]] bool is_there(const std::string& temporary) const;

  Path root_;  ///< of the share
  Primitive primitive_;
  std::chrono::milliseconds put_patience_;
};

/// Does rename(2) in `folder` name a directory, and refuse to replace one that is not empty? What `init` wants to
/// know where there are no hard links. Errors: cannot_write: it does not, so nothing can be created exclusively there.
[[nodiscard]] Result<void> check_directory_rename(const ShareFolder& folder);

}  // namespace swarmout
