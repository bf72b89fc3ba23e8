#include "common/share/etcd/etcd_share.hpp"

#include "common/base/key_values.hpp"
#include "common/share/share_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace swarmout {

namespace {

using Condition = EtcdCondition::Kind;

constexpr std::string_view kWritten = "written ";

/// Longer than the silence after which a host counts as gone, so that a lease is never what decides that.
constexpr std::chrono::seconds kLease{90};
/// A stage is written once and must outlive any run; the leader that made it takes it away.
constexpr std::chrono::hours kStageLease{7 * 24};

/// Keys among the entries that are none: each is a call to find the one before it.
constexpr int kMaxStrayKeys = 100;

/// Between two attempts of a put whose outcome is not known: an election of etcd takes about a second.
constexpr std::chrono::milliseconds kPutAgain{100};

std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole ? std::optional(value) : std::nullopt;
}

std::string seal_cell(std::string_view bytes, WallTime now) {
  const std::chrono::nanoseconds since_epoch = now.time_since_epoch();
  return fmt::format("{}{}\n{}", kWritten, since_epoch.count(), bytes);
}

Result<Cell> unseal_cell(const EtcdValue& value, WallTime now) {
  const std::string_view sealed = value.bytes;
  const std::size_t line = sealed.substr(0, 40).find('\n');
  REFUSE_UNLESS(sealed.starts_with(kWritten) && line != std::string_view::npos && sealed.size() - line - 1 <= kMaxCell,
                fmt::format("{} in etcd is not a cell", escape_value(value.key)));
  const auto nanos = number_of(sealed.substr(kWritten.size(), line - kWritten.size()));
  REFUSE_UNLESS(nanos && *nanos < std::uint64_t{1} << 62,
                fmt::format("{} in etcd was written at no time", escape_value(value.key)));
  // Never later than now: one host whose clock is ahead must not make all others look silent.
  return Cell{std::string(sealed.substr(line + 1)), std::min(WallTime(std::chrono::nanoseconds(*nanos)), now)};
}

Error no_lease(Error error) {
  if (error.code == ErrorCode::not_found) {
    error.code = ErrorCode::temporary;
  }
  return error;
}

}  // namespace

EtcdShare::EtcdShare(EtcdSettings settings, Clock& clock, std::chrono::milliseconds put_patience)
    : kv_(EtcdClient(std::move(settings), clock)), clock_(clock), put_patience_(put_patience) {}

Result<std::unique_ptr<EtcdShare>> EtcdShare::open(EtcdSettings settings) {
  auto share = std::make_unique<EtcdShare>(std::move(settings));
  TRY_ASSIGN(const std::string text, share->format());
  TRY(check_format(text, kEtcdPrimitive, share->name()));
  return share;
}

std::string EtcdShare::key(std::string_view rest) const {
  return fmt::format("{}/{}", kv_.client().settings().prefix, rest);
}

std::string EtcdShare::entry_key(Position position) const {
  return key(fmt::format("log/{:020}", position.value));  // as wide as the widest number, so that keys sort
}

Result<std::string> EtcdShare::format() {
  TRY_ASSIGN(const auto found, kv_.get(key("FORMAT")));
  if (!found) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} has no FORMAT key: it was never initialised, or this is another etcd", name()),
                cure_of_no_format(name()));
  }
  return found->bytes;
}

Result<std::string> EtcdShare::cluster() {
  TRY_ASSIGN(const std::string text, format());
  return cluster_in(text, name());
}

void EtcdShare::saw(Position position, std::int64_t revision) {
  if (position >= seen_.position) {
    seen_ = {position, revision};
  }
}

std::optional<Position> EtcdShare::position_of(const std::string& entry) const {
  const auto number = number_of(std::string_view(entry).substr(key("log/").size()));
  const bool ours = number && *number > 0 && entry == entry_key({*number});
  return ours ? std::optional(Position{*number}) : std::nullopt;
}

Result<Position> EtcdShare::highest(Position from) {
  EtcdRange range{entry_key(from), entry_key(kLastPosition.next()), 1, true, true};
  for (int i = 0; i < kMaxStrayKeys; ++i) {
    TRY_ASSIGN(const auto found, kv_.range(range));
    if (found.empty()) {
      return Position{};
    }
    const std::string& last = found.front().key;
    if (const auto position = position_of(last)) {
      return *position;
    }
    range.end = last;  // not an entry: look below it
  }
  return fail(ErrorCode::refused, fmt::format("{} has many keys among its entries that are none", name()),
              "find out who put them there, and remove them");
}

Result<std::vector<Position>> EtcdShare::numbers_below(Position below, std::size_t most) {
  const EtcdRange range{key("log/"), entry_key(below), static_cast<unsigned>(most), true, true};
  TRY_ASSIGN(const auto found, kv_.range(range));
  std::vector<Position> numbers;
  for (const EtcdValue& each : found) {
    if (const auto position = position_of(each.key)) {
      numbers.push_back(*position);
    }
  }
  return numbers;
}

Result<Position> EtcdShare::tail(Position known) {
  // etcd reads the whole range before it sorts, so the range begins at the highest entry that is known to be there.
  const Position from = std::max(known, seen_.position);
  TRY_ASSIGN(Position tail, highest(from));
  if (tail.value == 0) {
    TRY(format());
    seen_ = {};
    if (from.value > 0) {
      TRY_ASSIGN(tail, highest({}));
    }
  }
  return tail;
}

Result<std::optional<std::string>> EtcdShare::read(Position position) {
  TRY_ASSIGN(auto found, kv_.get(entry_key(position)));
  if (!found) {
    return std::nullopt;
  }
  REFUSE_UNLESS(found->bytes.size() <= kMaxEntry,
                fmt::format("log entry {} of {} is larger than allowed", position.value, name()));
  saw(position, found->revision);
  return std::optional(std::move(found->bytes));
}

PutResult EtcdShare::judge(Position position, std::string_view bytes, const EtcdOutcome& outcome) {
  if (outcome.done) {
    saw(position, outcome.revision);
    return {PutOutcome::won, {}, {}};
  }
  if (outcome.found) {
    if (outcome.found->bytes == bytes) {
      saw(position, outcome.found->revision);
      return {PutOutcome::won, {}, {}};
    }
    return {PutOutcome::lost, outcome.found->bytes, {}};
  }
  if (const auto there = format(); !there) {
    return {PutOutcome::unknown, {}, there.error()};
  }
  const Position before = position.previous();
  return {
      PutOutcome::unknown,
      {},
      {ErrorCode::temporary, fmt::format("log entry {} of {} is no longer the one that was read", before.value, name()),
       "was etcd restored from a backup? The next run will tell"}};
}

PutResult EtcdShare::put(Position position, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxEntry);
  const std::string entry = entry_key(position);
  EtcdTransaction create{{{Condition::absent, entry, 0}, {Condition::present, key("FORMAT"), 0}},
                         {{EtcdWrite::Kind::put, entry, std::string(bytes), 0, {}}},
                         entry};
  if (seen_.position.value > 0 && seen_.position.next() == position) {
    create.conditions.push_back({Condition::unchanged, entry_key(seen_.position), seen_.revision});
  }
  const MonotonicTime deadline = clock_.now() + put_patience_;
  while (true) {
    const auto outcome = kv_.commit(create);
    if (outcome) {
      return judge(position, bytes, *outcome);
    }
    const bool stopped = kv_.client().settings().stop.stop_requested();
    if (outcome.error().code != ErrorCode::temporary || stopped || clock_.now() >= deadline) {
      return {PutOutcome::unknown, {}, outcome.error()};
    }
    clock_.sleep(kPutAgain, kv_.client().settings().stop);
  }
}

/// Nothing is written beside a share that is not there.
Result<void> EtcdShare::write(EtcdTransaction transaction) {
  transaction.conditions.push_back({Condition::present, key("FORMAT"), 0});
  TRY_ASSIGN(const EtcdOutcome outcome, kv_.commit(transaction));
  return outcome.done ? Result<void>() : gone();
}

Result<void> EtcdShare::gone() {
  TRY(format());
  return fail(ErrorCode::temporary, fmt::format("{} was changed at the same time", name()));
}

/// A lease of this object's own, kept alive by writing. Losing it costs nothing: the next write gets a new one.
Result<std::int64_t> EtcdShare::lease_for(CellKind kind) {
  if (kind == CellKind::stage) {
    return kv_.grant_lease(kStageLease);
  }
  Lease& lease = leases_[kind];
  const MonotonicTime now = clock_.now();
  if (lease.id != 0 && now - lease.renewed > kLease / 3) {
    TRY_ASSIGN(const bool alive, kv_.keep_alive(lease.id));
    lease = alive ? Lease{lease.id, now} : Lease{};
  }
  if (lease.id == 0) {
    TRY_ASSIGN(const std::int64_t id, kv_.grant_lease(kLease));
    lease = {id, now};
  }
  return lease.id;
}

Result<void> EtcdShare::write_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  TRY_ASSIGN(const EtcdOutcome outcome, put_cell(kind, name, bytes, false));
  return outcome.done ? Result<void>() : gone();
}

Result<bool> EtcdShare::create_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  TRY_ASSIGN(const EtcdOutcome outcome, put_cell(kind, name, bytes, true));
  if (!outcome.done && !outcome.found) {
    TRY(gone());
  }
  return outcome.done;
}

Result<EtcdOutcome> EtcdShare::put_cell(CellKind kind, std::string_view name, std::string_view bytes,
                                        bool only_if_absent) {
  INVARIANT(bytes.size() <= kMaxCell);
  TRY(check_name(name));
  const std::string cell_key = key(cell_path(kind, name));
  EtcdTransaction put{{{Condition::present, key("FORMAT"), 0}},
                      {{EtcdWrite::Kind::put, cell_key, seal_cell(bytes, kv_.client().now()), 0, {}}},
                      {}};
  if (only_if_absent) {
    put.conditions.push_back({Condition::absent, cell_key, 0});
    put.otherwise_read = cell_key;
  }
  for (bool again = false;; again = true) {
    TRY_ASSIGN(put.writes.front().lease, lease_for(kind).map_error(no_lease));
    auto outcome = kv_.commit(put);
    if (outcome || outcome.error().code != ErrorCode::not_found || again) {
      return outcome.map_error(no_lease);
    }
    leases_.erase(kind);  // etcd may end leases early
  }
}

Result<std::optional<Cell>> EtcdShare::read_cell(CellKind kind, std::string_view name) {
  TRY(check_name(name));
  TRY_ASSIGN(const auto found, kv_.get(key(cell_path(kind, name))));
  if (!found) {
    return std::nullopt;
  }
  return unseal_cell(*found, kv_.client().now());
}

Result<std::vector<std::string>> EtcdShare::names_in(std::string_view directory) {
  const std::string prefix = key(fmt::format("{}/", directory));
  TRY_ASSIGN(const auto found, kv_.range({prefix, end_of_prefix(prefix), 0, true, false}));
  if (found.empty()) {
    TRY(format());
  }
  std::vector<std::string> names;
  for (const EtcdValue& each : found) {
    std::string name = each.key.substr(prefix.size());
    if (good_name(name)) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

Result<std::vector<std::string>> EtcdShare::list_cells(CellKind kind) {
  return names_in(cell_directory(kind));
}

Result<void> EtcdShare::remove_cell(CellKind kind, std::string_view name) {
  TRY(check_name(name));
  return write({{}, {{EtcdWrite::Kind::remove, key(cell_path(kind, name)), {}, 0, {}}}, {}});
}

Result<void> EtcdShare::remove_stale(WallTime before) {
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage, CellKind::peer}) {
    TRY_ASSIGN(const auto names, list_cells(kind));
    for (const std::string& name : names) {
      const auto cell = read_cell(kind, name);
      if (cell && *cell && (*cell)->written < before) {
        TRY(remove_cell(kind, name));
      }
    }
  }
  return {};
}

}  // namespace swarmout
