#include "peer/tree/reuse.hpp"

#include "peer/tree/tree_stamps.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>

namespace swarmout {

namespace {

/// Reads `file` chunk by chunk; hands each that matches to `use`. False at the first that does not.
template <typename Use>
Result<bool> for_each_good_chunk(const Manifest& manifest, const Node& node, int file, std::vector<std::byte>& buffer,
                                 Use use) {
  Bytes offset = 0;
  for (const std::uint32_t ref : manifest.refs_of(node)) {
    const Chunk& chunk = manifest.chunks[ref];
    buffer.resize(chunk.size);
    if (!pread_all(file, buffer, offset, node.path) || sha256(buffer) != chunk.digest) {
      return false;
    }
    TRY(use(ByteView(buffer), offset));
    offset += chunk.size;
  }
  return true;
}

}  // namespace

bool content_fits(const Manifest& manifest, const Node& node, int file, std::vector<std::byte>& buffer) {
  const auto good =
      for_each_good_chunk(manifest, node, file, buffer, [](ByteView, Bytes) -> Result<void> { return {}; });
  return good && *good;
}

Result<std::optional<std::uint64_t>> reuse_file(const Manifest& manifest, const Node& node, ReuseContext& context,
                                                std::atomic<bool>& reflink) {
  const auto old = context.from.open_for_reading(node.path);
  struct stat info {};
  if (!old || ::fstat(old->get(), &info) != 0 || static_cast<Bytes>(info.st_size) != node.size) {
    return std::nullopt;
  }
  const bool executable = node.kind == Node::Kind::executable;
  TRY_ASSIGN(Fd file, context.to.open_file(node.path, executable, TreeWriter::Create::must_be_new));
  bool good = false;
  if (reflink) {
    // Clone first and check the clone: what was checked is then what stays.
    if (::ioctl(file.get(), FICLONE, old->get()) == 0) {
      good = content_fits(manifest, node, file.get(), context.buffer);
    } else {
      reflink = false;
    }
  }
  if (!reflink) {
    TRY_ASSIGN(good, for_each_good_chunk(manifest, node, old->get(), context.buffer, [&](ByteView bytes, Bytes offset) {
                 return write_part(file, bytes, offset, node.path);
               }));
  }
  if (!good) {
    TRY(context.to.remove(node.path));
    return std::nullopt;
  }
  const timespec times[2] = {{0, UTIME_OMIT}, info.st_mtim};
  if (::futimens(file.get(), times) != 0) {
    return fail_errno("cannot set the time of", node.path, errno);
  }
  const std::uint64_t stamp = ::fstat(file.get(), &info) == 0 ? stamp_of(info) : 0;
  TRY(file.close(node.path));
  return stamp;
}

}  // namespace swarmout
