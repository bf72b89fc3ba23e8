// Addresses as sets: what an operator allows, and what nobody has for its own.
//
// Pure: nothing is resolved, nothing is sent.

#pragma once

#include "common/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// An address, in network order; of IPv4 as ::ffff:192.0.2.1, so that both are compared alike.
using IpBytes = std::array<std::uint8_t, 16>;

/// Of a numeric address, without its zone. Nullopt: it is none.
[[nodiscard]] std::optional<IpBytes> ip_bytes(std::string_view numeric);
/// Of 4 or 16 bytes as they travel. Nullopt: another size.
[[nodiscard]] std::optional<IpBytes> ip_of_raw(std::string_view raw);
[[nodiscard]] bool is_v4(const IpBytes& address);

enum class AddressKind : std::uint8_t {
  host,        ///< unicast: may be some host
  loopback,    ///< this host
  link_local,  ///< on this link only
  no_host,     ///< unspecified, multicast, broadcast, reserved
};
[[nodiscard]] AddressKind kind_of(const IpBytes& address);

/// What whoever has an address probably has all of: itself in IPv4, a /64 in IPv6.
[[nodiscard]] IpBytes owner_of(const IpBytes& address);

/// The addresses that begin alike.
class Network {
public:
  /// "192.0.2.0/24", "2001:db8::/32", or one address. Errors: refused: it is no network, or has bits beyond its prefix.
  [[nodiscard]] static Result<Network> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpBytes& address) const;
  [[nodiscard]] const IpBytes& first() const { return first_; }
  [[nodiscard]] IpBytes last() const;
  bool operator==(const Network&) const = default;

private:
  IpBytes first_{};
  std::size_t prefix_ = 0;  ///< in bits of IpBytes
};

class AddressSet {
public:
  /// More are a mistake, and each connection is held against all of them.
  static constexpr std::size_t kMostNetworks = 256;

  /// Networks with commas between them, at least one. Errors: refused, naming the part that is wrong.
  [[nodiscard]] static Result<AddressSet> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpBytes& address) const;
  [[nodiscard]] const std::vector<Network>& networks() const { return networks_; }
  bool operator==(const AddressSet&) const = default;

private:
  std::vector<Network> networks_;
};

}  // namespace swarmout
