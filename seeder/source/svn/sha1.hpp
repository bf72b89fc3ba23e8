// SHA-1, by which Subversion names what it keeps. Wraps OpenSSL. Not for trust: for disks that lose something.

#pragma once

#include "common/base/units.hpp"

#include <array>
#include <memory>

namespace swarmout {

/// Hashes a stream, once. One thread.
class Sha1 {
public:
  Sha1();
  ~Sha1();
  Sha1(const Sha1&) = delete;
  Sha1& operator=(const Sha1&) = delete;

  void update(ByteView data);
  [[nodiscard]] std::array<std::byte, 20> finish();

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace swarmout
