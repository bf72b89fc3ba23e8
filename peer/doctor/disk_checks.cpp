#include "common/base/host.hpp"
#include "common/base/private_files.hpp"
#include "common/release/store.hpp"
#include "peer/doctor/checks.hpp"
#include "peer/keep/kept_trees.hpp"
#include "peer/tree/pins.hpp"
#include "peer/tree/private_copy.hpp"
#include "peer/tree/release_trees.hpp"
#include "peer/tree/space.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace swarmout {

namespace {

constexpr unsigned kFewPercent = 10;
constexpr std::chrono::hours kOld{24};
constexpr const char* kSpaceCure = "swarmout gc --dry-run shows what could go; --min-free makes the service do it";

/// The deepest part of it that exists: before the first fetch there is no DEST.
Path existing(Path path) {
  while (!path_exists(path) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

std::string percent(Bytes part, Bytes all) {
  return fmt::format("{} %", all == 0 ? 0 : part / std::max<Bytes>(all / 100, 1));
}

/// The worse of the two places.
template <typename Look>
Finding of_both(const DoctorOptions& options, Look look) {
  Finding worst = well("");
  for (const Path& each : {options.dest, options.state}) {
    const auto room = room_of(existing(each));
    Finding now = room ? look(*room, each) : broken(room.error());
    now.seen = worst.seen.empty() ? now.seen : fmt::format("{}; {}", worst.seen, now.seen);
    now.cure = now.health >= worst.health && !now.cure.empty() ? now.cure : worst.cure;
    now.health = std::max(now.health, worst.health);
    worst = std::move(now);
  }
  return worst;
}

bool is_old(const Path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 &&
         system_clock().wall() - wall_time(std::chrono::seconds(info.st_mtim.tv_sec)) > kOld;
}

std::vector<Path> old_ones(const Path& directory, std::string_view prefix) {
  std::vector<Path> found;
  for (const std::string& name : list_directory(directory).value_or(std::vector<std::string>())) {
    if (name.starts_with(prefix) && is_old(directory / name)) {
      found.push_back(directory / name);
    }
  }
  return found;
}

std::size_t count_old(const Path& directory, std::string_view prefix) {
  return old_ones(directory, prefix).size();
}

/// Copies of jobs that have ended: a job may take longer than a day. Those of other users, into which this one may not
/// look, are theirs to count.
std::size_t count_left_copies(const Path& dest) {
  const auto copies = old_ones(dest, kCopyName);
  return static_cast<std::size_t>(std::count_if(copies.begin(), copies.end(), [](const Path& copy) {
    const auto unused = try_unpinned(copy);
    return unused && *unused;
  }));
}

}  // namespace

Finding check_active(const DoctorOptions& options) {
  std::error_code error;
  const Path link = options.dest / kCurrentLink;
  if (!std::filesystem::is_symlink(link, error)) {
    return path_exists(link)
               ? broken(fmt::format("{} is not a link", link.native()), fmt::format("mv {0} {0}.old", link.native()))
               : doubtful(fmt::format("{} is not there: nothing is active", link.native()),
                          "start the service: systemctl enable --now swarmout-peer");
  }
  const std::string target = std::filesystem::read_symlink(link, error).native();
  const auto name = release_behind(link);
  if (!name) {
    return broken(fmt::format("{} leads to {}, which is no release", link.native(), target),
                  "look who changed it; the service sets it back");
  }
  const auto identity = identity_of(options.dest / kReleasesFolder / *name);
  if (!identity) {
    return broken(fmt::format("{} leads to {}, which is not there", link.native(), target),
                  "the service makes it anew; is it running?");
  }
  if (!TreeRecords::exist(options.state)) {
    return doubtful(fmt::format("{}; who made it cannot be seen", target), "run this as the service's user");
  }
  const auto records = TreeRecords::open(options.state);
  const auto record = records ? records->find(*name, *identity) : std::nullopt;
  return record && record->whole ? well(target)
                                 : broken(fmt::format("{} is not what this host made", target),
                                          "look who replaced it; the service makes `current` anew");
}

Finding check_state(const DoctorOptions& options) {
  struct stat info {};
  if (::stat(options.state.c_str(), &info) != 0) {
    return doubtful(fmt::format("{}: {}", options.state.native(), std::strerror(errno)),
                    "the first run of `seed` or `peer` makes it");
  }
  if (info.st_uid != ::geteuid()) {
    return doubtful(
        fmt::format("{} belongs to uid {}, and this runs as {}", options.state.native(), info.st_uid, ::geteuid()),
        "run this as the service's user: runuser -u swarmout -- swarmout doctor");
  }
  if ((info.st_mode & 077) != 0) {
    return broken(fmt::format("{} is open to others (mode {:04o})", options.state.native(), info.st_mode & 07777),
                  fmt::format("chmod 0700 {}", options.state.native()));
  }
  const Path probe = options.state / fmt::format(".tmp-{}", random_nonce_hex());
  const auto written = write_new_file(probe, as_bytes("x"), probe.native());
  ::unlink(probe.c_str());
  return written ? well(options.state.native()) : broken(written.error());
}

Finding check_space_left(const DoctorOptions& options) {
  return of_both(options, [](const Room& room, const Path& where) {
    std::string seen =
        fmt::format("{}: {} MiB free, {}", where.native(), room.free / kMiB, percent(room.free, room.total));
    return room.free < kSpareSpace                      ? broken(std::move(seen), kSpaceCure)
           : room.free < room.total / 100 * kFewPercent ? doubtful(std::move(seen), kSpaceCure)
                                                        : well(std::move(seen));
  });
}

Finding check_inodes_left(const DoctorOptions& options) {
  return of_both(options, [](const Room& room, const Path& where) {
    if (room.total_inodes == 0) {
      return well(fmt::format("{}: made as they are needed", where.native()));
    }
    std::string seen =
        fmt::format("{}: {} free, {}", where.native(), room.free_inodes, percent(room.free_inodes, room.total_inodes));
    return room.free_inodes < kSpareInodes                            ? broken(std::move(seen), kSpaceCure)
           : room.free_inodes < room.total_inodes / 100 * kFewPercent ? doubtful(std::move(seen), kSpaceCure)
                                                                      : well(std::move(seen));
  });
}

Finding check_reflinks(const DoctorOptions& options) {
  const Path from = options.dest / fmt::format(".tmp-doctor-{}", random_nonce_hex());
  const Path to = options.dest / fmt::format(".tmp-doctor-{}", random_nonce_hex());
  const auto tried = [&]() -> Result<bool> {
    TRY(write_new_file(from, as_bytes("x"), from.native(), 0600, Durability::cached));
    TRY_ASSIGN(const Fd source, open_file(from, O_RDONLY));
    TRY_ASSIGN(const Fd target, open_file(to, O_WRONLY | O_CREAT | O_EXCL, 0600));
    return ::ioctl(target.get(), FICLONE, source.get()) == 0;
  }();
  ::unlink(from.c_str());
  ::unlink(to.c_str());
  if (!tried) {
    struct stat info {};
    if (::stat(options.dest.c_str(), &info) == 0 && info.st_uid != ::geteuid()) {
      return doubtful(fmt::format("{} belongs to uid {}: it cannot be tried there", options.dest.native(), info.st_uid),
                      "run this as the service's user: runuser -u swarmout -- swarmout doctor");
    }
    return tried.error().code == ErrorCode::not_found ? well("nothing is there yet") : broken(tried.error());
  }
  return well(*tried ? "trees share the blocks of unchanged files" : "none: unchanged files are copied");
}

Finding check_leftovers(const DoctorOptions& options) {
  const std::size_t trees = count_old(options.dest, kIncomingName);
  const std::size_t copies = count_left_copies(options.dest);
  const std::size_t scratch = count_old(options.state / "tmp", "");
  const std::size_t parts = count_old(options.state / "swarm", fmt::format("{}-", kFetchPurpose)) +
                            count_old(options.state / "swarm", fmt::format("{}-", kVerifyPurpose));
  const std::string seen = fmt::format(
      "older than a day: {} trees half made, {} left copies of jobs, {} directories of packs, {} of fetches", trees,
      copies, scratch, parts);
  return trees + copies + scratch + parts == 0
             ? well("none that is older than a day")
             : doubtful(seen, "docs/formats/state.md says what may be removed while no swarmout runs");
}

}  // namespace swarmout
