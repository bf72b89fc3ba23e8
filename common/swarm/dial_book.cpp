#include "common/swarm/dial_book.hpp"

#include <algorithm>

namespace swarmout {

bool DialBook::due(const Record& record, MonotonicTime now) {
  std::chrono::seconds pause = kFirst;
  for (std::size_t each = 1; each < record.tries && pause < kLongest; ++each) {
    pause = std::min(pause * 2, kLongest);
  }
  return record.tries == 0 || (record.tries < kMostTries && now - record.noticed >= pause);
}

/// An endpoint that was not tried before.
bool DialBook::may_begin(const Endpoint& endpoint, MonotonicTime now) {
  if (now - minute_ >= std::chrono::minutes(1)) {
    minute_ = now;
    news_ = 0;
  }
  if (news_ >= kMostNews) {
    return false;
  }
  std::size_t silent = 0;
  for (auto each = records_.lower_bound({endpoint.address, 0});
       each != records_.end() && each->first.address == endpoint.address; ++each) {
    if (each->second.answered) {
      silent = 0;
      break;
    }
    silent += now - each->second.noticed < kForgotten ? 1 : 0;
  }
  if (silent >= kMostOfAnAddress) {
    return false;
  }
  ++news_;
  return true;
}

DialBook::Record& DialBook::record_of(const Endpoint& endpoint, MonotonicTime now) {
  if (records_.size() >= kMost && !records_.contains(endpoint)) {
    records_.erase(std::min_element(records_.begin(), records_.end(), [](const auto& one, const auto& other) {
      return one.second.noticed < other.second.noticed;
    }));
  }
  Record& record = records_[endpoint];
  record.noticed = now;
  return record;
}

bool DialBook::dial(const Endpoint& endpoint, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  auto found = records_.find(endpoint);
  if (found != records_.end() && found->second.connections == 0 && now - found->second.noticed >= kForgotten) {
    records_.erase(found);
    found = records_.end();
  }
  const bool may =
      found == records_.end() ? may_begin(endpoint, now) : found->second.connections == 0 && due(found->second, now);
  if (may) {
    Record& record = record_of(endpoint, now);
    ++record.tries;
    record.handshakes = std::max<std::size_t>(record.handshakes, 1);
  }
  return may;
}

bool DialBook::reached(const Endpoint& endpoint, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(endpoint);  // a tracker's are not in it
  Record& record = found != records_.end() ? found->second : record_of(endpoint, now);
  return record.handshakes > 0 && record.handshakes-- > 0;
}

void DialBook::met(const Endpoint& endpoint, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  Record& record = record_of(endpoint, now);
  record.tries = 0;
  record.handshakes = kHandshakes;
  record.answered = true;
  ++record.connections;
}

void DialBook::left(const Endpoint& endpoint, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (const auto found = records_.find(endpoint); found != records_.end()) {
    found->second.connections -= found->second.connections > 0 ? 1 : 0;
    found->second.noticed = now;
  }
}

}  // namespace swarmout
