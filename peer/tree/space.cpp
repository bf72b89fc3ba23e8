#include "peer/tree/space.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cerrno>

namespace swarmout {

Result<Room> room_of(const Path& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) {
    return fail_errno("cannot look at the free space of", path.native(), errno);
  }
  // What is kept for root is neither free nor ours.
  const Bytes kept = info.f_bfree - info.f_bavail;
  return Room{(info.f_blocks - kept) * info.f_frsize, info.f_bavail * info.f_frsize, info.f_files, info.f_favail};
}

Result<void> check_room(const Room& room, const Path& where, const RoomWanted& wanted, std::string_view what) {
  constexpr const char* kHint =
      "free some space (`swarmout gc --dry-run` shows what could go); what was fetched already stays";
  if (room.free < wanted.bytes + kSpareSpace) {
    return fail(ErrorCode::cannot_write,
                fmt::format("{} needs {} MiB in {}, but only {} MiB are free", what,
                            (wanted.bytes + kSpareSpace) / kMiB, where.native(), room.free / kMiB),
                kHint);
  }
  if (room.total_inodes > 0 && room.free_inodes < wanted.inodes + kSpareInodes) {
    return fail(ErrorCode::cannot_write,
                fmt::format("{} needs {} inodes (files) in {}, but only {} are free", what,
                            wanted.inodes + kSpareInodes, where.native(), room.free_inodes),
                kHint);
  }
  return {};
}

Result<void> check_room(const Path& where, const RoomWanted& wanted, std::string_view what) {
  TRY_ASSIGN(const Room room, room_of(where));
  return check_room(room, where, wanted, what);
}

}  // namespace swarmout
