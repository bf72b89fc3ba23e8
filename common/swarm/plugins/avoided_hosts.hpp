// The hosts that nothing is asked of: those that stalled, for a growing time, those that may have sent bad
// data, for a short one, and those that did, for good.
//
// Pure: no clock, no network. One thread.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"

#include <chrono>
#include <cstddef>
#include <map>

namespace swarmout {

class AvoidedHosts {
public:
  /// Of the first stall; each one after it doubles the time, as long as nothing is delivered between them.
  static constexpr std::chrono::seconds kFirst{10};
  static constexpr std::chrono::seconds kLongest{600};
  /// Remembered at most; then the one that was noticed longest ago is forgotten.
  static constexpr std::size_t kMost = 10'000;

  /// `host`: where it listens; hosts behind one address are told apart by port.
  void stalled(const Endpoint& host, MonotonicTime now);
  void suspected(const Endpoint& host, MonotonicTime now);
  /// It delivered, or what it delivered was right.
  void delivered(const Endpoint& host);
  /// False: this was known.
  bool sent_bad_data(const Endpoint& host, MonotonicTime now);

  [[nodiscard]] bool avoided(const Endpoint& host, MonotonicTime now) const;
  [[nodiscard]] bool bad(const Endpoint& host) const;

private:
  struct Record {
    bool bad = false;
    std::chrono::seconds pause{0};
    MonotonicTime until{};
    MonotonicTime noticed{};
  };
  Record& record_of(const Endpoint& host, MonotonicTime now);

  std::map<Endpoint, Record> records_;
};

}  // namespace swarmout
