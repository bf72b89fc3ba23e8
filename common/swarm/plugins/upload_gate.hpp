// What a seeder sends to whom, so that every piece leaves it once before any leaves it twice.
//
// Hosts of a swarm cannot see what the others have asked the seeder for, so some ask for the same piece; each duplicate
// is time that its uplink has lost, and all wait for that. Here a piece belongs to the first host that asks for it. Any
// other that asks is refused, and told of a piece nobody has yet, for as long as there is one; then the gate is open.
//
// Pure: no clock, no network. The caller keeps it to one thread. See docs/decisions/0013-every-piece-once.md.

#pragma once

#include "common/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace swarmout {

class UploadGate {
public:
  using Piece = std::size_t;
  using Host = std::uint64_t;  ///< one connection

  enum class Verdict : std::uint8_t {
    serve,
    refuse,
    wait,  ///< first copies are still on their way out: refuse it a little later, it may be had elsewhere by then
  };
  struct Answer {
    Verdict verdict = Verdict::serve;
    std::vector<Piece> suggest;  ///< kept for this host; it should ask for them next
  };

  /// A host that was only refused for this long is served, whatever it asks for: it may have what it is told of.
  static constexpr std::chrono::milliseconds kPatience{3000};
  /// What a host was given this long before it went away has been passed on, if it was ever going to be. What it has
  /// not even asked for in full by then is given to others.
  static constexpr std::chrono::seconds kSpreads{10};
  /// When nothing was given out, and nothing of that has left, for so long, the rest is on slow links and the uplink
  /// idle.
  static constexpr std::chrono::seconds kDrains{2};
  /// Pieces that are kept for a host ahead of its requests.
  static constexpr std::size_t kAhead = 3;
  /// Pieces are given out roughly in order, so that hosts can unpack frames before the end; within as many by chance.
  /// More than are on their way at a time; 32 to 200 measured alike.
  static constexpr std::size_t kWindow = 64;

  /// `blocks`: how many each piece has. `seed` makes the order in which pieces are given out, which is to differ from
  /// seeder to seeder.
  UploadGate(std::vector<std::uint16_t> blocks, std::uint32_t seed);

  /// A host is there and wants something. What it should ask for.
  [[nodiscard]] std::vector<Piece> joined(Host host);
  /// It asks for a block of the piece.
  [[nodiscard]] Answer asked(Host host, Piece piece, MonotonicTime now);
  /// All of the piece that was given to the host has left.
  void sent(Host host, Piece piece, MonotonicTime now);
  /// The host says that it has it. Unless it was given to that host, somebody else has it too by now.
  void exists(Host host, Piece piece);
  /// Some host has everything: there is nothing to ration.
  void all_exist(Host host);
  /// The connection ended. What was given to it lately may be lost, and is given out again.
  void left(Host host, MonotonicTime now);

  /// Pieces that have neither been asked for nor seen.
  [[nodiscard]] std::size_t inside() const { return inside_; }
  /// First copies that were asked for and have not left yet.
  [[nodiscard]] std::size_t leaving() const { return leaving_; }

private:
  enum class Place : std::uint8_t {
    free,  ///< nobody has it or asked for it
    kept,  ///< somebody was told to ask for it
    out,   ///< given to somebody, or seen
  };
  static constexpr Host kNobody = std::numeric_limits<Host>::max();
  struct State {
    Place place = Place::free;
    Host host = kNobody;
    bool leaving = false;        ///< not all of it was sent yet
    std::uint16_t asked = 0;     ///< blocks, by that host
    MonotonicTime last_asked{};  ///< by that host
  };
  struct Client {
    std::set<Piece> kept;
    std::set<Piece> given;
    std::optional<MonotonicTime> refused_since;
  };

  [[nodiscard]] bool lapsed(Piece piece, MonotonicTime now) const;
  void give(Host host, Client& client, Piece piece, MonotonicTime now);
  void has_left(State& state);
  void take_back(Piece piece);  ///< that was given to a host
  void release(Piece piece);
  [[nodiscard]] std::vector<Piece> keep_some(Host host, Client& client);

  std::vector<std::uint16_t> blocks_;
  std::vector<State> pieces_;
  std::vector<Piece> order_;  ///< pieces that may be free, the next one last
  std::map<Host, Client> clients_;
  std::set<Piece> kept_;
  std::size_t inside_;
  std::size_t leaving_ = 0;
  MonotonicTime progress_{};  ///< when a first copy was last given out, or has left
};

}  // namespace swarmout
