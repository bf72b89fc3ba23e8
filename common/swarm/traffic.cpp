#include "common/swarm/traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace swarmout {

namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Result<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REFUSE_UNLESS(error == std::errc() && end == text.data() + text.size() && !text.empty(),
                "a record of traffic has something that is not a number");
  return value;
}

Result<HostTraffic> decode_host(const std::vector<std::string_view>& fields) {
  HostTraffic host;
  TRY_ASSIGN(host.host, parse_endpoint(fields[0]));
  TRY_ASSIGN(host.in, number(fields[1]));
  TRY_ASSIGN(host.out, number(fields[2]));
  TRY_ASSIGN(host.bad_pieces, number(fields[3]));
  TRY_ASSIGN(const std::uint64_t banned, number(fields[4]));
  host.banned = banned != 0;
  return host;
}

}  // namespace

Bytes Traffic::in() const {
  Bytes sum = others_in;
  for (const HostTraffic& each : hosts) {
    sum += each.in;
  }
  return sum;
}

Bytes Traffic::out() const {
  Bytes sum = others_out;
  for (const HostTraffic& each : hosts) {
    sum += each.out;
  }
  return sum;
}

Traffic shortened(Traffic traffic, std::size_t hosts) {
  while (traffic.hosts.size() > hosts) {
    ++traffic.others;
    traffic.others_in += traffic.hosts.back().in;
    traffic.others_out += traffic.hosts.back().out;
    traffic.hosts.pop_back();
  }
  return traffic;
}

std::string encode(const Traffic& traffic) {
  std::string text;
  for (const HostTraffic& each : traffic.hosts) {
    text +=
        fmt::format("{} {} {} {} {};", to_string(each.host), each.in, each.out, each.bad_pieces, each.banned ? 1 : 0);
  }
  return text + fmt::format("others {} {} {}", traffic.others, traffic.others_in, traffic.others_out);
}

Result<Traffic> decode_traffic(std::string_view text) {
  Traffic traffic;
  const auto parts = split(text, ';');
  REFUSE_UNLESS(parts.size() <= kMostNamed + 1, "a record of traffic names too many hosts");
  for (const std::string_view part : parts) {
    const auto fields = split(part, ' ');
    if (fields.size() == 4 && fields[0] == "others") {
      TRY_ASSIGN(traffic.others, number(fields[1]));
      TRY_ASSIGN(traffic.others_in, number(fields[2]));
      TRY_ASSIGN(traffic.others_out, number(fields[3]));
      continue;
    }
    REFUSE_UNLESS(fields.size() == 5, "a record of traffic has a malformed entry");
    TRY_ASSIGN(HostTraffic host, decode_host(fields));
    traffic.hosts.push_back(std::move(host));
  }
  return traffic;
}

std::optional<double> times_bound(std::chrono::milliseconds took, Bytes needed, double rate) {
  if (needed == 0 || rate <= 0) {
    return std::nullopt;
  }
  return std::chrono::duration<double>(took).count() * rate / static_cast<double>(needed);
}

HostTraffic* TrafficLedger::entry(const Endpoint& host) {
  if (const auto found = hosts_.find(host); found != hosts_.end()) {
    return &found->second;
  }
  if (hosts_.size() >= kMostHosts) {
    return nullptr;
  }
  HostTraffic& made = hosts_[host];
  made.host = host;
  return &made;
}

void TrafficLedger::received(const Endpoint& from, Bytes bytes) {
  const std::lock_guard lock(mutex_);
  in_ += bytes;
  HostTraffic* const host = entry(from);
  (host != nullptr ? host->in : others_.others_in) += bytes;
}

void TrafficLedger::sent(const Endpoint& to, Bytes bytes, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  out_ += bytes;
  rate_.sent(bytes, now);
  HostTraffic* const host = entry(to);
  (host != nullptr ? host->out : others_.others_out) += bytes;
}

void TrafficLedger::has_all(const Endpoint& host) {
  const std::lock_guard lock(mutex_);
  if (whole_.size() < kMostHosts) {
    whole_.insert(host);
  }
}

void TrafficLedger::piece_passed(MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  first_piece_ = first_piece_.value_or(now);
  last_piece_ = now;
}

void TrafficLedger::piece_failed(const Endpoint& from) {
  const std::lock_guard lock(mutex_);
  if (HostTraffic* const host = entry(from)) {
    ++host->bad_pieces;
  }
}

void TrafficLedger::banned(const Endpoint& host) {
  const std::lock_guard lock(mutex_);
  if (const auto found = hosts_.find(host); found != hosts_.end()) {
    found->second.banned = true;
  }
}

std::optional<std::chrono::milliseconds> TrafficLedger::since_start(std::optional<MonotonicTime> when) const {
  return when ? std::optional(std::chrono::duration_cast<std::chrono::milliseconds>(*when - started_)) : std::nullopt;
}

TransferReport TrafficLedger::report() const {
  const std::lock_guard lock(mutex_);
  TransferReport report;
  report.traffic = others_;
  for (const auto& [host, traffic] : hosts_) {
    report.traffic.hosts.push_back(traffic);
  }
  const auto rank = [](const HostTraffic& each) {
    return std::tuple(each.banned, each.bad_pieces, each.in + each.out);
  };
  std::stable_sort(report.traffic.hosts.begin(), report.traffic.hosts.end(),
                   [&](const HostTraffic& a, const HostTraffic& b) { return rank(a) > rank(b); });
  report.first_piece = since_start(first_piece_);
  report.last_piece = since_start(last_piece_);
  report.line_rate = rate_.best();
  report.whole.assign(whole_.begin(), whole_.end());
  return report;
}

Bytes TrafficLedger::in() const {
  const std::lock_guard lock(mutex_);
  return in_;
}

Bytes TrafficLedger::out() const {
  const std::lock_guard lock(mutex_);
  return out_;
}

}  // namespace swarmout
