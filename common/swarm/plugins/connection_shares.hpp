// Who has a place among a host's connections: no address takes all of them.
//
// When there is no room, the address with the most connections gives one up, and strangers give theirs up before hosts
// that the fleet's records name. Hosts behind one address have all the room that nobody else wants.
//
// Pure: no network. One thread. See docs/decisions/0048-an-address-has-one-part.md.

#pragma once

#include "common/base/net/address_set.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace swarmout {

class ConnectionShares {
public:
  using Host = std::uint64_t;  ///< one connection; those that came later have higher numbers

  /// Fewer of one address than this are no greed, however few places there are.
  static constexpr std::size_t kMany = 8;

  /// `most`: places. `of_an_address`: of one address at most; 0: as there is room.
  ConnectionShares(std::size_t most, std::size_t of_an_address) : most_(most), of_an_address_(of_an_address) {}

  void joined(Host host, const IpBytes& owner);
  void left(Host host);
  /// Which connection has to go now that `newcomer` has joined; itself perhaps. One place stays free as long as one
  /// address has more than half of them, so that the next newcomer gets in.
  [[nodiscard]] std::optional<Host> too_many(Host newcomer, const std::function<bool(const IpBytes&)>& of_fleet) const;

  /// How many hosts that may be: strangers at one address are one.
  [[nodiscard]] std::size_t others(const std::function<bool(const IpBytes&)>& of_fleet) const;

private:
  std::size_t most_;
  std::size_t of_an_address_;
  std::map<Host, IpBytes> hosts_;
  std::map<IpBytes, std::set<Host>> owners_;
};

}  // namespace swarmout
