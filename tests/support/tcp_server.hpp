// A server that behaves as a test wants it to: something that is no etcd, or a proxy in front of one.

#pragma once

#include "common/base/files.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace swarmout::test {

/// Listens on a free port of loopback; each connection is handled by a thread of its own. Every socket has a timeout,
/// so that a handler ends soon after its server is told to.
class TcpServer {
public:
  using Handler = std::function<void(int socket, const std::stop_token& stop)>;
  explicit TcpServer(Handler handler);
  ~TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  /// "127.0.0.1:12345"
  [[nodiscard]] std::string endpoint() const;

private:
  void accept_all(const std::stop_token& stop);

  Handler handler_;
  Fd listener_;
  std::uint16_t port_ = 0;
  struct Worker {
    std::atomic<bool> done = false;
    std::jthread thread;
  };
  std::list<Worker> workers_;
  std::jthread acceptor_;
};

/// Reads one HTTP message with a Content-Length or in chunks; nullopt when the connection is over.
[[nodiscard]] std::optional<std::string> read_http(int socket, const std::stop_token& stop);
/// False: the connection is over.
bool send_text(int socket, std::string_view text);
/// An HTTP answer with this body.
[[nodiscard]] std::string http_answer(int status, const std::string& body);

/// Forwards to an etcd; the test may look at requests, and change or drop answers.
class HttpProxy {
public:
  /// Given a request and its answer. Nullopt: the answer is lost, the connection is closed.
  using Filter = std::function<std::optional<std::string>(const std::string& request, const std::string& answer)>;
  HttpProxy(std::uint16_t upstream, Filter filter);

  [[nodiscard]] std::string endpoint() const { return server_.endpoint(); }

private:
  std::mutex mutex_;
  Filter filter_;
  TcpServer server_;
};

}  // namespace swarmout::test
