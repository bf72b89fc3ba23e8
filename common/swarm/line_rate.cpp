#include "common/swarm/line_rate.hpp"

#include <algorithm>
#include <numeric>

namespace swarmout {

void LineRate::sent(Bytes bytes, MonotonicTime now) {
  if (!begin_) {
    begin_ = now;
  }
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now - *begin_).count();
  if (second > second_) {
    if (second_ >= kWarmUp) {
      window_.push_back(bytes_);
      if (window_.size() > kWindow) {
        window_.pop_front();
      }
      if (window_.size() == kWindow) {
        const Bytes sum = std::accumulate(window_.begin(), window_.end(), Bytes{0});
        best_ = std::max(best_, static_cast<double>(sum) / kWindow);
      }
    }
    if (second > second_ + 1) {
      window_.clear();  // it paused: no window reaches over that
    }
    second_ = second;
    bytes_ = 0;
  }
  bytes_ += bytes;
}

}  // namespace swarmout
