// Where a host of the swarm can be reached.

#pragma once

#include "common/base/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace swarmout {

struct Endpoint {
  std::string address;  ///< numeric IPv4 or IPv6
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};

/// "192.0.2.1:6881", "[2001:db8::1]:6881". parse: refused, unless it is exactly that with a port that is not 0.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

/// The first numeric address of a host name (or of an address); empty if there is none.
[[nodiscard]] std::string resolve(const std::string& host);

/// The local address from which `towards` (numeric) is reached; no packet is sent. Empty if there is no route.
[[nodiscard]] std::string local_address_towards(const std::string& towards);

}  // namespace swarmout
