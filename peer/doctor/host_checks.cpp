#include "common/base/private_files.hpp"
#include "common/release/signing.hpp"
#include "common/release/signing_pair.hpp"
#include "peer/doctor/checks.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>

namespace swarmout {

namespace {

constexpr Bytes kMaxLocks = 16 * kMiB;
constexpr Bytes kMaxCrontab = kMiB;
/// A session keeps a file open for each pack, and a connection for each of 80 hosts, for each release it serves.
constexpr rlim_t kFewFiles = 4096;

/// Who holds flock(2) on this file, by /proc/locks: to try it would get in the way of who wants it. Nullopt: nobody.
std::optional<std::string> holder_of(const Path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return std::nullopt;
  }
  const std::string wanted = fmt::format("{:02x}:{:02x}:{} ", major(info.st_dev), minor(info.st_dev), info.st_ino);
  const std::string locks = read_file("/proc/locks", kMaxLocks).value_or("");
  std::string_view rest = locks;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t write = line.find("WRITE");
    if (line.find(" FLOCK ") == std::string_view::npos || write == std::string_view::npos ||
        line.find(wanted) == std::string_view::npos) {
      continue;
    }
    std::string_view pid = line.substr(write + 5);
    pid.remove_prefix(std::min(pid.find_first_not_of(' '), pid.size()));
    return std::string(pid.substr(0, pid.find(' ')));
  }
  return std::nullopt;
}

/// A line that is no comment and runs the verb.
bool has_seed_line(const std::string& crontab) {
  std::string_view rest = crontab;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t program = line.find("swarmout");
    if (!line.starts_with('#') && program != std::string_view::npos &&
        line.find(" seed", program) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

Finding check_keys(const DoctorOptions& options) {
  const auto trusted = TrustedKeys::load(options.keys);
  if (!trusted) {
    return broken(trusted.error(), "put the fleet's swarmout.pub there");
  }
  bool leads = false;
  for (const std::string_view secret : {kSecretKeyFile, std::string_view("swarm.key")}) {
    const Path file = options.keys / secret;
    if (const auto checked = check_private(file); !checked) {
      return broken(checked.error(), fmt::format("chmod 0600 {}", file.native()));
    }
    leads = leads || (secret == kSecretKeyFile && path_exists(file));
  }
  return well(fmt::format("trusts {}{}", trusted->names(), leads ? "; may lead" : "; follows only"));
}

Finding check_service(const DoctorOptions& options) {
  const Path lock = options.state / lock_of(kPeerPurpose);
  const auto pid = holder_of(lock);
  return pid ? well(fmt::format("runs, process {}", *pid))
             : doubtful(fmt::format("no process holds {}", lock.native()),
                        "systemctl enable --now swarmout-peer; or run this as the service's user");
}

Finding check_cron(const DoctorOptions& options) {
  std::vector<Path> files = {options.root / "etc/crontab"};
  std::string not_read;
  std::error_code error;
  for (const char* const folder : {"etc/cron.d", "var/spool/cron/crontabs", "etc/systemd/system"}) {
    const Path directory = options.root / folder;
    const auto names = list_directory(directory);
    if (!names && names.error().code == ErrorCode::cannot_write) {
      not_read = directory.native();
    }
    for (const std::string& name : names.value_or(std::vector<std::string>())) {
      files.push_back(directory / name);
    }
  }
  const Path enabled = options.root / "etc/systemd/system/timers.target.wants/swarmout-seed.timer";
  if (std::filesystem::is_symlink(enabled, error)) {
    return well(enabled.native());
  }
  for (const Path& file : files) {
    if (!std::filesystem::is_regular_file(file, error)) {
      continue;
    }
    const auto text = read_file(file, kMaxCrontab);
    if (text && has_seed_line(*text)) {
      return well(file.native());
    }
    if (!text && text.error().code == ErrorCode::cannot_write) {
      not_read = file.native();
    }
  }
  if (!not_read.empty()) {
    return doubtful(fmt::format("none that this user can read; {} is closed to it", not_read),
                    "run this as root to be sure");
  }
  return doubtful(
      "no line for `swarmout seed` in crontabs and timers",
      "on hosts that may lead: systemctl enable --now swarmout-seed.timer; or 0 * * * *  swarmout  swarmout seed, "
      "in /etc/cron.d/swarmout");
}

Finding check_limits(const DoctorOptions&) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || (files.rlim_max != RLIM_INFINITY && files.rlim_max < kFewFiles)) {
    return doubtful(fmt::format("a process may have {} files open", files.rlim_max),
                    "LimitNOFILE=65536 for the service, ulimit -Hn for cron");
  }
  return well(fmt::format("{} open files", files.rlim_max));
}

}  // namespace swarmout
