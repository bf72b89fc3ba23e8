// A TCP connection that sends exactly what a test wants it to.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/files.hpp"
#include "tests/support/tcp_server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

namespace swarmout::test {

class RawClient {
public:
  /// `source`: the address that it comes from, for example another one of 127.0.0.0/8.
  explicit RawClient(const Endpoint& to, const std::string& source = "")
      : socket_(::socket(family(to.address), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval soon{0, 100'000};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    if (!source.empty()) {
      const sockaddr_storage from = address_of({source, 0});
      ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&from), size_of(from));
    }
    const sockaddr_storage address = address_of(to);
    connected_ = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size_of(address)) == 0;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int socket() const { return socket_.get(); }
  bool send(std::string_view text) const { return send_text(socket_.get(), text); }
  /// One HTTP answer, whole; nullopt when the connection is over.
  [[nodiscard]] std::optional<std::string> answer() const { return read_http(socket_.get(), {}); }
  /// What comes until the connection is over, or for so long.
  [[nodiscard]] std::string heard(std::chrono::milliseconds patience) const {
    std::string all;
    std::array<char, 4096> some{};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      const ssize_t got = ::recv(socket_.get(), some.data(), some.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        break;
      }
      all.append(some.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return all;
  }
  /// Has the other side closed it, or does so while we look for a moment?
  [[nodiscard]] bool closed() const {
    char byte = 0;
    const ssize_t got = ::recv(socket_.get(), &byte, 1, 0);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }

private:
  static int family(const std::string& address) { return address.find(':') == std::string::npos ? AF_INET : AF_INET6; }
  static sockaddr_storage address_of(const Endpoint& endpoint) {
    sockaddr_storage storage{};
    storage.ss_family = static_cast<sa_family_t>(family(endpoint.address));
    if (storage.ss_family == AF_INET) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
      ::inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr);
      v4.sin_port = htons(endpoint.port);
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
      ::inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr);
      v6.sin6_port = htons(endpoint.port);
    }
    return storage;
  }
  static socklen_t size_of(const sockaddr_storage& address) {
    return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  }

  Fd socket_;
  bool connected_ = false;
};

}  // namespace swarmout::test
