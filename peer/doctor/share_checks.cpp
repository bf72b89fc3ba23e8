#include "common/base/duration.hpp"
#include "common/base/host.hpp"
#include "common/base/mounts.hpp"
#include "common/fleet/freshness.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "peer/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::chrono::seconds kClockOff{5};
constexpr std::chrono::hours kClockWrong{1};
constexpr std::chrono::hours kLongAgo{48};
constexpr Bytes kMaxMountsFile = 16 * kMiB;

std::chrono::milliseconds since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

/// What other hosts' reading relies on, with a cell of our own.
Result<std::string> try_cells(Share& share) {
  const std::string name = "doctor-" + random_nonce_hex();
  const auto began = std::chrono::steady_clock::now();
  const auto tried = [&]() -> Result<void> {
    const std::string whole(kMaxCell, 'x');
    TRY_ASSIGN(const bool first, share.create_cell(CellKind::heartbeat, name, "first"));
    TRY_ASSIGN(const bool second, share.create_cell(CellKind::heartbeat, name, "second"));
    if (!first || second) {
      return fail(ErrorCode::cannot_write, "a file that is there is made a second time with O_EXCL",
                  "put the share on another file system, or use etcd");
    }
    TRY(share.write_cell(CellKind::heartbeat, name, whole));
    TRY_ASSIGN(const auto read, share.read_cell(CellKind::heartbeat, name));
    if (!read || read->bytes != whole) {
      return fail(ErrorCode::temporary, "what was just written is not what is read",
                  "look at the mount's options: no actimeo or md-cache of minutes");
    }
    TRY_ASSIGN(const auto names, share.list_cells(CellKind::heartbeat));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return fail(ErrorCode::temporary, "what was just written is not listed",
                  "look at the mount's options: listings come from a cache");
    }
    return {};
  }();
  const auto took = since(began);
  TRY(share.remove_cell(CellKind::heartbeat, name));
  TRY(tried);
  return fmt::format("made once, written, read and listed at once ({} bytes, {})", kMaxCell, to_text(took));
}

}  // namespace

Result<std::unique_ptr<Share>> share_of(const DoctorOptions& options, std::stop_token stop) {
  if (options.share.url.empty()) {
    return fail(ErrorCode::usage, "no share is set", "give --share, or share=… in /etc/swarmout.conf");
  }
  ShareAddress address = options.share;
  address.timeout = std::min(address.timeout, kDoctorShareTimeout);
  return open_share(address, std::move(stop));
}

Finding check_share(const DoctorOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  const auto share = share_of(options);
  if (!share) {
    return broken(share.error(), "mount it; `swarmout init` makes one");
  }
  const auto tail = (*share)->tail({});
  return tail
             ? well(fmt::format("{}: {} entries, answered in {}", (*share)->name(), tail->value, to_text(since(began))))
             : broken(tail.error(), "look at the mount and its server");
}

Finding check_primitives(const DoctorOptions& options) {
  const auto share = share_of(options);
  if (!share) {
    return broken(share.error());
  }
  if (const auto primitive = (*share)->check_primitive(); !primitive) {
    return broken(primitive.error(), "look at the share's modes: this user must be able to write it");
  }
  const auto cells = try_cells(**share);
  return cells ? well(*cells) : broken(cells.error(), "look at the share's modes: this user must be able to write it");
}

Finding check_clock(const DoctorOptions& options) {
  const auto share = share_of(options);
  const auto there = share ? (*share)->now() : tl::unexpected(share.error());
  if (!there) {
    return broken(there.error());
  }
  const auto off = std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().wall() - *there);
  const auto size = std::chrono::abs(off);
  const std::string seen = fmt::format("{} {} the share's", to_text(size), off.count() < 0 ? "behind" : "ahead of");
  constexpr const char* kCure = "run an NTP client here and on the share's server (timedatectl)";
  return size > kClockWrong ? broken(seen, kCure) : size > kClockOff ? doubtful(seen, kCure) : well(seen);
}

Finding check_freshness(const DoctorOptions& options) {
  const auto share = share_of(options);
  if (!share) {
    return broken(share.error());
  }
  const auto keys = TrustedKeys::load(options.keys);
  if (!keys) {
    return broken(keys.error());
  }
  LogReader reader(**share, *keys);
  const auto log = reader.refresh();
  if (!log) {
    return broken(log.error());
  }
  const auto newest = freshness_of(**log, system_clock().wall());
  if (const auto old = too_old(newest, options.max_age, (*share)->name())) {
    return broken(*old, "look whether `swarmout seed` still runs on any host, and whether this is the right share");
  }
  if (!newest) {
    return doubtful("nothing is signed yet", "run `swarmout seed` on any host");
  }
  const std::string seen = fmt::format("{}, {} ago", newest->said, to_text(newest->age));
  return newest->ahead ? doubtful(newest->said + ", which is not yet", "look at the clocks of the hosts that lead")
         : newest->age > kLongAgo
             ? doubtful(seen, "is `swarmout seed` still run anywhere? --max-age says what is too old")
             : well(seen);
}

Finding check_nfs_identity(const DoctorOptions& options) {
  const std::string mounts = read_file("/proc/mounts", kMaxMountsFile).value_or("");
  const std::string kind = type_of(options.share.url, mounts);
  if (kind != "nfs4") {
    return well(kind.empty() || options.share.url.find("://") != std::string::npos ? "the share is no mount"
                                                                                   : "the share is on " + kind);
  }
  const std::string given =
      read_file(options.root / "sys/fs/nfs/net/nfs_client/identifier", kKiB).value_or("").substr(0, 64);
  const bool unset = given.empty() || given == "\n" || given.starts_with("(null)");
  return unset ? doubtful(fmt::format("NFSv4, and the server tells clients apart by the name {} alone", host_name()),
                          "give each clone a name of its own, or nfs.nfs4_unique_id, or mount with vers=3")
               : well("NFSv4, with an identity of its own");
}

}  // namespace swarmout
