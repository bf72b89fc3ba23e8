#include "tests/support/hostile_host.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <optional>

namespace swarmout::test {

namespace {

// Messages of BEP 3 and BEP 6.
constexpr char kUnchoke = 1;
constexpr char kHave = 4;
constexpr char kRequest = 6;
constexpr char kPiece = 7;
constexpr char kHaveAll = 0x0e;
constexpr char kReject = 0x10;
constexpr char kHashRequest = 0x15;  // of BEP 52
constexpr char kHashReject = 0x17;

std::string number(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes.at(i));
  }
  return value;
}

std::string message(char kind, const std::string& body = "") {
  return number(static_cast<std::uint32_t>(1 + body.size())) + kind + body;
}

/// Nullopt: the connection is over. Keeps it alive until then.
std::optional<std::string> read_exactly(int socket, std::size_t size, const std::stop_token& stop,
                                        const std::string& keep_alive = "") {
  std::string bytes(size, '\0');
  for (std::size_t got = 0; got < size;) {
    const ssize_t some = ::recv(socket, bytes.data() + got, size - got, 0);
    if (stop.stop_requested() || some == 0 || (some < 0 && errno != EAGAIN && errno != EINTR)) {
      return std::nullopt;
    }
    got += some > 0 ? static_cast<std::size_t>(some) : 0;
    if (some < 0) {
      send_text(socket, keep_alive);
    }
  }
  return bytes;
}

}  // namespace

HostileHost::HostileHost(Digest info_hash, Hostility how)
    : info_hash_(reinterpret_cast<const char*>(info_hash.bytes.data()), 20), how_(how) {
  server_ = std::make_unique<TcpServer>([this](int socket, const std::stop_token& stop) { serve(socket, stop); });
}

Endpoint HostileHost::endpoint() const {
  return parse_endpoint(server_->endpoint()).value();
}

void HostileHost::serve(int socket, const std::stop_token& stop) {
  ++connections_;
  const int asked = talk(socket, stop);
  left_ += asked > 0 && !stop.stop_requested() ? 1 : 0;
}

int HostileHost::talk(int socket, const std::stop_token& stop) {
  const std::string reserved("\0\0\0\0\0\0\0\x04", 8);  // the fast extension
  const std::string id = "-XX0000-" + std::to_string(100'000'000'000 + connections_);
  if (!read_exactly(socket, 68, stop) ||
      !send_text(socket, '\x13' + std::string("BitTorrent protocol") + reserved + info_hash_ + id + message(kHaveAll) +
                             message(kUnchoke))) {
    return 0;
  }
  int asked = 0;
  const std::string keep_alive = message(kHave, number(0));
  while (const auto size = read_exactly(socket, 4, stop, keep_alive)) {
    const std::uint32_t length = number_at(*size, 0);
    const auto body = length < 1'000'000 ? read_exactly(socket, length, stop) : std::nullopt;
    if (!body) {
      break;
    }
    if (length == 13 && body->front() == kRequest) {
      ++asked;
      ++requests_;
      if (!answer(socket, *body)) {
        break;
      }
    } else if (length == 49 && body->front() == kHashRequest) {
      ++hash_requests_;
      if (!send_text(socket, message(kHashReject, body->substr(1)))) {
        break;
      }
    }
  }
  return asked;
}

bool HostileHost::answer(int socket, const std::string& request) {
  switch (how_) {
    case Hostility::stalls:
      return true;
    case Hostility::rejects:
      return send_text(socket, message(kReject, request.substr(1)));
    case Hostility::corrupts:
      return send_text(socket, message(kPiece, request.substr(1, 8) + std::string(number_at(request, 9), '!')));
    case Hostility::falls_mute: {
      const std::string whole = message(kPiece, request.substr(1, 8) + std::string(number_at(request, 9), '!'));
      return requests_ > 1 || send_text(socket, whole.substr(0, whole.size() / 2));
    }
  }
  return false;
}

}  // namespace swarmout::test
