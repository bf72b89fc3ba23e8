// A share that fails by chance: any share, behind a fault of some kind for each call.
//
// The faults of a seed are always the same; which host meets which of them depends on the schedule.

#pragma once

#include "common/share/share.hpp"

#include <atomic>
#include <random>

namespace swarmout::test {

/// Chances, of a thousand calls.
struct FaultRates {
  unsigned fails = 30;    ///< nothing is done: EIO, ESTALE, ENOTCONN; of writes also ENOSPC, EROFS
  unsigned lost = 30;     ///< done, then reported as failed
  unsigned stale = 100;   ///< an old listing, or an entry that cannot be seen yet
  unsigned vanishes = 2;  ///< the share is away for the next `away` calls
  unsigned away = 20;
};

class FaultyShare final : public Share {
public:
  FaultyShare(std::unique_ptr<Share> share, std::uint64_t seed, FaultRates rates, std::atomic<std::size_t>& injected)
      : share_(std::move(share)), random_(seed), rates_(rates), injected_(injected) {}

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
  std::string name() const override { return share_->name(); }

private:
  enum class Access { read, write };
  bool happens(unsigned rate);
  Error error(Access access);
  template <typename Call>
  auto with_faults(Access access, Call call) -> decltype(call());

  std::unique_ptr<Share> share_;
  std::mt19937_64 random_;
  FaultRates rates_;
  std::atomic<std::size_t>& injected_;
  unsigned away_ = 0;
  Position seen_;  ///< what was read once is never unseen: entries do not change
};

}  // namespace swarmout::test
