#include "common/fleet/record_fields.hpp"

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);

}  // namespace

std::string short_text(const std::string& text) {
  return text.substr(0, 200);
}

std::string text_of(const std::optional<Endpoint>& endpoint) {
  return endpoint ? to_string(*endpoint) : "";
}

Result<std::optional<Endpoint>> endpoint_or_none(const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  return parse_endpoint(text).map([](Endpoint endpoint) { return std::optional(std::move(endpoint)); });
}

Result<std::uint64_t> number_if_there(const KeyValues& record, std::string_view key) {
  return record.find(key) ? record.number(key) : Result<std::uint64_t>(0);
}

Result<std::optional<std::chrono::milliseconds>> time_if_there(const KeyValues& record, std::string_view key) {
  if (!record.find(key)) {
    return std::nullopt;
  }
  TRY_ASSIGN(const std::uint64_t value, record.number(key));
  return std::chrono::milliseconds(std::min<std::uint64_t>(value, kLongest.count()));
}

Result<Traffic> traffic_if_there(const KeyValues& record) {
  const auto text = record.find("traffic");
  return text ? decode_traffic(*text) : Result<Traffic>(Traffic{});
}

}  // namespace swarmout
