#include "common/base/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <memory>

namespace swarmout {

namespace {

struct AddressCloser {
  void operator()(addrinfo* info) const { ::freeaddrinfo(info); }
};

std::unique_ptr<addrinfo, AddressCloser> numeric(const std::string& address) {
  addrinfo wanted{};
  wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  return std::unique_ptr<addrinfo, AddressCloser>(::getaddrinfo(address.c_str(), "9", &wanted, &found) == 0 ? found
                                                                                                            : nullptr);
}

/// As inet_pton(3) has it: getaddrinfo(3) would also take "127.1" and "0x7f.0.0.1". The zone of a link-local address is
/// allowed.
bool is_numeric(const std::string& address) {
  const bool v6 = address.find(':') != std::string::npos;
  in_addr v4{};
  return address.find('\0') == std::string::npos &&
         (v6 ? numeric(address) != nullptr : ::inet_pton(AF_INET, address.c_str(), &v4) == 1);
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", endpoint.address, endpoint.port)
            : fmt::format("{}:{}", endpoint.address, endpoint.port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  REFUSE_UNLESS(colon != std::string_view::npos, "an endpoint has no port");
  std::string_view address = text.substr(0, colon);
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) {
    address = address.substr(1, address.size() - 2);
  }
  const bool v6 = address.find(':') != std::string_view::npos;
  REFUSE_UNLESS(v6 == bracketed && is_numeric(std::string(address)), "an endpoint has no numeric address");
  const std::string_view digits = text.substr(colon + 1);
  Endpoint endpoint{std::string(address), 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  REFUSE_UNLESS(error == std::errc() && end == digits.data() + digits.size() && endpoint.port != 0,
                "an endpoint has no proper port");
  return endpoint;
}

std::string resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) {
    return {};
  }
  const std::unique_ptr<addrinfo, AddressCloser> first(found);
  char text[NI_MAXHOST] = {};
  const bool named =
      ::getnameinfo(first->ai_addr, first->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0;
  return named ? text : "";
}

std::string local_address_towards(const std::string& towards) {
  const auto target = numeric(towards);
  if (!target) {
    return {};
  }
  const int fd = ::socket(target->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  char text[NI_MAXHOST] = {};
  // connect(2) on a datagram socket only asks the routing table
  const bool routed =
      fd >= 0 && ::connect(fd, target->ai_addr, target->ai_addrlen) == 0 &&
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0 &&
      ::getnameinfo(reinterpret_cast<sockaddr*>(&local), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0;
  if (fd >= 0) {
    ::close(fd);
  }
  return routed ? text : "";
}

}  // namespace swarmout
