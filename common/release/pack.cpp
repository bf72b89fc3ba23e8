#include "common/release/pack.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace swarmout {

namespace {

/// A zstd skippable frame (magic 0x184D2A50, little-endian size) that holds our own magic and version.
constexpr std::array<unsigned char, kPackHeader> kHeader = {0x50, 0x2a, 0x4d, 0x18, 8,   0,   0, 0,
                                                            's',  'w',  'p',  'a',  'c', 'k', 0, 1};

ByteView header() {
  return std::as_bytes(std::span(kHeader));
}

}  // namespace

Result<PackWriter> PackWriter::create(Path path) {
  PackWriter writer;
  TRY_ASSIGN(writer.fd_, open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0444));
  writer.file_.path = std::move(path);
  TRY(writer.append(header()));
  return writer;
}

Result<void> PackWriter::append(ByteView frame) {
  TRY(write_all(fd_.get(), frame, file_.path.native()));
  hasher_.update(frame);
  file_.size += frame.size();
  return {};
}

Result<PackFile> PackWriter::finish() {
  if (::fdatasync(fd_.get()) != 0) {
    return fail_errno("cannot flush", file_.path.native(), errno);
  }
  TRY(fd_.close(file_.path.native()));
  file_.leaves = hasher_.finish();
  file_.root = merkle_root(file_.leaves);
  return std::move(file_);
}

Result<PackReader> PackReader::open(Path path, const PackInfo& info) {
  PackReader reader;
  TRY_ASSIGN(reader.fd_, open_file(path, O_RDONLY));
  struct stat found {};
  if (::fstat(reader.fd_.get(), &found) != 0) {
    return fail_errno("cannot read", path.native(), errno);
  }
  REFUSE_UNLESS(static_cast<Bytes>(found.st_size) == info.size,
                fmt::format("{} has {} bytes, but the manifest says {}", path.native(), found.st_size, info.size));
  std::array<std::byte, kPackHeader> start{};
  TRY(pread_all(reader.fd_.get(), start, 0, path.native()));
  REFUSE_UNLESS(std::memcmp(start.data(), kHeader.data(), kPackHeader) == 0,
                fmt::format("{} is not a pack of a version this program reads", path.native()));
  reader.path_ = std::move(path);
  return reader;
}

Result<void> PackReader::read(const Frame& frame, Bytes offset, ZstdDecompressor& codec, std::vector<std::byte>& packed,
                              std::vector<std::byte>& content) const {
  packed.resize(frame.packed_size);
  content.resize(frame.raw_size);
  TRY(pread_all(fd_.get(), packed, offset, path_.native()));
  return codec.decompress(packed, content).map_error([&](Error error) {
    error.message = fmt::format("{} at byte {}: {}", path_.native(), offset, error.message);
    return error;
  });
}

Result<LeafHashes> hash_leaves(const Path& path) {
  TRY_ASSIGN(const Fd file, open_file(path, O_RDONLY));
  std::vector<std::byte> buffer(kMiB);
  LeafHasher hasher;
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) {
      return fail_errno("cannot read", path.native(), errno);
    }
    if (got == 0) {
      return hasher.finish();
    }
    hasher.update(std::span(buffer).first(static_cast<std::size_t>(got)));
  }
}

}  // namespace swarmout
