// A share that is a directory: local, NFS, GlusterFS, CephFS, SMB. The log in it: directory_log.hpp.
// Layout and formats: docs/formats/share.md.

#pragma once

#include "common/base/files.hpp"
#include "common/share/directory/directory_log.hpp"
#include "common/share/share.hpp"

#include <chrono>

namespace swarmout {

inline constexpr std::chrono::milliseconds kPutPatience = std::chrono::seconds(30);

class DirectoryShare final : public Share {
public:
  explicit DirectoryShare(const Path& root, std::chrono::milliseconds put_patience = kPutPatience,
                          Primitive primitive = Primitive::link)
      : root_(root), log_(root, primitive, put_patience) {}

  Result<Position> tail(Position known) override;
  Result<std::vector<Position>> numbers_below(Position below, std::size_t most) override;
  Result<std::optional<std::string>> read(Position position) override { return log_.read(position); }
  PutResult put(Position position, std::string_view bytes) override { return log_.put(position, bytes); }
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
  Result<std::string> cluster() override;
  Result<void> check_primitive() override { return log_.check_primitive(); }
  std::string name() const override { return root_.native(); }

private:
  [[nodiscard]] Result<std::optional<Cell>> look_at_cell(CellKind kind, std::string_view name) const;
  Result<void> put_cell(CellKind kind, std::string_view name, std::string_view bytes, bool create);
  [[nodiscard]] bool has_cell(CellKind kind, std::string_view name) const;

  Path root_;
  DirectoryLog log_;
};

}  // namespace swarmout
