// A directory of this process's own, in a place where several processes have theirs.
//
// It is removed with its owner. What an owner that was killed left behind is removed by others: each has a lock beside
// its directory, and flock(2) ends with the process.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

namespace swarmout {

class Scratch {
public:
  /// Errors: cannot_write.
  [[nodiscard]] static Result<Scratch> make(const Path& place);
  ~Scratch();
  Scratch(Scratch&&) = default;
  Scratch& operator=(Scratch&&) = delete;

  [[nodiscard]] const Path& path() const { return path_; }

  /// Removes what has no owner any more.
  [[nodiscard]] static Result<void> clear(const Path& place);

private:
  Scratch(Path path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  Path path_;
  Fd lock_;
};

}  // namespace swarmout
