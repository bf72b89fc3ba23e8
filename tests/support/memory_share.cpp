#include "tests/support/memory_share.hpp"

namespace swarmout {

template <typename Work>
auto MemoryShare::guarded(std::string_view operation, Work work) -> decltype(work()) {
  if (before) {
    if (auto error = before(operation)) {
      return tl::unexpected(*error);
    }
  }
  const std::lock_guard lock(state_->mutex);
  auto result = work();
  if (after) {
    if (auto error = after(operation)) {
      return tl::unexpected(*error);
    }
  }
  return result;
}

Result<Position> MemoryShare::tail(Position /*known*/) {
  return guarded("tail", [&]() -> Result<Position> {
    const auto beyond = state_->log.upper_bound(kLastPosition);
    return beyond == state_->log.begin() ? Position{} : std::prev(beyond)->first;
  });
}

Result<std::vector<Position>> MemoryShare::numbers_below(Position below, std::size_t most) {
  return guarded("numbers_below", [&]() -> Result<std::vector<Position>> {
    std::vector<Position> numbers;
    for (auto each = state_->log.lower_bound(below); each != state_->log.begin() && numbers.size() < most;) {
      numbers.push_back((--each)->first);
    }
    return numbers;
  });
}

Result<std::optional<std::string>> MemoryShare::read(Position position) {
  return guarded("read", [&]() -> Result<std::optional<std::string>> {
    const auto found = state_->log.find(position);
    return found == state_->log.end() ? std::nullopt : std::optional(found->second);
  });
}

PutResult MemoryShare::put(Position position, std::string_view bytes) {
  const auto created =
      guarded("put", [&]() -> Result<std::string> { return state_->log.try_emplace(position, bytes).first->second; });
  if (!created) {
    return {PutOutcome::unknown, {}, created.error()};
  }
  return *created == bytes ? PutResult{PutOutcome::won, {}, {}} : PutResult{PutOutcome::lost, *created, {}};
}

Result<void> MemoryShare::write_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxCell);
  return guarded("write_cell", [&]() -> Result<void> {
    state_->cells[{kind, std::string(name)}] = {std::string(bytes), state_->clock->wall()};
    return {};
  });
}

Result<bool> MemoryShare::create_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxCell);
  return guarded("create_cell", [&]() -> Result<bool> {
    return state_->cells.try_emplace({kind, std::string(name)}, Cell{std::string(bytes), state_->clock->wall()}).second;
  });
}

Result<std::optional<Cell>> MemoryShare::read_cell(CellKind kind, std::string_view name) {
  return guarded("read_cell", [&]() -> Result<std::optional<Cell>> {
    const auto found = state_->cells.find({kind, std::string(name)});
    return found == state_->cells.end() ? std::nullopt : std::optional(found->second);
  });
}

Result<std::vector<std::string>> MemoryShare::list_cells(CellKind kind) {
  return guarded("list_cells", [&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    for (const auto& [key, cell] : state_->cells) {
      if (key.first == kind) {
        names.push_back(key.second);
      }
    }
    return names;
  });
}

Result<void> MemoryShare::remove_cell(CellKind kind, std::string_view name) {
  return guarded("remove_cell", [&]() -> Result<void> {
    state_->cells.erase({kind, std::string(name)});
    return {};
  });
}

Result<void> MemoryShare::write_blob(std::string_view name, std::string_view bytes) {
  return guarded("write_blob", [&]() -> Result<void> {
    state_->blobs[std::string(name)] = bytes;
    return {};
  });
}

Result<std::optional<std::string>> MemoryShare::read_blob(std::string_view name, Bytes limit) {
  return guarded("read_blob", [&]() -> Result<std::optional<std::string>> {
    const auto found = state_->blobs.find(std::string(name));
    if (found == state_->blobs.end()) {
      return std::nullopt;
    }
    REFUSE_UNLESS(found->second.size() <= limit, "the blob is larger than allowed");
    return std::optional(found->second);
  });
}

Result<std::vector<std::string>> MemoryShare::list_blobs() {
  return guarded("list_blobs", [&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : state_->blobs) {
      names.push_back(name);
    }
    return names;
  });
}

Result<void> MemoryShare::remove_blob(std::string_view name) {
  return guarded("remove_blob", [&]() -> Result<void> {
    state_->blobs.erase(std::string(name));
    return {};
  });
}

Result<void> MemoryShare::remove_stale(WallTime limit) {
  return guarded("remove_stale", [&]() -> Result<void> {
    std::erase_if(state_->cells, [&](const auto& each) { return each.second.written < limit; });
    return {};
  });
}

Result<WallTime> MemoryShare::now() {
  return guarded("now", [&]() -> Result<WallTime> { return state_->clock->wall(); });
}

Result<std::string> MemoryShare::cluster() {
  return guarded("cluster", [&]() -> Result<std::string> { return state_->cluster; });
}

}  // namespace swarmout
