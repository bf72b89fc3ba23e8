#include "peer/tree/tree_stamps.hpp"

#include "common/base/owner/ownership.hpp"
#include "common/base/remove_tree.hpp"

#include <fmt/format.h>

#include <cstring>
#include <set>

namespace swarmout {

namespace {

constexpr std::string_view kStampsMagic = "swarmout-stamps 1\n";
constexpr const char* kStampsFolder = "stamps";
constexpr std::size_t kStampSize = 8;
constexpr std::int64_t kSecond = 1'000'000'000;
/// A kernel counts the time of files in ticks of at most 10 ms (HZ=100); ten times that.
constexpr std::int64_t kTick = 100'000'000;

/// Little-endian, whatever the processor.
void put(std::string& out, std::uint64_t value) {
  for (std::size_t i = 0; i < kStampSize; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

std::uint64_t get(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kStampSize; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

std::string name_of_stamps(const TreeIdentity& tree) {
  return fmt::format("{}.{}", tree.inode, tree.born);
}

std::string head_of_stamps(const TreeIdentity& tree, const Digest& manifest, std::size_t count) {
  std::string head(kStampsMagic);
  head += as_text(manifest.view());
  put(head, tree.inode);
  put(head, static_cast<std::uint64_t>(tree.born));
  put(head, count);
  return head;
}

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

std::uint64_t stamp_of(const struct stat& info) {
  const std::array<std::uint64_t, 10> told = {
      info.st_ino,
      static_cast<std::uint64_t>(info.st_size),
      info.st_mode,
      info.st_nlink,
      info.st_uid,
      info.st_gid,
      static_cast<std::uint64_t>(info.st_mtim.tv_sec),
      static_cast<std::uint64_t>(info.st_mtim.tv_nsec),
      static_cast<std::uint64_t>(info.st_ctim.tv_sec),
      static_cast<std::uint64_t>(info.st_ctim.tv_nsec),
  };
  const Digest digest = sha256(std::as_bytes(std::span(told)));
  std::uint64_t stamp = 0;
  std::memcpy(&stamp, digest.bytes.data(), sizeof stamp);
  return stamp == 0 ? 1 : stamp;
}

bool tells_changes(const struct stat& info, const timespec& now) {
  const auto older_than = [&](const timespec& time) {
    const std::int64_t step = time.tv_nsec == 0 ? 2 * kSecond : kTick;  // some count seconds, or two
    return nanoseconds(time) + step < nanoseconds(now);
  };
  return older_than(info.st_ctim);
}

Result<void> write_stamps(const Path& state, const TreeIdentity& tree, const Digest& manifest,
                          const std::vector<std::uint64_t>& stamps) {
  std::string text = head_of_stamps(tree, manifest, stamps.size());
  text.reserve(text.size() + stamps.size() * kStampSize + Digest::kSize);
  for (const std::uint64_t stamp : stamps) {
    put(text, stamp);
  }
  const Digest check = sha256(text);
  text += as_text(check.view());
  TRY(make_directories_for_owner(state / kStampsFolder));
  return replace_file(state / kStampsFolder / name_of_stamps(tree), as_bytes(text));
}

Result<std::vector<std::uint64_t>> read_stamps(const Path& state, const TreeIdentity& tree, const Digest& manifest,
                                               std::size_t count) {
  const std::string head = head_of_stamps(tree, manifest, count);
  const std::size_t size = head.size() + count * kStampSize + Digest::kSize;
  TRY_ASSIGN(const std::string text, read_file(state / kStampsFolder / name_of_stamps(tree), size));
  REFUSE_UNLESS(text.size() == size && text.starts_with(head), "the stamps are of another tree");
  const std::string_view checked = std::string_view(text).substr(0, size - Digest::kSize);
  REFUSE_UNLESS(as_text(sha256(checked).view()) == std::string_view(text).substr(checked.size()),
                "the stamps are damaged");
  std::vector<std::uint64_t> stamps(count);
  for (std::size_t i = 0; i < count; ++i) {
    stamps[i] = get(checked.substr(head.size() + i * kStampSize, kStampSize));
  }
  return stamps;
}

Result<void> forget_stamps(const Path& state, const std::vector<TreeRecord>& kept) {
  const auto names = list_directory(state / kStampsFolder);
  if (!names) {
    return names.error().code == ErrorCode::not_found ? Result<void>() : tl::unexpected(names.error());
  }
  std::set<std::string> stay;
  for (const TreeRecord& record : kept) {
    stay.insert(name_of_stamps(record.identity));
  }
  for (const std::string& name : *names) {
    if (!name.starts_with(kTemporaryName) && !stay.contains(name)) {
      TRY(remove_tree(state / kStampsFolder / name));
    }
  }
  return {};
}

}  // namespace swarmout
