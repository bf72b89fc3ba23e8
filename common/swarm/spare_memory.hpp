// Memory that the C library keeps for itself, given back by a process that runs for months.

#pragma once

#include "common/base/clock.hpp"

#include <malloc.h>

#include <chrono>

namespace swarmout {

class SpareMemory {
public:
  /// Before any thread. Several arenas keep fragments that cannot be given back; no thread here allocates often.
  static void keep_little() { ::mallopt(M_ARENA_MAX, 1); }

  /// To be called often. What buffers of transfers had: 50 MB after a release of 64 MB, 4 MB with this.
  void give_back(MonotonicTime now, bool busy) {
    if (!busy && now >= next_) {
      next_ = now + std::chrono::seconds(15);
      ::malloc_trim(0);
    }
  }

private:
  MonotonicTime next_{};
};

}  // namespace swarmout
