// A real GlusterFS on this machine: one brick, one FUSE mount, no glusterd. Gone when the test is.

#pragma once

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <memory>
#include <optional>

namespace swarmout::test {

class Gluster {
public:
  Gluster();
  ~Gluster();
  Gluster(const Gluster&) = delete;
  Gluster& operator=(const Gluster&) = delete;

  /// Why there can be none here; empty: there can.
  [[nodiscard]] static std::string missing();

  /// Where it is mounted.
  [[nodiscard]] Path mount() const { return dir_ / "mount"; }
  /// The server dies, and comes back with what it has on disk. Calls meanwhile hang or fail.
  void kill_brick();
  void start_brick();

private:
  TempDir dir_;
  std::uint16_t port_;
  std::optional<Process> brick_;
  std::optional<Process> client_;
  int processes_ = 0;
};

}  // namespace swarmout::test
