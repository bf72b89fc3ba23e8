#include "common/base/net/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <optional>
#include <thread>
#include <unordered_map>

namespace swarmout {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint32_t kMaxHead = 8 * 1024;  ///< request line and headers; an announce has about 400 bytes
constexpr int kBacklog = 4096;                ///< a fleet comes in the same second

std::string bytes_of_address(asio::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  const auto text = [](const auto& bytes) { return std::string(bytes.begin(), bytes.end()); };
  return address.is_v4() ? text(address.to_v4().to_bytes()) : text(address.to_v6().to_bytes());
}

}  // namespace

/// Runs on its thread, but for listen() and endpoint().
class HttpServer::Listener {
public:
  Listener(HttpSettings settings, std::string name, Handler handler)
      : settings_(std::move(settings)), name_(std::move(name)), handler_(std::move(handler)) {}

  ~Listener() {
    stopping_ = true;
    io_.stop();
  }

  Result<void> listen() {
    error_code error;
    const auto address = asio::ip::make_address(settings_.listen_address, error);
    const tcp::endpoint wanted(address, settings_.listen_port);
    const auto attempt = [&](auto step) {
      if (!error) {
        step();
      }
    };
    attempt([&] { acceptor_.open(wanted.protocol(), error); });
    attempt([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), error); });
    attempt([&] { acceptor_.bind(wanted, error); });
    attempt([&] { acceptor_.listen(kBacklog, error); });
    attempt([&] { port_ = acceptor_.local_endpoint(error).port(); });
    if (error) {
      return fail(ErrorCode::temporary,
                  fmt::format("{} cannot listen on {}: {}", name_,
                              to_string(Endpoint{settings_.listen_address, settings_.listen_port}), error.message()));
    }
    accept();
    thread_ = std::jthread([this] { run(); });
    return {};
  }

  [[nodiscard]] Endpoint endpoint() const { return {settings_.listen_address, port_}; }

private:
  class Connection;

  void run() {
    try {
      io_.run();
    } catch (const std::exception& error) {
      spdlog::error("{} has ended: {}", name_, error.what());
    }
  }

  void accept();
  void on_accept(const error_code& error, tcp::socket socket);
  void on_closed(const std::string& address) {
    if (--of_address_[address] == 0) {
      of_address_.erase(address);
    }
    --connections_;
    if (full_ && !stopping_) {
      full_ = false;
      accept();
    }
  }

  HttpSettings settings_;
  std::string name_;
  Handler handler_;
  std::uint16_t port_ = 0;
  std::size_t connections_ = 0;
  std::unordered_map<std::string, std::size_t> of_address_;
  bool full_ = false;  ///< whoever comes now waits in the kernel's queue
  std::atomic<bool> stopping_ = false;
  asio::io_context io_{1};  ///< its handlers own the connections, which tell the members above
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::jthread thread_;
};

/// One host's connection; lives as long as one of its handlers.
class HttpServer::Listener::Connection : public std::enable_shared_from_this<Connection> {
public:
  Connection(Listener& listener, tcp::socket socket, std::string address)
      : listener_(listener), stream_(std::move(socket)), address_(std::move(address)) {}
  ~Connection() { listener_.on_closed(address_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHead);
    stream_.expires_after(listener_.settings_.patience);  // for the whole request, however it trickles in
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

private:
  void on_read(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      write({431, "too large\n"}, false);
    } else if (error == http::error::end_of_stream || error == http::error::partial_message) {
      return;
    } else if (error.category() == http::make_error_code(http::error::bad_target).category()) {
      write({400, "no proper request\n"}, false);
    } else if (!error) {
      const auto& request = parser_->get();
      const bool get = request.method() == http::verb::get;
      const std::string_view target(request.target().data(), request.target().size());
      write(get ? listener_.handler_({target, address_}) : HttpReply{405, "GET only\n"}, get && request.keep_alive());
    }
  }

  void write(HttpReply reply, bool keep_alive) {
    answer_ = {http::int_to_status(reply.status), 11};
    answer_.set(http::field::content_type, reply.content_type);
    answer_.body() = std::move(reply.body);
    answer_.keep_alive(keep_alive);
    answer_.prepare_payload();
    stream_.expires_after(listener_.settings_.patience);
    http::async_write(stream_, answer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error && self->answer_.keep_alive()) {
        self->read();
      } else {
        error_code ignored;
        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      }
    });
  }

  Listener& listener_;
  beast::tcp_stream stream_;
  std::string address_;
  beast::flat_buffer buffer_{kMaxHead};
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> answer_;
};

void HttpServer::Listener::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) { on_accept(error, std::move(socket)); });
}

void HttpServer::Listener::on_accept(const error_code& error, tcp::socket socket) {
  if (error) {  // out of descriptors, or the host is gone again
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](error_code stopped) { stopped ? void() : accept(); });
    return;
  }
  error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (!gone) {
    const std::string address = bytes_of_address(remote.address());
    const auto count = of_address_.find(address);
    const bool room = count == of_address_.end() || count->second < settings_.most_of_an_address;
    if (room && (!settings_.admits || settings_.admits(address))) {
      ++of_address_[address];
      ++connections_;
      std::make_shared<Connection>(*this, std::move(socket), address)->read();
    }
  }
  full_ = connections_ >= settings_.most_connections;
  if (!full_) {
    accept();
  }
}

HttpServer::HttpServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpSettings& settings, std::string name, Handler handler) {
  auto listener = std::make_unique<Listener>(settings, std::move(name), std::move(handler));
  TRY(listener->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener)));
}

Endpoint HttpServer::endpoint() const {
  return listener_->endpoint();
}

}  // namespace swarmout
