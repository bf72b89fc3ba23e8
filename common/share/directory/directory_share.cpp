#include "common/share/directory/directory_share.hpp"

#include "common/base/digest.hpp"
#include "common/base/host.hpp"
#include "common/share/directory/directory_files.hpp"
#include "common/share/directory/directory_format.hpp"
#include "common/share/share_format.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace swarmout {

namespace {

constexpr std::size_t kCellFile = 4096;  // one block, so that a cell is one write and one read

/// The content, its length and digest in front, zeros behind.
std::string seal_cell(std::string_view bytes) {
  std::string sealed = fmt::format("cell {} {}\n", bytes.size(), sha256(bytes).hex());
  sealed += bytes;
  sealed.resize(kCellFile, '\0');
  return sealed;
}

Result<std::string> unseal_cell(std::string_view sealed, std::string_view path) {
  const auto torn = [&] { return fail(ErrorCode::temporary, fmt::format("{} was caught half written", path)); };
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

}  // namespace

Path DirectoryShare::cell_path(CellKind kind, std::string_view name) const {
  INVARIANT(good_name(name));
  return root_ / cell_directory(kind) / name;
}

Result<Position> DirectoryShare::tail(Position known) {
  auto tail = log_.tail(known);
  if (!tail && tail.error().code == ErrorCode::not_found) {
    TRY(read_format(root_));
  }
  return std::move(tail).map_error(share_error);
}

Result<void> DirectoryShare::write_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  // In place, not by rename: GlusterFS answers readers ESTALE for a while after a rename over the file.
  return put_cell(kind, name, bytes, 0);
}

Result<bool> DirectoryShare::create_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  if (path_exists(cell_path(kind, name))) {
    return false;
  }
  const auto created = put_cell(kind, name, bytes, O_EXCL);
  if (!created && path_exists(cell_path(kind, name))) {
    return false;
  }
  return created.map([] { return true; });
}

Result<void> DirectoryShare::put_cell(CellKind kind, std::string_view name, std::string_view bytes, int flags) {
  INVARIANT(bytes.size() <= kMaxCell);
  const Path path = cell_path(kind, name);
  const std::string sealed = seal_cell(bytes);
  auto write = [&]() -> Result<void> {
    TRY_ASSIGN(Fd file, open_file(path, O_WRONLY | O_CREAT | flags, 0644));
    TRY(pwrite_all(file.get(), as_bytes(sealed), 0, path.native()));
    return file.close(path.native());
  };
  auto written = write();
  if (!written && written.error().code == ErrorCode::not_found) {
    TRY(read_format(root_));
  }
  return written.map_error(share_error);
}

Result<std::optional<Cell>> DirectoryShare::read_cell(CellKind kind, std::string_view name) {
  const Path path = cell_path(kind, name);
  // Opened afresh each time: an open descriptor may never see a change.
  auto file = find_in(root_ / cell_directory(kind), [&] { return open_file(path, O_RDONLY); });
  if (!file) {
    if (file.error().code == ErrorCode::not_found) {
      return std::nullopt;
    }
    return tl::unexpected(file.error());
  }
  std::string sealed(kCellFile, '\0');
  const ssize_t got = ::pread(file->get(), sealed.data(), sealed.size(), 0);
  struct stat info {};
  if (got < 0 || ::fstat(file->get(), &info) != 0) {
    return fail_errno("cannot read", path.native(), errno);
  }
  sealed.resize(static_cast<std::size_t>(got));
  TRY_ASSIGN(std::string content, unseal_cell(sealed, path.native()));
  return Cell{std::move(content), wall_time(info.st_mtim)};
}

Result<std::vector<std::string>> DirectoryShare::list_cells(CellKind kind) {
  auto names = list_directory(root_ / cell_directory(kind));
  if (!names) {
    TRY(read_format(root_));
    return tl::unexpected(share_error(names.error()));
  }
  std::erase_if(*names, [](const std::string& name) { return !good_name(name); });
  return *std::move(names);
}

Result<void> DirectoryShare::remove_cell(CellKind kind, std::string_view name) {
  const Path path = cell_path(kind, name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove", path.native(), errno);
  }
  return {};
}

Result<void> DirectoryShare::write_blob(std::string_view name, std::string_view bytes) {
  INVARIANT(good_name(name) && bytes.size() <= kMaxBlob);
  return replace_file(root_ / "torrents" / name, as_bytes(bytes)).map_error(share_error);
}

Result<std::optional<std::string>> DirectoryShare::read_blob(std::string_view name, Bytes limit) {
  INVARIANT(good_name(name));
  const Path directory = root_ / "torrents";
  auto bytes = find_in(directory, [&] { return read_file(directory / name, std::min(limit, kMaxBlob)); });
  if (bytes) {
    return std::optional(*std::move(bytes));
  }
  if (bytes.error().code == ErrorCode::not_found) {
    return std::nullopt;
  }
  return tl::unexpected(bytes.error());
}

Result<std::vector<std::string>> DirectoryShare::list_blobs() {
  TRY_ASSIGN(auto names, list_directory(root_ / "torrents"));
  std::erase_if(names, [](const std::string& name) { return !good_name(name); });
  return names;
}

Result<void> DirectoryShare::remove_blob(std::string_view name) {
  INVARIANT(good_name(name));
  const Path path = root_ / "torrents" / name;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove", path.native(), errno);
  }
  return {};
}

Result<void> DirectoryShare::remove_stale(WallTime before) {
  const auto is_temporary = [](const std::string& name) { return is_left_behind(name, ".tmp-"); };
  const auto is_cell = [&](const std::string& name) { return is_temporary(name) || good_name(name); };
  TRY(log_.remove_stale(before));
  for (const Path& directory : {root_, root_ / "torrents"}) {
    TRY(remove_old_files(directory, before, is_temporary));
  }
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage, CellKind::peer}) {
    TRY(remove_old_files(root_ / cell_directory(kind), before, is_cell));
  }
  return {};
}

Result<std::string> DirectoryShare::cluster() {
  TRY_ASSIGN(const std::string text, read_format(root_));
  return cluster_in(text);
}

Result<WallTime> DirectoryShare::now() {
  const Path path = root_ / "log" / fmt::format(".t-{}", random_nonce_hex());
  TRY_ASSIGN(Fd file, open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644).map_error(share_error));
  struct stat info {};
  const bool seen = ::write(file.get(), "\n", 1) == 1 && ::fstat(file.get(), &info) == 0;
  const int error = errno;
  ::unlink(path.c_str());
  if (!seen) {
    return fail_errno("cannot read the share's clock in", root_.native(), error);
  }
  return wall_time(info.st_mtim);
}

}  // namespace swarmout
