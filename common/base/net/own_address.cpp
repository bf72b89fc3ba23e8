#include "common/base/net/own_address.hpp"

#include "common/base/endpoint.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>

namespace swarmout {

namespace {

/// Addresses of the documentation prefixes (RFC 5737, RFC 3849): only a default route leads there.
constexpr std::array<const char*, 2> kAnywhere = {"192.0.2.1", "2001:db8::1"};

bool others_reach(const in_addr& address) {
  const std::uint32_t value = ntohl(address.s_addr);
  const bool loopback = value >> 24U == 127;
  const bool link_local = value >> 16U == 0xa9fe;  // 169.254.0.0/16
  return value != 0 && !loopback && !link_local;
}

bool others_reach(const in6_addr& address) {
  return !IN6_IS_ADDR_UNSPECIFIED(&address) && !IN6_IS_ADDR_LOOPBACK(&address) && !IN6_IS_ADDR_LINKLOCAL(&address);
}

bool others_reach(const std::string& numeric) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, numeric.c_str(), &v4) == 1) {
    return others_reach(v4);
  }
  return ::inet_pton(AF_INET6, numeric.c_str(), &v6) == 1 && others_reach(v6);
}

std::string text_of_address(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address != nullptr && address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address != nullptr && address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::optional<std::string> address_of_interface(sa_family_t family) {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return std::nullopt;
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(first, ::freeifaddrs);
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if ((each->ifa_flags & IFF_UP) != 0 && each->ifa_addr != nullptr && each->ifa_addr->sa_family == family) {
      std::string text = text_of_address(each->ifa_addr);
      if (others_reach(text)) {
        return text;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> own_address(const std::vector<std::string>& towards) {
  std::vector<std::string> targets = towards;
  targets.insert(targets.end(), kAnywhere.begin(), kAnywhere.end());
  for (const std::string& each : targets) {
    std::string local = each.empty() ? "" : local_address_towards(each);
    if (others_reach(local)) {  // not so for a server on this host, which says nothing about others
      return local;
    }
  }
  const auto v4 = address_of_interface(AF_INET);
  return v4 ? v4 : address_of_interface(AF_INET6);
}

}  // namespace swarmout
