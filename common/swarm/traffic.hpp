// What one torrent's hosts have sent each other, and when the pieces came.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/swarm/line_rate.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Payload exchanged with one host.
struct HostTraffic {
  Endpoint host;                 ///< where it listens, if it said so; else where it connected from
  Bytes in = 0;                  ///< blocks that arrived whole, good or bad
  Bytes out = 0;                 ///< handed to the kernel
  std::uint64_t bad_pieces = 0;  ///< pieces that failed their hash and had something of it
  bool banned = false;
  bool operator==(const HostTraffic&) const = default;
};

struct Traffic {
  std::vector<HostTraffic> hosts;  ///< bad ones first, then those with the most bytes
  std::uint64_t others = 0;        ///< connections that are not named
  Bytes others_in = 0;
  Bytes others_out = 0;

  [[nodiscard]] Bytes in() const;
  [[nodiscard]] Bytes out() const;
  bool operator==(const Traffic&) const = default;
};

/// The same sums with at most `hosts` named.
[[nodiscard]] Traffic shortened(Traffic traffic, std::size_t hosts);

/// One line, for a record: "ENDPOINT IN OUT BAD-PIECES BANNED;…;others NUMBER IN OUT". Reads at most kMostNamed hosts.
/// Errors: refused.
inline constexpr std::size_t kMostNamed = 64;
[[nodiscard]] std::string encode(const Traffic& traffic);
[[nodiscard]] Result<Traffic> decode_traffic(std::string_view text);

struct TransferReport {
  Traffic traffic;
  std::optional<std::chrono::milliseconds> first_piece;  ///< until the first piece from others was checked
  std::optional<std::chrono::milliseconds> last_piece;   ///< until the latest one
  double line_rate = 0;                                  ///< LineRate::best() of what was sent
  std::vector<Endpoint> whole{};                         ///< hosts that have said on a connection that they have it all
};

/// How many times as long a host took as the bound, F/u: F what it needed, u the seeder's rate. Nullopt if the rate is
/// not known or nothing was needed.
[[nodiscard]] std::optional<double> times_bound(std::chrono::milliseconds took, Bytes needed, double rate);

/// Any thread. Remembers at most kMostHosts hosts by name: how many there are is up to strangers.
class TrafficLedger {
public:
  static constexpr std::size_t kMostHosts = 4096;

  explicit TrafficLedger(MonotonicTime started) : started_(started) {}

  void received(const Endpoint& from, Bytes bytes);
  void sent(const Endpoint& to, Bytes bytes, MonotonicTime now);
  void has_all(const Endpoint& host);
  void piece_passed(MonotonicTime now);
  void piece_failed(const Endpoint& from);
  /// Nothing, if nothing was exchanged with it.
  void banned(const Endpoint& host);

  [[nodiscard]] TransferReport report() const;
  [[nodiscard]] Bytes in() const;
  [[nodiscard]] Bytes out() const;

private:
  /// Null for a host too many.
  [[nodiscard]] HostTraffic* entry(const Endpoint& host);
  [[nodiscard]] std::optional<std::chrono::milliseconds> since_start(std::optional<MonotonicTime> when) const;

  mutable std::mutex mutex_;
  const MonotonicTime started_;
  std::map<Endpoint, HostTraffic> hosts_;
  Traffic others_;  ///< no hosts in it
  std::set<Endpoint> whole_;
  std::optional<MonotonicTime> first_piece_;
  std::optional<MonotonicTime> last_piece_;
  LineRate rate_;
  Bytes in_ = 0;
  Bytes out_ = 0;
};

}  // namespace swarmout
