#include "common/base/net/own_address.hpp"
#include "common/fleet/registry.hpp"
#include "peer/doctor/checks.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kNeighboursTried = 4;
constexpr int kConnectMillis = 1500;

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

AddressList numeric(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    found = nullptr;
  }
  return {found, [](addrinfo* all) {
            if (all != nullptr) {
              ::freeaddrinfo(all);
            }
          }};
}

/// Can this host listen there? Any free port: a service may have the one that is set.
bool is_ours(const std::string& address) {
  const AddressList where = numeric(address, 0);
  if (!where) {
    return false;
  }
  const Fd socket(::socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return socket.valid() && ::bind(socket.get(), where->ai_addr, where->ai_addrlen) == 0;
}

/// 0, or why not.
int connect_error(const Endpoint& to) {
  const AddressList where = numeric(to.address, to.port);
  if (!where) {
    return EINVAL;
  }
  const Fd socket(::socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) {
    return errno;
  }
  if (::connect(socket.get(), where->ai_addr, where->ai_addrlen) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS) {
    return errno;
  }
  pollfd waiting{socket.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, kConnectMillis) != 1) {
    return ETIMEDOUT;
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

/// Without this host: that it reaches itself says nothing. Several at its addresses are a fleet on one host.
std::vector<SeenPeer> others_of(const std::vector<SeenPeer>& all) {
  std::vector<SeenPeer> others;
  std::copy_if(all.begin(), all.end(), std::back_inserter(others),
               [](const SeenPeer& each) { return !is_ours(each.record.endpoint.address); });
  if (others.empty() && all.size() > 1) {
    others = all;
  }
  others.resize(std::min(others.size(), kNeighboursTried), SeenPeer{});
  return others;
}

}  // namespace

Finding check_address(const DoctorOptions& options) {
  const auto address = options.advertised ? options.advertised() : fail(ErrorCode::usage, "no address is known");
  if (!address) {
    return broken(address.error(), "give --listen ADDRESS");
  }
  if (!is_ours(*address)) {
    return broken(fmt::format("{} is not an address of this host", *address), "give --listen an address of this host");
  }
  const bool loopback = address->starts_with("127.") || *address == "::1";
  return loopback ? doubtful(fmt::format("{}: only this host reaches it", *address),
                             "give this host an address, or --listen, unless the whole fleet is on it")
                  : well(*address);
}

Finding check_neighbours(const DoctorOptions& options) {
  const auto share = share_of(options);
  const auto now = share ? (*share)->now() : tl::unexpected(share.error());
  auto found = now ? live_peers(**share, kNeighboursTried + 1, *now).map(others_of) : tl::unexpected(now.error());
  if (!found) {
    return broken(found.error());
  }
  if (found->empty()) {
    return well("no other host has a record on the share");
  }
  std::string silent;
  std::size_t reached = 0;
  for (const SeenPeer& each : *found) {
    const int error = connect_error(each.record.endpoint);
    reached += error == 0 ? 1 : 0;
    if (error != 0) {
      silent = fmt::format("{} ({}): {}", to_string(each.record.endpoint), each.record.host, std::strerror(error));
    }
    if (error == ETIMEDOUT) {
      break;  // there is no time for another one
    }
  }
  const std::string seen = fmt::format("{} of {} that were tried answer", reached, found->size());
  return silent.empty() ? well(seen)
         : reached > 0
             ? doubtful(fmt::format("{}; {}", seen, silent), "look at the firewall of that host")
             : broken(fmt::format("{}; {}", seen, silent),
                      "let hosts of the fleet reach each other at --listen's port (docs/operations.md, Ports)");
}

}  // namespace swarmout
