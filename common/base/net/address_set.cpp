#include "common/base/net/address_set.hpp"

#include "common/base/key_values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace swarmout {

namespace {

constexpr std::size_t kBitsV4 = 32;
constexpr std::size_t kBits = 128;
constexpr IpBytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  ///< what IPv4 addresses begin with
constexpr std::size_t kMappedSize = 12;
constexpr std::size_t kShownPart = 60;

IpBytes mapped(const std::uint8_t* v4) {
  IpBytes address = kMapped;
  std::copy_n(v4, address.size() - kMappedSize, address.begin() + kMappedSize);
  return address;
}

/// All bits after the first `prefix` ones are `ones`, or not.
IpBytes with_tail(IpBytes address, std::size_t prefix, bool ones) {
  for (std::size_t bit = prefix; bit < kBits; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
    std::uint8_t& byte = address.at(bit / 8);
    byte = static_cast<std::uint8_t>(ones ? byte | mask : byte & ~mask);
  }
  return address;
}

Error wrong_part(std::string_view part, std::string_view why) {
  return {ErrorCode::refused, fmt::format("\"{}\" {}", printable(std::string(part.substr(0, kShownPart))), why), {}};
}

}  // namespace

std::optional<IpBytes> ip_bytes(std::string_view numeric) {
  const std::string text(numeric.substr(0, numeric.find('%')));
  if (text.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  std::array<std::uint8_t, sizeof(in_addr)> v4{};
  if (::inet_pton(AF_INET, text.c_str(), v4.data()) == 1) {
    return mapped(v4.data());
  }
  IpBytes v6{};
  return ::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1 ? std::optional(v6) : std::nullopt;
}

std::optional<IpBytes> ip_of_raw(std::string_view raw) {
  IpBytes address{};
  if (raw.size() == sizeof(in_addr)) {
    std::array<std::uint8_t, sizeof(in_addr)> v4{};
    std::memcpy(v4.data(), raw.data(), raw.size());
    return mapped(v4.data());
  }
  if (raw.size() != address.size()) {
    return std::nullopt;
  }
  std::memcpy(address.data(), raw.data(), raw.size());
  return address;
}

bool is_v4(const IpBytes& address) {
  return std::equal(kMapped.begin(), kMapped.begin() + kMappedSize, address.begin());
}

AddressKind kind_of(const IpBytes& address) {
  if (is_v4(address)) {
    const std::uint8_t first = address[kMappedSize];
    const bool link_local = first == 169 && address[kMappedSize + 1] == 254;  // RFC 3927
    return first == 0 || first >= 224 ? AddressKind::no_host  // RFC 1122; multicast, reserved and broadcast above
           : first == 127             ? AddressKind::loopback
           : link_local               ? AddressKind::link_local
                                      : AddressKind::host;
  }
  constexpr IpBytes kAny{};
  constexpr IpBytes kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  const bool link_local = address[0] == 0xfe && (address[1] & 0xc0U) == 0x80;
  return address == kAny || address[0] == 0xff ? AddressKind::no_host
         : address == kLoopback                ? AddressKind::loopback
         : link_local                          ? AddressKind::link_local
                                               : AddressKind::host;
}

IpBytes owner_of(const IpBytes& address) {
  constexpr std::size_t kSubnet = 64;
  return is_v4(address) ? address : with_tail(address, kSubnet, false);
}

Result<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = text.find('%') == std::string_view::npos ? ip_bytes(text.substr(0, slash)) : std::nullopt;
  if (!address) {
    return tl::unexpected(wrong_part(text, "is no numeric address, or network such as 192.0.2.0/24"));
  }
  const bool v4 = text.find(':') == std::string_view::npos;
  if (!v4 && is_v4(*address)) {
    return tl::unexpected(wrong_part(text, "is an IPv4 address in IPv6 clothes: write it as IPv4"));
  }
  const std::size_t bits = v4 ? kBitsV4 : kBits;
  std::size_t prefix = bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || prefix > bits) {
      return tl::unexpected(wrong_part(text, fmt::format("has no prefix from 0 to {}", bits)));
    }
  }
  Network network;
  network.first_ = *address;
  network.prefix_ = prefix + kBits - bits;
  if (with_tail(*address, network.prefix_, false) != *address) {
    return tl::unexpected(wrong_part(text, "has bits beyond its prefix"));
  }
  return network;
}

bool Network::contains(const IpBytes& address) const {
  return with_tail(address, prefix_, false) == first_;
}

IpBytes Network::last() const {
  return with_tail(first_, prefix_, true);
}

Result<AddressSet> AddressSet::parse(std::string_view text) {
  AddressSet set;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    const auto first = part.find_first_not_of(' ');
    part = first == std::string_view::npos ? "" : part.substr(first, part.find_last_not_of(' ') - first + 1);
    TRY_ASSIGN(const Network network, Network::parse(part));
    if (set.networks_.size() == kMostNetworks) {
      return tl::unexpected(wrong_part(part, fmt::format("is one more than {} networks", kMostNetworks)));
    }
    set.networks_.push_back(network);
  }
  return set;
}

bool AddressSet::contains(const IpBytes& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& each) { return each.contains(address); });
}

}  // namespace swarmout
