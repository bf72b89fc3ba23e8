// Is there room for what is about to be written? Asked before, so that a disk is not filled for nothing.

#pragma once

#include "common/base/files.hpp"

#include <cstdint>
#include <string_view>

namespace swarmout {

/// Left free for others, and for what is written beside: records, directories, a file system's own blocks.
inline constexpr Bytes kSpareSpace = 64 * kMiB;
inline constexpr std::uint64_t kSpareInodes = 256;

/// Of a file system, for an unprivileged user.
struct Room {
  Bytes total = 0;
  Bytes free = 0;
  std::uint64_t total_inodes = 0;  ///< 0: it makes them as they are needed (btrfs), or does not say
  std::uint64_t free_inodes = 0;
};
[[nodiscard]] Result<Room> room_of(const Path& path);

struct RoomWanted {
  Bytes bytes = 0;
  std::uint64_t inodes = 0;
};

/// Errors: cannot_write: fewer bytes or inodes are free than are wanted, and the spare ones. `what`: "unpacking the
/// release".
[[nodiscard]] Result<void> check_room(const Path& where, const RoomWanted& wanted, std::string_view what);
/// The same of a file system that has this much room.
[[nodiscard]] Result<void> check_room(const Room& room, const Path& where, const RoomWanted& wanted,
                                      std::string_view what);

}  // namespace swarmout
