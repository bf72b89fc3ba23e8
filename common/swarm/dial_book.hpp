// How often which address is tried. Who is named and does not answer is tried more and more seldom, then not any more:
// a record that names an address that is none of the fleet's costs it a few packets, not a fleet's connections for
// ever.
//
// Threads: any. See docs/decisions/0046-whom-a-host-connects-to.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace swarmout {

class DialBook {
public:
  /// After the first try; each one after it doubles the pause.
  static constexpr std::chrono::seconds kFirst{4};
  static constexpr std::chrono::seconds kLongest{300};
  /// Half an hour of them. Then it rests, and is forgotten.
  static constexpr std::size_t kMostTries = 12;
  static constexpr std::chrono::hours kForgotten{1};
  /// Handshakes without an answer at first; a host that has only begun has no release yet. Then one a try.
  static constexpr std::size_t kHandshakes = 2;
  /// Ports of one address that were tried while it has never answered: hosts may share an address, but one of them
  /// answers.
  static constexpr std::size_t kMostOfAnAddress = 16;
  /// Endpoints that are tried for the first time in a minute. A host needs a dozen.
  static constexpr std::size_t kMostNews = 60;
  /// Remembered at most; then the one that was noticed longest ago is forgotten.
  static constexpr std::size_t kMost = 4096;

  /// May it be tried now? If so, that is a try. Not while there is a connection with it.
  [[nodiscard]] bool dial(const Endpoint& endpoint, MonotonicTime now);
  /// Something took the connection, as any server does. May a handshake be tried once more? libtorrent takes it for no
  /// failure when that ends without an answer, and would try again each second.
  [[nodiscard]] bool reached(const Endpoint& endpoint, MonotonicTime now);
  /// Somebody of the swarm is there, whoever connected to whom.
  void met(const Endpoint& endpoint, MonotonicTime now);
  /// And is gone.
  void left(const Endpoint& endpoint, MonotonicTime now);

private:
  struct Record {
    std::size_t tries = 0;                 ///< since it was last met
    bool answered = false;                 ///< it was met, ever
    std::size_t connections = 0;           ///< now
    std::size_t handshakes = kHandshakes;  ///< that may be tried before it is dialled again
    MonotonicTime noticed{};
  };
  [[nodiscard]] static bool due(const Record& record, MonotonicTime now);
  [[nodiscard]] bool may_begin(const Endpoint& endpoint, MonotonicTime now);
  Record& record_of(const Endpoint& endpoint, MonotonicTime now);

  std::mutex mutex_;
  std::map<Endpoint, Record> records_;
  MonotonicTime minute_{};
  std::size_t news_ = 0;  ///< in that minute
};

}  // namespace swarmout
