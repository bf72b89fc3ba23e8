#include "seeder/source/git/lfs_fill.hpp"

#include "common/base/digest.hpp"
#include "common/base/key_values.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace swarmout {

namespace {

/// The next bytes of a file; none at its end.
Result<std::size_t> read_some(int fd, std::span<std::byte> out, const std::string& path) {
  while (true) {
    const ssize_t got = ::read(fd, out.data(), out.size());
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) {
      return fail_errno("cannot read the Git LFS content of", path, errno);
    }
  }
}

}  // namespace

LfsFill::LfsFill(LfsStore& store, std::string above, TreeSink& next, std::stop_token stop)
    : store_(store), above_(std::move(above)), next_(next), stop_(std::move(stop)) {}

Result<void> LfsFill::entry(const TreeEntry& entry) {
  TRY(finish());
  if (entry.kind != TreeEntry::Kind::file || !may_be_lfs_pointer(entry.size)) {
    return next_.entry(entry);
  }
  held_ = entry;
  holds_ = true;
  content_.clear();
  return {};
}

Result<void> LfsFill::data(ByteView bytes) {
  if (!holds_) {
    return next_.data(bytes);
  }
  content_ += as_text(bytes);
  return content_.size() < held_.size ? Result<void>() : finish();
}

/// Also of one that is cut off or too long: who is next says so.
Result<void> LfsFill::finish() {
  if (!holds_) {
    return {};
  }
  holds_ = false;
  if (const auto pointer = parse_lfs_pointer(content_)) {
    return give(*pointer);
  }
  TRY(next_.entry(held_));
  return content_.empty() ? Result<void>() : next_.data(as_bytes(content_));
}

Result<void> LfsFill::give(const LfsPointer& pointer) {
  const std::string path = above_ + held_.path;
  Fd file;
  if (pointer.size > 0) {  // git-lfs keeps no object that is empty
    auto opened = store_.open(pointer, stop_);
    if (!opened) {
      opened.error().message = fmt::format("\"{}\": {}", escape_value(path), opened.error().message);
      return tl::unexpected(std::move(opened).error());
    }
    file = *std::move(opened);
  }
  held_.size = pointer.size;
  TRY(next_.entry(held_));
  std::vector<std::byte> buffer(256 * kKiB);
  Sha256 hash;
  Bytes left = pointer.size;
  while (left > 0) {
    if (stop_.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    TRY_ASSIGN(const std::size_t got,
               read_some(file.get(), std::span(buffer).first(std::min<Bytes>(left, buffer.size())), path));
    if (got == 0) {
      break;
    }
    const ByteView piece = ByteView(buffer).first(got);
    hash.update(piece);
    left -= got;
    TRY(next_.data(piece));
  }
  if (left > 0 || hash.finish() != pointer.oid) {
    TRY(store_.discard(pointer));
    return fail(ErrorCode::refused,
                fmt::format("the Git LFS content of \"{}\" is not what its pointer says: its SHA-256 is not {}",
                            escape_value(path), pointer.oid.hex()),
                "it was removed here, and the next run fetches it anew");
  }
  return {};
}

}  // namespace swarmout
