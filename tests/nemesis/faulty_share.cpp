#include "tests/nemesis/faulty_share.hpp"

#include <algorithm>
#include <cerrno>

namespace swarmout::test {

bool FaultyShare::happens(unsigned rate) {
  const bool happened = random_() % 1000 < rate;
  injected_ += happened ? 1 : 0;
  return happened;
}

Error FaultyShare::error(Access access) {
  const int reads[] = {EIO, ESTALE, ENOTCONN, ETIMEDOUT};
  const int writes[] = {EIO, ESTALE, ENOTCONN, ENOSPC, EROFS, EDQUOT};
  const int number =
      access == Access::read ? reads[random_() % std::size(reads)] : writes[random_() % std::size(writes)];
  return fail_errno("injected fault on", share_->name(), number).value();
}

template <typename Call>
auto FaultyShare::with_faults(Access access, Call call) -> decltype(call()) {
  if (away_ > 0) {
    --away_;
    return tl::unexpected(error(access));
  }
  if (happens(rates_.vanishes)) {
    away_ = rates_.away;
  }
  if (happens(rates_.fails)) {
    return tl::unexpected(error(access));
  }
  auto result = call();
  if (access == Access::write && happens(rates_.lost)) {
    return tl::unexpected(error(access));
  }
  return result;
}

Result<std::vector<Position>> FaultyShare::numbers_below(Position below, std::size_t most) {
  return with_faults(Access::read, [&] { return share_->numbers_below(below, most); });
}

Result<Position> FaultyShare::tail(Position known) {
  auto tail = with_faults(Access::read, [&] { return share_->tail(known); });
  if (tail && *tail > std::max(known, seen_) && happens(rates_.stale)) {
    return std::max(known, seen_);
  }
  return tail;
}

Result<std::optional<std::string>> FaultyShare::read(Position position) {
  auto found = with_faults(Access::read, [&] { return share_->read(position); });
  if (found && *found && position > seen_ && happens(rates_.stale)) {
    return std::nullopt;
  }
  if (found && *found) {
    seen_ = std::max(seen_, position);
  }
  return found;
}

PutResult FaultyShare::put(Position position, std::string_view bytes) {
  PutResult put;
  const auto sent = with_faults(Access::write, [&]() -> Result<void> {
    put = share_->put(position, bytes);
    return {};
  });
  if (!sent) {
    return {PutOutcome::unknown, {}, sent.error()};
  }
  if (put.outcome != PutOutcome::unknown) {
    seen_ = std::max(seen_, position);
  }
  return put;
}

Result<void> FaultyShare::write_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  return with_faults(Access::write, [&] { return share_->write_cell(kind, name, bytes); });
}
Result<bool> FaultyShare::create_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  return with_faults(Access::write, [&] { return share_->create_cell(kind, name, bytes); });
}
Result<std::optional<Cell>> FaultyShare::read_cell(CellKind kind, std::string_view name) {
  return with_faults(Access::read, [&] { return share_->read_cell(kind, name); });
}
Result<std::vector<std::string>> FaultyShare::list_cells(CellKind kind) {
  return with_faults(Access::read, [&] { return share_->list_cells(kind); });
}
Result<void> FaultyShare::remove_cell(CellKind kind, std::string_view name) {
  return with_faults(Access::write, [&] { return share_->remove_cell(kind, name); });
}
Result<void> FaultyShare::write_blob(std::string_view name, std::string_view bytes) {
  return with_faults(Access::write, [&] { return share_->write_blob(name, bytes); });
}
Result<std::optional<std::string>> FaultyShare::read_blob(std::string_view name, Bytes limit) {
  return with_faults(Access::read, [&] { return share_->read_blob(name, limit); });
}
Result<std::vector<std::string>> FaultyShare::list_blobs() {
  return with_faults(Access::read, [&] { return share_->list_blobs(); });
}
Result<void> FaultyShare::remove_blob(std::string_view name) {
  return with_faults(Access::write, [&] { return share_->remove_blob(name); });
}
Result<void> FaultyShare::remove_stale(WallTime before) {
  return with_faults(Access::write, [&] { return share_->remove_stale(before); });
}
Result<std::string> FaultyShare::cluster() {
  return with_faults(Access::read, [&] { return share_->cluster(); });
}

Result<WallTime> FaultyShare::now() {
  return with_faults(Access::read, [&] { return share_->now(); });
}

}  // namespace swarmout::test
