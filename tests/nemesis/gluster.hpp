// A real GlusterFS on this machine: one brick, FUSE mounts as on so many hosts, no glusterd. Gone when the test is.

#pragma once

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace swarmout::test {

class Gluster {
public:
  explicit Gluster(int mounts = 1);
  ~Gluster();
  Gluster(const Gluster&) = delete;
  Gluster& operator=(const Gluster&) = delete;

  /// Why there can be none here; empty: there can.
  [[nodiscard]] static std::string missing();

  /// Where it is mounted. Each mount has a client of its own, with its own caches.
  [[nodiscard]] Path mount(int number = 1) const { return dir_ / ("mount" + std::to_string(number)); }
  /// The server dies, and comes back with what it has on disk. Calls meanwhile hang or fail.
  void kill_brick();
  void start_brick();

private:
  TempDir dir_;
  std::uint16_t port_;
  std::optional<Process> brick_;
  std::vector<Process> clients_;
  int processes_ = 0;
};

}  // namespace swarmout::test
