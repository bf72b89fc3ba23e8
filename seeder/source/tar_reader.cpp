#include "seeder/source/tar_reader.hpp"

#include "common/base/key_values.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kArchiveRead = 256 * kKiB;

struct Feed {
  const ReadBytes& read;
  std::vector<std::byte> buffer = std::vector<std::byte>(kArchiveRead);
  std::optional<Error> error{};
  bool ended = false;
  Bytes total = 0;
  Bytes content_end = 0;  ///< where the last byte was that is not zero, and one more
  Bytes header_end = 0;   ///< while libarchive reads a header: where that has become too long
};

/// A whole tar ends in two blocks of zeros after its last entry.
constexpr Bytes kEndMark = 1024;
/// tar fills its last record; none is larger than this.
constexpr Bytes kMaxPadding = 64 * kMiB;
/// More than any file system gives a file that could be distributed.
constexpr Bytes kMaxTarFile = 4096 * kGiB;
/// Holes cost nothing to announce, and time to pack: as many of them as this, and so many for each byte that is there.
constexpr Bytes kFreeHoles = 64 * kGiB;
constexpr Bytes kHolesPerByte = 1000;

/// Of an entry, with its extended ones, what it skips, and the map of a sparse file, which takes some ten bytes of
/// memory for each of its own.
constexpr Bytes kMaxTarHeader = 16 * kMiB;

la_ssize_t next_block(archive* handle, void* context, const void** block) {
  auto& feed = *static_cast<Feed*>(context);
  if (feed.header_end != 0 && feed.total >= feed.header_end) {
    archive_set_error(handle, E2BIG, "the header of an entry is larger than 16 MiB");
    return -1;
  }
  auto got = feed.read(feed.buffer);
  if (!got) {
    feed.error = got.error();
    archive_set_error(handle, EIO, "the stream broke off");
    return -1;
  }
  *block = feed.buffer.data();
  feed.ended = *got == 0;
  for (std::size_t i = *got; i > 0; --i) {
    if (feed.buffer[i - 1] != std::byte{0}) {
      feed.content_end = feed.total + i;
      break;
    }
  }
  feed.total += *got;
  return static_cast<la_ssize_t>(*got);
}

struct ArchiveCloser {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using Archive = std::unique_ptr<archive, ArchiveCloser>;

tl::unexpected<Error> archive_error(archive* handle, const Feed& feed) {
  if (feed.error) {
    return tl::unexpected(*feed.error);
  }
  const char* const said = archive_error_string(handle);
  return fail(ErrorCode::refused, fmt::format("the tar stream is damaged: {}", said ? said : "unknown"));
}

std::string normal(std::string path) {
  while (path.starts_with("./")) {
    path.erase(0, path.find_first_not_of('/', 1));
  }
  while (path.size() > 1 && path.ends_with('/')) {
    path.pop_back();
  }
  return path.empty() ? "." : path;
}

Result<TreeEntry> entry_of(archive_entry* raw) {
  const char* const path = archive_entry_pathname(raw);
  REFUSE_UNLESS(path != nullptr, "a tar entry has a name that cannot be read");
  TreeEntry entry;
  entry.path = normal(path);
  if (const char* const target = archive_entry_hardlink(raw)) {
    entry.kind = TreeEntry::Kind::hardlink;
    entry.target = normal(target);
    return entry;
  }
  switch (archive_entry_filetype(raw)) {
    case AE_IFREG:
      entry.kind = TreeEntry::Kind::file;
      entry.executable = (archive_entry_perm(raw) & 0111) != 0;
      entry.size = static_cast<Bytes>(archive_entry_size(raw));
      REFUSE_UNLESS(entry.size <= kMaxTarFile,
                    fmt::format("\"{}\" is said to have {} bytes; a file can have {} at most", escape_value(entry.path),
                                entry.size, kMaxTarFile));
      return entry;
    case AE_IFDIR:
      entry.kind = TreeEntry::Kind::directory;
      return entry;
    case AE_IFLNK: {
      const char* const target = archive_entry_symlink(raw);
      entry.kind = TreeEntry::Kind::symlink;
      entry.target = target ? target : "";
      return entry;
    }
    default:
      return fail(ErrorCode::refused,
                  fmt::format("\"{}\" is a device, fifo or socket; only files, directories and symbolic "
                              "links can be distributed",
                              escape_value(entry.path)));
  }
}

/// Reads one archive.
class TarReading {
public:
  TarReading(const ReadBytes& read, TreeSink& sink, std::stop_token stop)
      : feed_{read}, sink_(sink), stop_(std::move(stop)), handle_(archive_read_new()) {
    INVARIANT(handle_ != nullptr);
  }

  Result<void> run() {
    archive_read_support_format_tar(handle_.get());
    // Names are bytes to us; without this, pax names that are not UTF-8 would be converted or dropped.
    archive_read_set_options(handle_.get(), "hdrcharset=BINARY");
    if (archive_read_open2(handle_.get(), &feed_, nullptr, next_block, nullptr, nullptr) != ARCHIVE_OK) {
      return archive_error(handle_.get(), feed_);
    }
    Bytes last_entry_end = 0;  // zeros before it are content
    while (true) {
      archive_entry* raw = nullptr;
      feed_.header_end = feed_.total + kMaxTarHeader;
      const int status = archive_read_next_header(handle_.get(), &raw);
      feed_.header_end = 0;
      if (status == ARCHIVE_EOF) {
        return take_end(last_entry_end);
      }
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        return archive_error(handle_.get(), feed_);
      }
      TRY_ASSIGN(const TreeEntry entry, entry_of(raw));
      if (entry.path == "." && entry.kind == TreeEntry::Kind::directory) {
        continue;  // the root itself
      }
      TRY(sink_.entry(entry));
      if (entry.kind == TreeEntry::Kind::file && entry.size > 0) {
        TRY(copy_data(entry));
      }
      last_entry_end = position();
    }
  }

private:
  Bytes position() const { return static_cast<Bytes>(archive_filter_bytes(handle_.get(), 0)); }

  /// Blocks come with offsets; the holes of a sparse file become zeros.
  Result<void> copy_data(const TreeEntry& entry) {
    Bytes at = 0;
    while (true) {
      const void* block = nullptr;
      std::size_t length = 0;
      la_int64_t offset = 0;
      if (stop_.stop_requested()) {  // blocks may be empty, and many
        return fail(ErrorCode::temporary, "stopped on request");
      }
      const int status = archive_read_data_block(handle_.get(), &block, &length, &offset);
      if (status == ARCHIVE_EOF) {
        return fill(entry, at, entry.size);
      }
      if (status != ARCHIVE_OK) {
        return archive_error(handle_.get(), feed_);
      }
      TRY(fill(entry, at, static_cast<Bytes>(offset)));
      TRY(sink_.data({static_cast<const std::byte*>(block), length}));
      at += length;
    }
  }

  Result<void> fill(const TreeEntry& entry, Bytes& at, Bytes to) {
    static const std::vector<std::byte> zeros(64 * kKiB);
    if (at >= to) {
      return {};
    }
    holes_ += to - at;
    REFUSE_UNLESS(to <= entry.size && holes_ <= kFreeHoles + kHolesPerByte * feed_.total,
                  fmt::format("\"{}\" has more holes than content: {} bytes of it are not in the stream",
                              escape_value(entry.path), to - at));
    while (at < to) {
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      const Bytes step = std::min<Bytes>(to - at, zeros.size());
      TRY(sink_.data(std::span(zeros).first(step)));
      at += step;
    }
    return {};
  }

  /// libarchive takes a stream that stops between two entries for complete, and looks at nothing after the end mark.
  Result<void> take_end(Bytes last_entry_end) {
    const Bytes end = position();
    const void* rest = nullptr;
    while (!feed_.ended && feed_.content_end <= end && feed_.total <= end + kMaxPadding) {
      if (next_block(handle_.get(), &feed_, &rest) < 0) {
        return tl::unexpected(*feed_.error);
      }
    }
    if (feed_.content_end > end) {
      return fail(ErrorCode::refused, "something follows the end of the tar archive: a second one, or other output",
                  "let the command write one archive and nothing else: \"tar -cf - -C one . -C ../other .\"");
    }
    REFUSE_UNLESS(feed_.ended, "the tar stream does not end: zeros and no more");
    REFUSE_UNLESS(feed_.total >= last_entry_end + kEndMark && feed_.total - feed_.content_end >= kEndMark,
                  "the tar stream is cut off: it has no end mark");
    return {};
  }

  Feed feed_;
  TreeSink& sink_;
  std::stop_token stop_;
  Archive handle_;
  Bytes holes_ = 0;
};

}  // namespace

Result<void> read_tar(const ReadBytes& read, TreeSink& sink, std::stop_token stop) {
  return TarReading(read, sink, std::move(stop)).run();
}

}  // namespace swarmout
