// A share that is a directory: local, NFS, GlusterFS, CephFS, SMB with hard links.
//
// The exclusive create is a complete, flushed temporary file that link(2) gives the entry's name, and a read-back: the
// reply of link(2) may be lost or wrong on a network file system, the bytes under the name are not.
// Layout and formats: docs/formats/share.md.

#pragma once

#include "common/files.hpp"
#include "common/share.hpp"

#include <chrono>

namespace swarmout {

class DirectoryShare final : public Share {
public:
  /// `put_patience`: how long an ambiguous put() is repeated before it answers `unknown`.
  explicit DirectoryShare(Path root, std::chrono::milliseconds put_patience = std::chrono::seconds(30))
      : root_(std::move(root)), put_patience_(put_patience) {}

  Result<Position> tail(Position known) override;
  Result<std::optional<std::string>> read(Position position) override;
  PutResult put(Position position, std::string_view bytes) override;
  Result<void> write_cell(CellKind kind, std::string_view name, std::string_view bytes) override;
  Result<bool> create_cell(CellKind kind, std::string_view name, std::string_view bytes) override;
  Result<std::optional<Cell>> read_cell(CellKind kind, std::string_view name) override;
  Result<std::vector<std::string>> list_cells(CellKind kind) override;
  Result<void> remove_cell(CellKind kind, std::string_view name) override;
  Result<void> write_blob(std::string_view name, std::string_view bytes) override;
  Result<std::optional<std::string>> read_blob(std::string_view name, Bytes limit) override;
  Result<std::vector<std::string>> list_blobs() override;
  Result<void> remove_blob(std::string_view name) override;
  Result<void> remove_stale(WallTime before) override;
  Result<WallTime> now() override;
  std::string name() const override { return root_.native(); }

private:
  Path entry_path(Position position) const;
  Result<void> put_cell(CellKind kind, std::string_view name, std::string_view bytes, int flags);
  Path cell_path(CellKind kind, std::string_view name) const;

  Path root_;
  std::chrono::milliseconds put_patience_;
};

/// The FORMAT file of the share in `root`. Errors: unavailable, if there is none.
[[nodiscard]] Result<std::string> read_format(const Path& root);

}  // namespace swarmout
