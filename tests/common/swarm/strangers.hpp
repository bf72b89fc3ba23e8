// Many connections of somebody who speaks the protocol, belongs to no fleet, and wants all there is.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/units.hpp"
#include "common/swarm/tracker/tracker_store.hpp"
#include "tests/support/raw_client.hpp"

#include <poll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace swarmout::test {

inline std::string number(int value) {
  const auto bits = static_cast<std::uint32_t>(value);
  return {static_cast<char>(bits >> 24), static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
          static_cast<char>(bits)};
}
inline std::string framed(const std::string& message) {
  return number(static_cast<int>(message.size())) + message;
}
inline std::size_t size_at(const std::string& bytes, std::size_t at) {
  std::size_t size = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    size = size << 8 | static_cast<unsigned char>(bytes.at(i));
  }
  return size;
}
inline std::string compact(const Endpoint& endpoint) {
  return compact_peer(endpoint);
}

/// A handshake, with a peer id of its own: who comes with one that is there already is closed.
inline std::string as_another(std::string hello) {
  static std::atomic<int> others{10'000'000};
  constexpr std::size_t kIdEnds = 68;
  const std::string id = std::to_string(++others);
  return hello.replace(kIdEnds - id.size(), id.size(), id);
}

/// Requests on every connection as much as it gets, chokes or not, until it is destroyed.
class Strangers {
public:
  Strangers(const Endpoint& seeder, const std::string& source, std::size_t connections, const std::string& hello) {
    const std::string interested = framed("\x02");
    for (std::size_t each = 0; each < connections; ++each) {
      clients_.emplace_back(seeder, source);
      clients_.back().send(as_another(hello) + framed("\x0f") + interested);
    }
    worker_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  [[nodiscard]] Bytes received() const { return received_; }

private:
  static constexpr std::size_t kBlock = 16384;

  void run(const std::stop_token& stop) {
    std::vector<pollfd> sockets;
    for (const RawClient& each : clients_) {
      sockets.push_back({each.socket(), POLLIN, 0});
    }
    std::vector<std::size_t> unanswered(sockets.size(), 0);
    int piece = 0;
    const auto ask = [&](std::size_t at) {
      piece = (piece + 7) % 60;
      clients_[at].send(framed("\x06" + number(6 + piece) + number(0) + number(kBlock)));
    };
    std::vector<char> some(256 * 1024);
    auto next = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
      if (std::chrono::steady_clock::now() >= next) {
        next += std::chrono::milliseconds(200);
        for (std::size_t at = 0; at < sockets.size(); ++at) {
          ask(at);
          ask(at);
        }
      }
      ::poll(sockets.data(), sockets.size(), 50);
      for (std::size_t at = 0; at < sockets.size(); ++at) {
        if ((sockets[at].revents & (POLLIN | POLLHUP | POLLERR)) == 0) {
          continue;
        }
        const ssize_t got = ::recv(sockets[at].fd, some.data(), some.size(), MSG_DONTWAIT);
        if (got == 0) {
          sockets[at].fd = -1;
        }
        if (got > 0) {
          received_ += static_cast<Bytes>(got);
          unanswered[at] += static_cast<std::size_t>(got);
          for (; unanswered[at] >= kBlock; unanswered[at] -= kBlock) {
            ask(at);
          }
        }
      }
    }
  }

  std::vector<RawClient> clients_;
  std::atomic<Bytes> received_{0};
  std::jthread worker_;
};

}  // namespace swarmout::test
