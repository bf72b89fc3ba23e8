// A share that is a prefix of keys in an etcd.
//
// The exclusive create is a transaction that compares and puts; etcd's own locks and elections are not used. Leases
// only clear away the records of hosts that are gone: nothing is decided by a lease. Keys and values:
// docs/formats/share-etcd.md; why: docs/decisions/0012-etcd.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/share/etcd/etcd_kv.hpp"
#include "common/share/etcd/etcd_settings.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <map>

namespace swarmout {

/// Blobs are cut into parts of this size: one request to etcd may have 1.5 MiB, and a transaction 128 conditions.
inline constexpr Bytes kEtcdPart = 768 * kKiB;

/// As FORMAT names it.
inline constexpr const char* kEtcdPrimitive = "txn";

class EtcdShare final : public Share {
public:
  /// `put_patience`: how long an ambiguous put() is repeated before it answers `unknown`.
  explicit EtcdShare(EtcdSettings settings, Clock& clock = system_clock(),
                     std::chrono::milliseconds put_patience = std::chrono::seconds(30));

  /// As open_share() and init_share().
  [[nodiscard]] static Result<std::unique_ptr<EtcdShare>> open(EtcdSettings settings);
  [[nodiscard]] static Result<InitOutcome> init(EtcdSettings settings);
  /// The share of a job, below the prefix of this one. Errors: also unavailable: this one is no share.
  [[nodiscard]] static Result<InitOutcome> init_job(EtcdSettings settings, const std::string& job);

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
  Result<WallTime> now() override { return kv_.client().now(); }
  Result<std::string> cluster() override;
  std::string name() const override { return kv_.client().settings().url(); }

private:
  struct Lease {
    std::int64_t id = 0;
    MonotonicTime renewed{};
  };
  struct Seen {
    Position position;
    std::int64_t revision = 0;
  };

  std::string key(std::string_view rest) const;
  std::string entry_key(Position position) const;
  Result<std::string> format();
  [[nodiscard]] std::optional<Position> position_of(const std::string& entry) const;
  Result<Position> highest(Position from);
  PutResult judge(Position position, std::string_view bytes, const EtcdOutcome& outcome);
  Result<EtcdOutcome> put_cell(CellKind kind, std::string_view name, std::string_view bytes, bool only_if_absent);
  Result<void> write(EtcdTransaction transaction);
  Result<void> gone();
  Result<std::vector<std::string>> names_in(std::string_view directory);
  Result<std::int64_t> lease_for(CellKind kind);
  void saw(Position position, std::int64_t revision);

  EtcdKv kv_;
  Clock& clock_;
  std::chrono::milliseconds put_patience_;
  Seen seen_;  ///< the highest entry that was read or written through this object
  std::map<CellKind, Lease> leases_;
};

}  // namespace swarmout
