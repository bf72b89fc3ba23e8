#include "seeder/pack/pack_checks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <sstream>

namespace swarmout {

namespace {

constexpr const char* kChecked = "packs.checked";
constexpr const char* kCheckedMagic = "swarmout-checked 1";
/// A line is some 110 bytes long: more packs than a manifest can name.
constexpr Bytes kMaxChecked = 16 * kMiB;

std::int64_t since_1970(WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

PackChecks::PackChecks(Store& store, WallTime now) : store_(store), now_(since_1970(now)) {
  const auto text = read_file(store.state() / kChecked, kMaxChecked);
  std::istringstream lines(text.value_or(""));
  std::string line;
  if (!std::getline(lines, line) || line != kCheckedMagic) {
    return;
  }
  std::string root;
  for (Good good; lines >> root >> good.inode >> good.modified >> good.read;) {
    known_[root] = good;
  }
}

std::optional<PackChecks::Good> PackChecks::looks_of(const Path& pack) {
  struct stat info {};
  if (::stat(pack.c_str(), &info) != 0) {
    return std::nullopt;
  }
  return Good{
      info.st_ino,
      since_1970(wall_time(std::chrono::seconds(info.st_mtim.tv_sec), std::chrono::nanoseconds(info.st_mtim.tv_nsec))),
      0};
}

Result<bool> PackChecks::whole(const Digest& root, Bytes size) {
  const auto looks = looks_of(store_.pack_path(root));
  const auto known = known_.find(root.hex());
  if (looks && known != known_.end() && looks->same_file(known->second) && store_.has_pack(root, size)) {
    const std::int64_t age = now_ - known->second.read;
    if (age >= 0 && age < std::chrono::nanoseconds(kGoodFor).count()) {  // a clock that went back proves nothing
      kept_[root.hex()] = known->second;
      return true;
    }
  }
  TRY_ASSIGN(const bool whole, store_.check_pack(root, size));
  if (whole && looks) {  // from before it was read
    kept_[root.hex()] = {looks->inode, looks->modified, now_};
    new_ = true;
  }
  return whole;
}

void PackChecks::keep() const {
  if (!new_) {
    return;
  }
  std::string text = std::string(kCheckedMagic) + '\n';
  for (const auto& [root, good] : kept_) {
    text += fmt::format("{} {} {} {}\n", root, good.inode, good.modified, good.read);
  }
  if (const auto kept = replace_file(store_.state() / kChecked, as_bytes(text)); !kept) {
    spdlog::debug("packs will be read again: {}", to_string(kept.error()));
  }
}

}  // namespace swarmout
