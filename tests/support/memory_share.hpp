// A share in memory: what a test uses instead of a server, with faults on demand.
//
// Several MemoryShare objects on one MemoryShareState see the same share, each from its own thread.

#pragma once

#include "common/share/share.hpp"

#include <functional>
#include <map>
#include <mutex>

namespace swarmout {

struct MemoryShareState {
  std::mutex mutex;
  std::map<Position, std::string> log;
  std::map<std::pair<CellKind, std::string>, Cell> cells;
  std::map<std::string, std::string> blobs;
  std::string cluster = "memory";
  Clock* clock = &system_clock();
};

class MemoryShare final : public Share {
public:
  explicit MemoryShare(std::shared_ptr<MemoryShareState> state) : state_(std::move(state)) {}

  /// Called with the operation's name; an error makes it fail. `before`: nothing was done; `after`: it was done,
  /// and its reply is lost.
  std::function<std::optional<Error>(std::string_view operation)> before;
  std::function<std::optional<Error>(std::string_view operation)> after;

  Result<Position> tail(Position known) override;
  Result<std::vector<Position>> numbers_below(Position below, std::size_t most) override;
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
  Result<std::string> cluster() override;
  std::string name() const override { return "memory"; }

private:
  template <typename Work>
  auto guarded(std::string_view operation, Work work) -> decltype(work());

  std::shared_ptr<MemoryShareState> state_;
};

}  // namespace swarmout
