#include "common/share/directory/directory_share.hpp"

#include "common/base/digest.hpp"
#include "common/base/host.hpp"
#include "common/share/directory/directory_format.hpp"
#include "common/share/directory/share_folder.hpp"
#include "common/share/share_format.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <thread>

namespace swarmout {

namespace {

constexpr std::size_t kCellBlock = 4096;  // most cells are one, so that they are one write and one read
constexpr std::size_t kMaxCellFile = 3 * kCellBlock;
/// A write is under way for less than this, or its writer has stopped. Not longer: somebody may put thousands of half
/// cells there.
constexpr std::chrono::milliseconds kHalfWritten{5};

/// The content, its length and digest in front, zeros behind. Behind them may be the end of a longer one before it.
std::string seal_cell(std::string_view bytes) {
  std::string sealed = fmt::format("cell {} {}\n", bytes.size(), sha256(bytes).hex());
  sealed += bytes;
  INVARIANT(sealed.size() <= kMaxCellFile);
  sealed.resize((sealed.size() + kCellBlock - 1) / kCellBlock * kCellBlock, '\0');
  return sealed;
}

Result<std::string> unseal_cell(std::string_view sealed, std::string_view path) {
  const auto torn = [&] {
    return fail(ErrorCode::refused, fmt::format("{} is no cell, or half of one", path),
                "whoever owns it writes it anew; if nobody does, find out who put it there");
  };
  const std::size_t line = sealed.substr(0, 100).find('\n');
  if (line == std::string_view::npos || !sealed.starts_with("cell ")) {
    return torn();
  }
  std::size_t size = 0;
  const char* const last = sealed.data() + line;
  const auto [end, error] = std::from_chars(sealed.data() + 5, last, size);
  if (error != std::errc() || *end != ' ' || size > kMaxCell || line + 1 + size > sealed.size()) {
    return torn();
  }
  const std::string_view content = sealed.substr(line + 1, size);
  if (std::string_view(end + 1, last) != sha256(content).hex()) {
    return torn();
  }
  return std::string(content);
}

constexpr const char* kBlobs = "torrents";

Result<std::vector<std::string>> good_names(const ShareFolder& folder) {
  std::vector<std::string> names;
  TRY(folder.each(kMaxNames, [&](const char* name) {
    if (good_name(name)) {
      names.emplace_back(name);
    }
  }));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Position> DirectoryShare::tail(Position known) {
  auto tail = log_.tail(known);
  if (!tail && tail.error().code == ErrorCode::not_found) {
    TRY(read_format(root_));
  }
  return std::move(tail).map_error(share_error);
}

bool DirectoryShare::has_cell(CellKind kind, std::string_view name) const {
  const auto folder = ShareFolder::open(root_, cell_directory(kind));
  return folder && folder->look(std::string(name)).has_value();
}

Result<std::vector<Position>> DirectoryShare::numbers_below(Position below, std::size_t most) {
  return log_.numbers_below(below, most).map_error(share_error);
}

Result<void> DirectoryShare::write_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  return put_cell(kind, name, bytes, false);
}

Result<bool> DirectoryShare::create_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  TRY(check_name(name));
  if (has_cell(kind, name)) {
    return false;
  }
  const auto created = put_cell(kind, name, bytes, true);
  if (!created && has_cell(kind, name)) {
    return false;
  }
  return created.map([] { return true; });
}

/// In place, not by rename: GlusterFS answers readers ESTALE for a while after a rename over the file.
Result<void> DirectoryShare::put_cell(CellKind kind, std::string_view name, std::string_view bytes, bool create) {
  INVARIANT(bytes.size() <= kMaxCell);
  TRY(check_name(name));
  const std::string sealed = seal_cell(bytes);
  auto write = [&]() -> Result<void> {
    TRY_ASSIGN(const ShareFolder folder, ShareFolder::open(root_, cell_directory(kind)));
    const std::string path = (folder.path() / name).native();
    TRY_ASSIGN(Fd file, create ? folder.open_file(std::string(name), O_WRONLY | O_CREAT | O_EXCL)
                               : folder.open_own_file(std::string(name)));
    TRY(pwrite_all(file.get(), as_bytes(sealed), 0, path));
    return file.close(path);
  };
  auto written = write();
  if (!written && written.error().code == ErrorCode::not_found) {
    TRY(read_format(root_));
  }
  return written.map_error(share_error);
}

Result<std::optional<Cell>> DirectoryShare::read_cell(CellKind kind, std::string_view name) {
  TRY(check_name(name));
  auto found = look_at_cell(kind, name);
  if (!found && found.error().code == ErrorCode::refused) {  // caught half written, perhaps
    std::this_thread::sleep_for(kHalfWritten);
    found = look_at_cell(kind, name);
  }
  return found;
}

Result<std::optional<Cell>> DirectoryShare::look_at_cell(CellKind kind, std::string_view name) const {
  // Opened afresh each time: an open descriptor may never see a change.
  auto file = find_in(root_, cell_directory(kind),
                      [&](const ShareFolder& folder) { return folder.open_file(std::string(name), O_RDONLY); });
  if (!file) {
    if (file.error().code == ErrorCode::not_found) {
      return std::nullopt;
    }
    return tl::unexpected(file.error());
  }
  const std::string path = (root_ / cell_directory(kind) / name).native();
  std::string sealed(kMaxCellFile, '\0');
  const ssize_t got = ::pread(file->get(), sealed.data(), sealed.size(), 0);
  struct stat info {};
  if (got < 0 || ::fstat(file->get(), &info) != 0) {
    return fail_errno("cannot read", path, errno);
  }
  if (got == 0) {
    return std::nullopt;
  }
  sealed.resize(static_cast<std::size_t>(got));
  TRY_ASSIGN(std::string content, unseal_cell(sealed, path));
  return Cell{std::move(content), wall_time(info.st_mtim)};
}

Result<std::vector<std::string>> DirectoryShare::list_cells(CellKind kind) {
  const auto folder = ShareFolder::open(root_, cell_directory(kind));
  if (!folder) {
    TRY(read_format(root_));
    return tl::unexpected(share_error(folder.error()));
  }
  return good_names(*folder);
}

Result<void> DirectoryShare::remove_cell(CellKind kind, std::string_view name) {
  TRY(check_name(name));
  TRY_ASSIGN(const ShareFolder folder, ShareFolder::open(root_, cell_directory(kind)).map_error(share_error));
  return folder.remove(std::string(name));
}

/// A temporary file, and a rename over what is there.
Result<void> DirectoryShare::write_blob(std::string_view name, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxBlob);
  TRY(check_name(name));
  const std::string temporary = fmt::format(".tmp-{}", random_nonce_hex());
  const auto write = [&]() -> Result<void> {
    TRY_ASSIGN(const ShareFolder folder, ShareFolder::open(root_, kBlobs));
    auto written = folder.write_new_file(temporary, as_bytes(bytes), (folder.path() / name).native()).and_then([&] {
      return folder.rename(temporary, std::string(name));
    });
    if (!written) {
      [[maybe_unused]] const auto removed = folder.remove(temporary);
      return written;
    }
    return folder.sync();
  };
  return write().map_error(share_error);
}

Result<std::optional<std::string>> DirectoryShare::read_blob(std::string_view name, Bytes limit) {
  TRY(check_name(name));
  auto bytes = find_in(root_, kBlobs, [&](const ShareFolder& folder) {
    return folder.read_file(std::string(name), std::min(limit, kMaxBlob));
  });
  if (bytes) {
    return std::optional(*std::move(bytes));
  }
  if (bytes.error().code == ErrorCode::not_found) {
    return std::nullopt;
  }
  return tl::unexpected(bytes.error());
}

Result<std::vector<std::string>> DirectoryShare::list_blobs() {
  TRY_ASSIGN(const ShareFolder folder, ShareFolder::open(root_, kBlobs));
  return good_names(folder);
}

Result<void> DirectoryShare::remove_blob(std::string_view name) {
  TRY(check_name(name));
  TRY_ASSIGN(const ShareFolder folder, ShareFolder::open(root_, kBlobs).map_error(share_error));
  return folder.remove(std::string(name));
}

Result<void> DirectoryShare::remove_stale(WallTime before) {
  const auto is_temporary = [](std::string_view name) { return is_left_behind(name, ".tmp-"); };
  const auto is_cell = [&](std::string_view name) { return is_temporary(name) || good_name(name); };
  TRY(log_.remove_stale(before));
  TRY_ASSIGN(const ShareFolder top, ShareFolder::root(root_).map_error(share_error));
  TRY(remove_old_files(top, before, is_temporary));
  TRY_ASSIGN(const ShareFolder blobs, top.folder(kBlobs).map_error(share_error));
  TRY(remove_old_files(blobs, before, is_temporary));
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage, CellKind::peer}) {
    TRY_ASSIGN(const ShareFolder cells, top.folder(cell_directory(kind)).map_error(share_error));
    TRY(remove_old_files(cells, before, is_cell));
  }
  return {};
}

Result<std::string> DirectoryShare::cluster() {
  TRY_ASSIGN(const std::string text, read_format(root_));
  return cluster_in(text, root_.native());
}

Result<WallTime> DirectoryShare::now() {
  const std::string name = fmt::format(".t-{}", random_nonce_hex());
  TRY_ASSIGN(const ShareFolder log, ShareFolder::open(root_, "log").map_error(share_error));
  TRY_ASSIGN(const Fd file, log.open_file(name, O_WRONLY | O_CREAT | O_EXCL).map_error(share_error));
  struct stat info {};
  const bool seen = ::write(file.get(), "\n", 1) == 1 && ::fstat(file.get(), &info) == 0;
  const int error = errno;
  [[maybe_unused]] const auto removed = log.remove(name);  // else it ages away
  if (!seen) {
    return fail_errno("cannot read the share's clock in", root_.native(), error);
  }
  return wall_time(info.st_mtim);
}

}  // namespace swarmout
