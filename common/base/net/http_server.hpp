// A small HTTP server: GET, one answer from memory, and bounds on what strangers may cost.
//
// Boost.Beast stays behind this class. One thread of its own serves all connections and calls the handler; each has a
// deadline, and their number is limited, in all and for each address. A request may have 8 KiB and no body.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace swarmout {

struct HttpSettings {
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 0;  ///< 0: any free port
  /// Whoever comes beyond these waits in the kernel's queue. A connection costs about 20 KiB.
  std::size_t most_connections = 512;
  /// Those beyond are closed. Hosts behind one address translation are many, too.
  std::size_t most_of_an_address = 64;
  /// Given 4 or 16 bytes: others are closed at once. Empty: everybody.
  std::function<bool(const std::string&)> admits{};
  std::chrono::milliseconds patience{5000};  ///< for a request to come in, and for its answer to go out
};

struct HttpRequest {
  std::string_view target;  ///< path and query as they came
  std::string address;      ///< of who asks: 4 or 16 bytes; IPv4 that came in over IPv6 is IPv4
};

struct HttpReply {
  unsigned status = 200;
  std::string body;
  std::string content_type = "text/plain";
};

class HttpServer {
public:
  /// On the server's thread, one call at a time; what it uses must outlive the server. It must not throw.
  using Handler = std::function<HttpReply(const HttpRequest&)>;

  /// Listens and answers. `name`: for messages, as "the tracker". Errors: temporary, if the port cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> open(const HttpSettings& settings, std::string name,
                                                                Handler handler);
  /// Ends all connections, and waits for a call of the handler that runs.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] Endpoint endpoint() const;

private:
  class Listener;
  explicit HttpServer(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

}  // namespace swarmout
