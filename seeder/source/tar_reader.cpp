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
  Bytes zeros = 0;  ///< how many of the last bytes were zero
};

/// A whole tar ends in two blocks of zeros after its last entry.
constexpr Bytes kEndMark = 1024;

la_ssize_t next_block(archive* handle, void* context, const void** block) {
  auto& feed = *static_cast<Feed*>(context);
  auto got = feed.read(feed.buffer);
  if (!got) {
    feed.error = got.error();
    archive_set_error(handle, EIO, "the stream broke off");
    return -1;
  }
  *block = feed.buffer.data();
  feed.ended = *got == 0;
  feed.total += *got;
  for (std::size_t i = *got; i > 0 && *got - i < kEndMark; --i) {
    if (feed.buffer[i - 1] != std::byte{0}) {
      feed.zeros = *got - i;
      return static_cast<la_ssize_t>(*got);
    }
  }
  feed.zeros += *got;
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

/// Blocks come with offsets; the holes of a sparse file become zeros.
Result<void> copy_data(archive* handle, const Feed& feed, Bytes size, TreeSink& sink) {
  static const std::vector<std::byte> zeros(64 * kKiB);
  Bytes position = 0;
  const auto fill_to = [&](Bytes offset) -> Result<void> {
    while (position < offset) {
      const Bytes step = std::min<Bytes>(offset - position, zeros.size());
      TRY(sink.data(std::span(zeros).first(step)));
      position += step;
    }
    return {};
  };
  while (true) {
    const void* block = nullptr;
    std::size_t length = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(handle, &block, &length, &offset);
    if (status == ARCHIVE_EOF) {
      return fill_to(size);
    }
    if (status != ARCHIVE_OK) {
      return archive_error(handle, feed);
    }
    TRY(fill_to(static_cast<Bytes>(offset)));
    TRY(sink.data({static_cast<const std::byte*>(block), length}));
    position += length;
  }
}

}  // namespace

Result<void> read_tar(const ReadBytes& read, TreeSink& sink) {
  Feed feed{read};
  const Archive handle(archive_read_new());
  INVARIANT(handle != nullptr);
  archive_read_support_format_tar(handle.get());
  // Names are bytes to us; without this, pax names that are not UTF-8 would be converted or dropped.
  archive_read_set_options(handle.get(), "hdrcharset=BINARY");
  if (archive_read_open2(handle.get(), &feed, nullptr, next_block, nullptr, nullptr) != ARCHIVE_OK) {
    return archive_error(handle.get(), feed);
  }
  Bytes last_entry_end = 0;  // zeros before it are content
  while (true) {
    archive_entry* raw = nullptr;
    const int status = archive_read_next_header(handle.get(), &raw);
    if (status == ARCHIVE_EOF) {
      break;
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
      return archive_error(handle.get(), feed);
    }
    TRY_ASSIGN(const TreeEntry entry, entry_of(raw));
    if (entry.path == "." && entry.kind == TreeEntry::Kind::directory) {
      continue;  // the root itself
    }
    TRY(sink.entry(entry));
    if (entry.kind == TreeEntry::Kind::file && entry.size > 0) {
      TRY(copy_data(handle.get(), feed, entry.size, sink));
    }
    last_entry_end = static_cast<Bytes>(archive_filter_bytes(handle.get(), 0));
  }
  // libarchive takes a stream that stops between two entries for complete.
  const void* rest = nullptr;
  while (!feed.ended && !feed.error) {
    if (next_block(handle.get(), &feed, &rest) < 0) {
      break;
    }
  }
  if (feed.error) {
    return tl::unexpected(*feed.error);
  }
  REFUSE_UNLESS(feed.zeros >= kEndMark && feed.total >= last_entry_end + kEndMark,
                "the tar stream is cut off: it has no end mark");
  return {};
}

}  // namespace swarmout
