// What happens next. Events of the same time happen in the order in which they were added, so a run can be repeated.

#pragma once

#include <chrono>
#include <cstdint>
#include <queue>
#include <vector>

namespace swarmout::sim {

using Time = std::chrono::nanoseconds;  ///< since the payload can be fetched

enum class What : std::uint8_t { link_free, arrived, verified, connect, tick };

struct Event {
  Time at{};
  std::uint64_t number = 0;
  What what = What::tick;
  std::uint32_t who = 0;     ///< host or flow
  std::uint32_t detail = 0;  ///< piece, messages, or the other host

  bool operator<(const Event& other) const { return at != other.at ? at > other.at : number > other.number; }
};

class EventQueue {
public:
  void add(Time at, What what, std::uint32_t who, std::uint32_t detail = 0) {
    events_.push({at, count_++, what, who, detail});
  }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  /// The earliest; the clock moves to it.
  Event next() {
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    return event;
  }
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

private:
  std::priority_queue<Event> events_;
  Time now_{};
  std::uint64_t count_ = 0;
};

}  // namespace swarmout::sim
