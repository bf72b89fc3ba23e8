#include "common/swarm/plugins/avoided_hosts.hpp"

#include <algorithm>

namespace swarmout {

AvoidedHosts::Record& AvoidedHosts::record_of(const Endpoint& host, MonotonicTime now) {
  if (records_.size() >= kMost && !records_.contains(host)) {
    records_.erase(std::min_element(records_.begin(), records_.end(), [](const auto& one, const auto& other) {
      return one.second.noticed < other.second.noticed;
    }));
  }
  Record& record = records_[host];
  record.noticed = now;
  return record;
}

void AvoidedHosts::stalled(const Endpoint& host, MonotonicTime now) {
  Record& record = record_of(host, now);
  record.pause = record.pause.count() == 0 ? kFirst : std::min(record.pause * 2, kLongest);
  record.until = now + record.pause;
}

void AvoidedHosts::suspected(const Endpoint& host, MonotonicTime now) {
  Record& record = record_of(host, now);
  record.until = std::max(record.until, now + kFirst);
}

void AvoidedHosts::delivered(const Endpoint& host) {
  if (const auto found = records_.find(host); found != records_.end() && !found->second.bad) {
    records_.erase(found);
  }
}

bool AvoidedHosts::sent_bad_data(const Endpoint& host, MonotonicTime now) {
  Record& record = record_of(host, now);
  const bool news = !record.bad;
  record.bad = true;
  return news;
}

bool AvoidedHosts::bad(const Endpoint& host) const {
  const auto found = records_.find(host);
  return found != records_.end() && found->second.bad;
}

bool AvoidedHosts::avoided(const Endpoint& host, MonotonicTime now) const {
  const auto found = records_.find(host);
  return found != records_.end() && (found->second.bad || now < found->second.until);
}

}  // namespace swarmout
