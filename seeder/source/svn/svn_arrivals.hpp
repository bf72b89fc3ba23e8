// Counts the bytes of the files that svn says it has got, so that a long fetch is seen to move.

#pragma once

#include "common/base/files.hpp"

#include <time.h>

#include <atomic>
#include <deque>
#include <string>
#include <string_view>

namespace swarmout {

/// Reads what `svn checkout` and `svn switch` print. One thread, but for `total`.
class SvnArrivals {
public:
  /// Adds to `total`; both outlive it.
  SvnArrivals(const Path& copy, std::atomic<Bytes>& total);

  /// The next bytes of what it prints: it names files before they are in their places.
  void take(std::string_view said);
  /// svn has ended.
  void finish() const;

private:
  [[nodiscard]] bool arrived(const std::string& path) const;

  const Path& copy_;
  std::atomic<Bytes>& total_;
  timespec began_{};
  std::string line_;
  std::deque<std::string> expected_;
};

}  // namespace swarmout
