// Somebody who reads the active trees of hosts all the time, and knows what they may be.

#pragma once

#include "common/base/files.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace swarmout::test {

/// Of all paths, kinds, x bits, targets and bytes. Nothing: not there, or it is just being removed.
[[nodiscard]] std::optional<std::string> tree_digest(const Path& root);

class TreeWatch {
public:
  TreeWatch();

  /// From here on also this destination, whose `current` exists.
  void look_at(const Path& dest);
  /// A tree that may be active.
  void allow(const std::string& digest);

  [[nodiscard]] std::vector<std::string> violations() const;
  [[nodiscard]] long looks() const { return looks_; }

private:
  void look(const Path& dest);

  mutable std::mutex mutex_;
  std::vector<Path> places_;
  std::set<std::string> allowed_;
  std::vector<std::string> violations_;
  std::atomic<long> looks_{0};
  std::jthread thread_;
};

}  // namespace swarmout::test
