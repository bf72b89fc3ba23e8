#include "tests/support/tcp_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace swarmout::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void limit_waits(int socket) {
  const timeval soon{0, 100'000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
}

std::optional<std::size_t> whole_message(const std::string& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) {
    return std::nullopt;
  }
  std::string head = bytes.substr(0, end + 2);
  std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::tolower(c); });
  if (head.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos) {
    const std::size_t last = bytes.find("\r\n0\r\n\r\n", end + 2);
    return last == std::string::npos ? std::nullopt : std::optional(last + 7);
  }
  const std::size_t length = head.find("\r\ncontent-length: ");
  const std::size_t body = length == std::string::npos ? 0 : std::stoul(head.substr(length + 18));
  return bytes.size() >= end + 4 + body ? std::optional(end + 4 + body) : std::nullopt;
}

}  // namespace

TcpServer::TcpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener_.get(), 64), 0);
  EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  limit_waits(listener_.get());
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

TcpServer::~TcpServer() {
  acceptor_.request_stop();
  acceptor_.join();
}

std::string TcpServer::endpoint() const {
  return fmt::format("127.0.0.1:{}", port_);
}

void TcpServer::accept_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      continue;  // the timeout
    }
    limit_waits(socket);
    workers_.remove_if(
        [](const Worker& each) { return each.done.load(); });  // a thread that nobody joins keeps its stack
    Worker& worker = workers_.emplace_back();
    worker.thread = std::jthread([this, socket, &worker](const std::stop_token& end) {
      const Fd owned(socket);
      handler_(socket, end);
      worker.done = true;
    });
  }
  workers_.clear();
}

std::optional<std::string> read_http(int socket, const std::stop_token& stop) {
  std::string bytes;
  char buffer[16 * 1024];
  while (!stop.stop_requested()) {
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
      return std::nullopt;
    }
    bytes.append(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
    if (const auto size = whole_message(bytes)) {
      return bytes.substr(0, *size);
    }
  }
  return std::nullopt;
}

bool send_text(int socket, std::string_view text) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);  // others are slow at times
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN || std::chrono::steady_clock::now() > deadline) {
      return false;
    }
  }
  return true;
}

std::string http_answer(int status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
                     body.size(), body);
}

HttpProxy::HttpProxy(std::uint16_t upstream, Filter filter)
    : filter_(std::move(filter)), server_([this, upstream](int client, const std::stop_token& stop) {
        const Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_in address = loopback(upstream);
        if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
          return;
        }
        limit_waits(server.get());
        while (const auto request = read_http(client, stop)) {
          if (!send_text(server.get(), *request)) {
            return;
          }
          const auto answer = read_http(server.get(), stop);
          if (!answer) {
            return;
          }
          std::optional<std::string> passed;
          {
            const std::lock_guard lock(mutex_);
            passed = filter_(*request, *answer);
          }
          if (!passed || !send_text(client, *passed)) {
            return;
          }
        }
      }) {}

}  // namespace swarmout::test
