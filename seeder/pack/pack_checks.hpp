// Which packs of the store are known to be whole, so that not every run reads all of them.
//
// A pack that has been read and found good counts as good while inode, size and time of modification are what they were
// then, for a day: what a disk loses without a trace is looked for once a day, and not in each run. Such a pack harms
// no tree in the meantime: whoever fetches checks each piece. The time of change says nothing here: each layout links
// to packs. Layout: docs/formats/state.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/release/store.hpp"

#include <chrono>
#include <map>
#include <string>

namespace swarmout {

/// One run's. One thread.
class PackChecks {
public:
  static constexpr std::chrono::hours kGoodFor{24};

  /// Takes up what earlier runs have left; a damaged record says nothing.
  PackChecks(Store& store, WallTime now);

  /// As Store::check_pack(), but reads the pack only if nobody has since `kGoodFor`.
  [[nodiscard]] Result<bool> whole(const Digest& root, Bytes size);
  /// For the next run, if anything was read: what was asked for here. A failure costs time only, and is said.
  void keep() const;

private:
  struct Good {
    std::uint64_t inode = 0;
    std::int64_t modified = 0;  ///< nanoseconds since 1970
    std::int64_t read = 0;      ///< likewise: when
    [[nodiscard]] bool same_file(const Good& other) const { return inode == other.inode && modified == other.modified; }
  };
  [[nodiscard]] static std::optional<Good> looks_of(const Path& pack);

  Store& store_;
  std::int64_t now_;
  std::map<std::string, Good> known_;
  std::map<std::string, Good> kept_;
  bool new_ = false;
};

}  // namespace swarmout
