#include "seeder/source/dir_index.hpp"

#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace swarmout {

namespace {

constexpr std::string_view kMagic = "files 1\n";
constexpr std::size_t kEntry = 3 * sizeof(std::uint64_t);
/// FAT counts in two seconds, ext3 in one, the others in ticks of at most 10 ms.
constexpr std::chrono::nanoseconds kCoarsest = std::chrono::seconds(2);
/// ext2 to 4, XFS, Btrfs, tmpfs, overlayfs, F2FS, ZFS, bcachefs: statfs(2), linux/magic.h, and their own sources.
constexpr std::array<std::uint64_t, 8> kLocal = {0xef53,     0x58465342, 0x9123683e, 0x01021994,
                                                 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e};

static_assert(std::endian::native == std::endian::little, "the index is written as it lies in memory");

void append(std::string& text, std::uint64_t number) {
  text.append(reinterpret_cast<const char*>(&number), sizeof number);
}
std::uint64_t number_at(std::string_view text, std::size_t at) {
  std::uint64_t number = 0;
  std::memcpy(&number, text.data() + at, sizeof number);
  return number;
}

/// Nullopt: before 1970, or after 2262.
std::optional<std::int64_t> nanoseconds_of(const timespec& time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (time.tv_sec < 0 || time.tv_sec >= std::numeric_limits<std::int64_t>::max() / kSecond) {
    return std::nullopt;
  }
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

std::optional<std::uint64_t> device_with_honest_times(const Path& directory) {
  struct statfs system {};
  struct stat info {};
  if (::statfs(directory.c_str(), &system) != 0 || ::stat(directory.c_str(), &info) != 0) {
    return std::nullopt;
  }
  const auto type = static_cast<std::uint64_t>(system.f_type) & 0xffffffff;  // it is signed on some machines
  return std::find(kLocal.begin(), kLocal.end(), type) != kLocal.end() ? std::optional<std::uint64_t>(info.st_dev)
                                                                       : std::nullopt;
}

DirIndexWriter::DirIndexWriter(WallTime began, std::uint64_t device)
    : safe_until_(std::chrono::duration_cast<std::chrono::nanoseconds>(began.time_since_epoch() - kCoarsest).count()),
      device_(device) {}

void DirIndexWriter::add(const struct stat& looks) {
  const auto modified = nanoseconds_of(looks.st_mtim);
  const auto changed = nanoseconds_of(looks.st_ctim);
  const bool settled = looks.st_dev == device_ && modified && changed && std::max(*modified, *changed) < safe_until_;
  append(entries_, settled ? looks.st_ino : 0);
  append(entries_, settled ? static_cast<std::uint64_t>(*modified) : 0);
  append(entries_, settled ? static_cast<std::uint64_t>(*changed) : 0);
}

std::string DirIndexWriter::take() {
  std::string head(kMagic);
  append(head, device_);
  entries_.insert(0, head);
  return std::move(entries_);
}

std::optional<DirIndex> DirIndex::read(std::string_view written, const std::vector<Node>& nodes) {
  const auto files = static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const Node& node) { return node.is_file(); }));
  std::size_t at = kMagic.size() + sizeof(std::uint64_t);
  if (!written.starts_with(kMagic) || written.size() != at + files * kEntry) {
    return std::nullopt;
  }
  DirIndex index;
  index.device_ = number_at(written, kMagic.size());
  index.by_number_.reserve(files);
  for (const Node& node : nodes) {
    if (!node.is_file()) {
      continue;
    }
    if (const std::uint64_t number = number_at(written, at); number != 0) {
      index.by_number_.try_emplace(number, Entry{static_cast<std::int64_t>(number_at(written, at + 8)),
                                                 static_cast<std::int64_t>(number_at(written, at + 16)), &node});
    }
    at += kEntry;
  }
  return index;
}

const Node* DirIndex::same(const struct stat& looks) const {
  const auto found = by_number_.find(looks.st_ino);
  if (looks.st_dev != device_ || found == by_number_.end()) {
    return nullptr;
  }
  const Entry& entry = found->second;
  const bool same = nanoseconds_of(looks.st_mtim) == entry.modified && nanoseconds_of(looks.st_ctim) == entry.changed &&
                    static_cast<Bytes>(looks.st_size) == entry.node->size;
  return same ? entry.node : nullptr;
}

}  // namespace swarmout
