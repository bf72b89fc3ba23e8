// Who is served now, when hosts at several addresses ask: an address's part does not grow with its connections.
//
// TCP and libtorrent share a line by connection, so a stranger with a hundred of them would leave a hundredth to each
// host. While hosts at other addresses ask for something, too, only a few connections of one address are served at a
// time, by turns. Hosts that are alone at their address, and all hosts of a fleet behind one, notice nothing.
//
// Pure: no clock, no network. One thread. See docs/decisions/0048-an-address-has-one-part.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/net/address_set.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace swarmout {

class ServingTurns {
public:
  using Host = std::uint64_t;  ///< one connection

  /// Connections of one address that are served at a time: a service, and a fetch by hand beside it.
  static constexpr std::size_t kAtATime = 2;
  /// How long each is served while others wait: long beside what its buffers hold when the turn is over.
  static constexpr std::chrono::seconds kTurn{5};
  /// Who has not asked for so long wants nothing.
  static constexpr std::chrono::seconds kWants{2};

  void joined(Host host, const IpBytes& owner);
  void left(Host host);
  /// It asks for something: is it served?
  [[nodiscard]] bool asked(Host host, MonotonicTime now);
  /// It was told to wait: may it ask now?
  [[nodiscard]] bool may_ask(Host host, MonotonicTime now);

private:
  struct Turn {
    MonotonicTime since{};
    MonotonicTime asked{};
  };
  struct Owner {
    std::size_t connections = 0;
    std::map<Host, Turn> turns;
    std::deque<Host> waiting;
  };
  struct Asking {
    IpBytes owner{};
    std::optional<MonotonicTime> when{};
  };
  [[nodiscard]] bool others_ask(const IpBytes& owner, MonotonicTime now) const;
  [[nodiscard]] bool has_turn(Owner& owner, Host host, MonotonicTime now);
  void note(const IpBytes& owner, MonotonicTime now);

  std::map<Host, IpBytes> hosts_;
  std::map<IpBytes, Owner> owners_;
  Asking last_;    ///< the owner that asked last
  Asking before_;  ///< another one, that asked last before it
};

}  // namespace swarmout
