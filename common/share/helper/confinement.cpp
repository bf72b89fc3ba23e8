#include "common/share/helper/confinement.hpp"

#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace swarmout {

namespace {

/// landlock_ruleset_attr of Linux 6.12, which the headers of Debian 12 do not know. An older kernel takes the beginning
/// of it that it knows.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};

constexpr std::uint64_t kTruncate = 1U << 14;       ///< since version 3
constexpr std::uint64_t kDeviceControl = 1U << 15;  ///< since version 5
constexpr std::uint64_t kBindAndConnect = 3;        ///< since version 4
constexpr std::uint64_t kSocketsAndSignals = 3;     ///< since version 6
constexpr std::uint64_t kFilesOfFirst = (1U << 13) - 1;

/// What is done on a share.
constexpr std::uint64_t kNeeded = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                  LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                  LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                  LANDLOCK_ACCESS_FS_MAKE_DIR;

long landlock_version() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/// All that this version can forbid.
Ruleset everything(long version) {
  Ruleset all;
  all.files = kFilesOfFirst | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) | (version >= 3 ? kTruncate : 0) |
              (version >= 5 ? kDeviceControl : 0);
  all.network = version >= 4 ? kBindAndConnect : 0;
  all.scopes = version >= 6 ? kSocketsAndSignals : 0;
  return all;
}

void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) {
    return;
  }
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const std::uint32_t kept = i == CAP_TO_INDEX(CAP_DAC_OVERRIDE) ? CAP_TO_MASK(CAP_DAC_OVERRIDE) : 0;
    sets[i].effective &= kept;
    sets[i].permitted &= kept;
    sets[i].inheritable = 0;
  }
  ::syscall(SYS_capset, &header, sets.data());
}

}  // namespace

void give_up_privileges() {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  drop_capabilities();
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // after the capabilities, which change it
}

bool confine_to(int directory) {
  const long version = landlock_version();
  if (version < 1) {
    return false;
  }
  const Ruleset all = everything(version);
  const std::size_t size = version >= 6 ? sizeof all : version >= 4 ? sizeof all - sizeof all.scopes : sizeof all.files;
  const Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, size, 0)));
  const landlock_path_beneath_attr share{kNeeded, directory};
  return ruleset.valid() &&
         ::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &share, 0) == 0 &&
         ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace swarmout
