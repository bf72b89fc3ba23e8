#include "cli/settings/kinds.hpp"

#include "common/base/duration.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/key_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace swarmout {

namespace {

/// The whole text, as a number without a sign.
template <typename T>
std::optional<T> whole_number(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// Those below belong to services that hosts of a fleet do not connect to, wherever they are told to.
constexpr std::uint16_t kLeastOwnPort = 1024;

std::optional<std::uint16_t> port_of(std::string_view text) {
  const auto port = text.empty() ? std::nullopt : whole_number<std::uint16_t>(text);
  return port && (*port == 0 || *port >= kLeastOwnPort) ? port : std::nullopt;
}

/// Without brackets.
bool is_numeric_address(const std::string& address) {
  return parse_endpoint(to_string(Endpoint{address, 1})).has_value();
}

}  // namespace

std::string Duration::allowed() const {
  const std::string from = least.count() > 0 ? fmt::format(" from {} on", written(least)) : "";
  return fmt::format("a duration{} (90s, 20m, 1h30m, 250ms)", from);
}

bool Duration::read(std::string_view text, std::chrono::milliseconds& value) const {
  const auto found = parse_duration(text);
  if (!found || *found < least) {
    return false;
  }
  value = *found;
  return true;
}

bool Duration::read(std::string_view text, std::chrono::seconds& value) const {
  std::chrono::milliseconds found{0};
  if (!read(text, found) || found % std::chrono::seconds(1) != std::chrono::milliseconds(0)) {
    return false;
  }
  value = std::chrono::duration_cast<std::chrono::seconds>(found);
  return true;
}

bool Duration::read(std::string_view text, std::optional<std::chrono::milliseconds>& value) const {
  std::chrono::milliseconds found{0};
  if (!read(text, found)) {
    return false;
  }
  value = found;
  return true;
}

std::string Duration::written(std::chrono::milliseconds value) const {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits = {
      {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}};
  std::string text;
  std::int64_t left = value.count();
  for (const auto& [unit, size] : kUnits) {
    if (left >= size) {
      text += fmt::format("{}{}", left / size, unit);
      left %= size;
    }
  }
  return text.empty() ? "0" : text;
}

std::string Count::words() const {
  return fmt::format("{}..{}", least, most);
}

std::string Count::allowed() const {
  return fmt::format("a number from {} to {}", least, most);
}

std::optional<std::uint64_t> Count::number(std::string_view text) const {
  const auto found = whole_number<std::uint64_t>(text);
  return found && *found >= least && *found <= most ? found : std::nullopt;
}

std::string Rate::allowed() const {
  return "a rate in bytes a second below 2 GiB (500K, 50M, 1G; 0 for no limit)";
}

namespace {

/// "500K", "50M", "1G" are powers of 1024.
std::optional<Bytes> size_in(std::string_view text, Bytes most) {
  Bytes factor = 1;
  constexpr std::string_view kUnits = "KMGT";
  if (const auto unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
      unit != std::string_view::npos) {
    factor = kKiB << (10 * unit);
    text.remove_suffix(1);
  }
  const auto number = whole_number<Bytes>(text);
  return number && *number <= most / factor ? std::optional(*number * factor) : std::nullopt;
}

}  // namespace

bool Rate::read(std::string_view text, Bytes& value) const {
  const auto found = size_in(text, kMaxRate);
  value = found.value_or(value);
  return found.has_value();
}

std::string Rate::written(Bytes value) const {
  for (const auto& [unit, size] : {std::pair('G', kGiB), std::pair('M', kMiB), std::pair('K', kKiB)}) {
    if (value > 0 && value % size == 0) {
      return fmt::format("{}{}", value / size, unit);
    }
  }
  return std::to_string(value);
}

bool FreeSpace::parts(std::string_view text, unsigned& percent, Bytes& bytes) {
  constexpr unsigned kMostPercent = 90;
  constexpr Bytes kMostBytes = Bytes{1} << 50;
  if (text.ends_with('%')) {
    const auto found = whole_number<unsigned>(text.substr(0, text.size() - 1));
    percent = found.value_or(0);
    return found && *found <= kMostPercent;
  }
  constexpr Bytes kLeastBytes = kMiB;  // "10" is meant as 10 %
  const auto found = size_in(text, kMostBytes);
  bytes = found.value_or(0);
  return found && (*found == 0 || *found >= kLeastBytes);
}

bool Fraction::read(std::string_view text, double& value) const {
  const bool percent = text.ends_with('%');
  const auto found = whole_number<double>(text.substr(0, text.size() - (percent ? 1 : 0)));
  const double most = percent ? 100 : 1;
  if (!found || !(*found >= 0 && *found <= most)) {  // "nan" is neither
    return false;
  }
  value = *found / most;
  return true;
}

std::string Fraction::written(double value) const {
  return fmt::format("{}", value);
}

bool Flag::read(std::string_view text, bool& value) const {
  constexpr std::array<std::string_view, 4> kTrue = {"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> kFalse = {"false", "no", "off", "0"};
  const bool yes = std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end();
  if (!yes && std::find(kFalse.begin(), kFalse.end(), text) == kFalse.end()) {
    return false;
  }
  value = yes;
  return true;
}

bool Place::read(std::string_view text, Path& value) const {
  if (text.empty()) {
    return false;
  }
  value = text;
  return true;
}

bool Place::read(std::string_view text, std::optional<Path>& value) const {
  Path found;
  if (!read(text, found)) {
    return false;
  }
  value = std::move(found);
  return true;
}

bool Place::read(std::string_view text, std::string& value) const {
  value = text.empty() ? value : text;
  return !text.empty();
}

std::string Text::allowed() const {
  return fmt::format("a text of {} to {} bytes{}", shortest, longest, one_line ? ", all of them printable" : "");
}

bool Text::read(std::string_view text, std::string& value) const {
  if (text.size() < shortest || text.size() > longest || (one_line && printable(std::string(text)) != text)) {
    return false;
  }
  value = text;
  return true;
}

bool ListenAddress::read(std::string_view text, ListenAt& value) const {
  ListenAt found;
  const bool bracketed = text.starts_with('[');
  const auto close = text.find(']');
  const auto colon = bracketed ? (close == std::string_view::npos ? close : text.find(':', close)) : text.rfind(':');
  const bool bare_v6 = !bracketed && std::count(text.begin(), text.end(), ':') > 1;
  const bool with_port = !bare_v6 && colon != std::string_view::npos;
  if (with_port) {
    const auto port = port_of(text.substr(colon + 1));
    if (!port) {
      return false;
    }
    found.port = *port;
    text = text.substr(0, colon);
  }
  if (bracketed) {
    if (!text.ends_with(']') || text.find(':') == std::string_view::npos) {
      return false;
    }
    text = text.substr(1, text.size() - 2);
  }
  found.address = text;
  const bool only_port = with_port && !bracketed && text.empty();
  if (!only_port && !is_numeric_address(found.address)) {
    return false;
  }
  value = std::move(found);
  return true;
}

bool Port::read(std::string_view text, std::uint16_t& value) const {
  const auto port = port_of(text);
  value = port.value_or(value);
  return port.has_value();
}

bool Networks::read(std::string_view text, std::optional<AddressSet>& value) const {
  auto set = AddressSet::parse(text);
  if (!set) {
    return false;
  }
  value = *std::move(set);
  return true;
}

std::string Networks::wrong(std::string_view text) const {
  const auto set = AddressSet::parse(text);
  return set ? "" : set.error().message;
}

}  // namespace swarmout
