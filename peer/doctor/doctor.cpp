#include "peer/doctor/doctor.hpp"

#include "peer/doctor/checks.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace swarmout {

namespace {

constexpr DoctorCheck kDoctorChecks[] = {
    {"share", "the share answers, and is initialised", check_share},
    {"primitives", "on the share a name that is taken refuses the second; what is written is seen at once, whole",
     check_primitives},
    {"clock", "this host's clock against the share's", check_clock},
    {"freshness", "how old the newest signed entry of the log is", check_freshness},
    {"nfs-identity", "on NFSv4, clones tell themselves apart for the server", check_nfs_identity},
    {"keys", "which keys are trusted; secret ones are for their user alone", check_keys},
    {"address", "the address that others are told is this host's", check_address},
    {"neighbours", "other hosts of the fleet can be reached at what they have told", check_neighbours},
    {"service", "`swarmout peer` runs", check_service},
    {"cron", "a cron line runs `swarmout seed`", check_cron},
    {"active", "`current` leads to a whole tree that this host made", check_active},
    {"state", "the state directory is this user's alone, and can be written", check_state},
    {"space", "free space for trees and packs", check_space_left},
    {"inodes", "free inodes for trees and packs", check_inodes_left},
    {"reflinks", "whether unchanged files share blocks between trees", check_reflinks},
    {"limits", "how many files a process may have open", check_limits},
    {"leftovers", "what runs that were killed have left", check_leftovers},
};

struct Waiting {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::optional<Finding>> found;
  std::size_t left = 0;
};

}  // namespace

std::string_view name_of(Health health) {
  return health == Health::ok ? "ok" : health == Health::warn ? "warn" : "fail";
}

Finding well(std::string seen) {
  return {.seen = std::move(seen)};
}

Finding doubtful(std::string seen, std::string cure) {
  return {.health = Health::warn, .seen = std::move(seen), .cure = std::move(cure)};
}

Finding broken(std::string seen, std::string cure) {
  return {.health = Health::fail, .seen = std::move(seen), .cure = std::move(cure)};
}

Finding broken(const Error& error, std::string cure) {
  return broken(error.message, error.hint.empty() ? std::move(cure) : error.hint);
}

std::span<const DoctorCheck> doctor_checks() {
  return kDoctorChecks;
}

std::vector<Finding> examine(const DoctorOptions& options, std::span<const DoctorCheck> checks,
                             std::chrono::milliseconds patience) {
  const auto shared = std::make_shared<Waiting>();
  const auto copied = std::make_shared<const DoctorOptions>(options);
  shared->found.resize(checks.size());
  shared->left = checks.size();
  for (std::size_t i = 0; i < checks.size(); ++i) {
    std::thread([shared, copied, i, look = checks[i].look] {
      Finding finding = look(*copied);
      const std::lock_guard lock(shared->mutex);
      shared->found[i] = std::move(finding);
      --shared->left;
      shared->changed.notify_all();
    }).detach();
  }
  std::unique_lock lock(shared->mutex);
  shared->changed.wait_for(lock, patience, [&] { return shared->left == 0; });
  std::vector<Finding> all;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    Finding finding = shared->found[i].value_or(
        broken(fmt::format("no answer within {:.1f} s", std::chrono::duration<double>(patience).count()),
               "something on the way hangs: a mount whose server is away, a name server, a disk"));
    finding.silent = !shared->found[i];
    finding.id = checks[i].id;
    all.push_back(std::move(finding));
  }
  return all;
}

}  // namespace swarmout
