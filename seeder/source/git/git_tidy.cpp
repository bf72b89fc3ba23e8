#include "seeder/source/git/git_tidy.hpp"

#include "seeder/source/credentials.hpp"

#include <spdlog/spdlog.h>

#include <system_error>

namespace swarmout {

namespace {

/// Each fetch makes a pack; so many of them are made one, of what is still wanted.
constexpr std::size_t kMaxPacks = 8;

std::size_t count_packs(const Path& repository) {
  std::error_code ignored;
  std::size_t packs = 0;
  for (const auto& each : std::filesystem::directory_iterator(repository / "objects/pack", ignored)) {
    packs += each.path().extension() == ".pack" ? 1 : 0;
  }
  return packs;
}

}  // namespace

void tidy_repository(const GitPlace& place, const Path& repository,
                     const std::vector<std::pair<std::string, std::string>>& refs, std::stop_token stop) {
  for (const auto& [ref, commit] : refs) {
    const auto kept = run_git(mirror_command(place, repository, {"update-ref", ref, commit}), stop);
    if (!kept || kept->status != 0) {
      return;
    }
  }
  if (count_packs(repository) < kMaxPacks) {
    return;
  }
  const auto repacked = run_git(mirror_command(place, repository, {"repack", "-a", "-d", "-q"}), stop);
  if (!repacked || repacked->status != 0) {
    spdlog::debug("tidying {}: {}", repository.native(), repacked ? quotable(repacked->words) : "stopped");
    return;
  }
  const auto pruned = run_git(mirror_command(place, repository, {"prune", "--expire=now"}), stop);
  spdlog::debug("tidied {}: {}", repository.native(), pruned ? pruned->status : -1);
}

Bytes bytes_below(const Path& directory) {
  Bytes total = 0;
  std::error_code error;
  for (auto each = std::filesystem::recursive_directory_iterator(directory, error);
       !error && each != std::filesystem::recursive_directory_iterator(); each.increment(error)) {
    std::error_code gone;
    const auto size = each->is_regular_file(gone) ? each->file_size(gone) : 0;
    total += gone ? 0 : size;
  }
  return total;
}

}  // namespace swarmout
