#include "common/base/key_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace swarmout {

namespace {

bool plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && c != '%';
}

struct Character {
  char32_t point = 0;
  std::size_t size = 0;  ///< in bytes; 0: no UTF-8
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) {
    return {};
  }
  char32_t point = first & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      return {};
    }
    point = point << 6 | (byte(i) & 0x3fU);
  }
  const bool longer_than_needed = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
  const bool none = longer_than_needed || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff;
  return none ? Character{} : Character{point, size};
}

/// What a terminal does not show but obeys, or shows as nothing: C0, DEL, C1, and Unicode's format controls, which turn
/// the direction of a line, end it, or make two names look like one.
bool obeyed(char32_t point) {
  constexpr std::array<std::pair<char32_t, char32_t>, 11> kControls = {{{0x00, 0x1f},
                                                                        {0x7f, 0x9f},
                                                                        {0xad, 0xad},
                                                                        {0x61c, 0x61c},
                                                                        {0x180e, 0x180e},
                                                                        {0x200b, 0x200f},
                                                                        {0x2028, 0x202e},
                                                                        {0x2060, 0x206f},
                                                                        {0xfeff, 0xfeff},
                                                                        {0xfff9, 0xfffb},
                                                                        {0xe0000, 0xe0fff}}};
  return std::any_of(kControls.begin(), kControls.end(),
                     [&](const auto& range) { return range.first <= point && point <= range.second; });
}

}  // namespace

std::string escape_value(std::string_view raw) {
  std::string escaped;
  escaped.reserve(raw.size());
  for (const char c : raw) {
    if (plain(static_cast<unsigned char>(c))) {
      escaped.push_back(c);
    } else {
      escaped += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

std::string printable(std::string text) {
  std::string shown;
  shown.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto [point, size] = first_character(rest);
    if (size == 0 || obeyed(point)) {
      shown += '?';
    } else {
      shown += rest.substr(0, size);
    }
    rest.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return shown;
}

Result<std::string> unescape_value(std::string_view escaped) {
  std::string raw;
  raw.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const char c = escaped[i];
    if (c == '%') {
      REFUSE_UNLESS(i + 2 < escaped.size(), "an escape ends too early");
      unsigned value = 0;
      const char* const first = escaped.data() + i + 1;
      const auto [end, error] = std::from_chars(first, first + 2, value, 16);
      REFUSE_UNLESS(error == std::errc() && end == first + 2, "an escape is not hexadecimal");
      raw.push_back(static_cast<char>(value));
      i += 2;
    } else {
      REFUSE_UNLESS(plain(static_cast<unsigned char>(c)), "a value has an unescaped byte");
      raw.push_back(c);
    }
  }
  return raw;
}

KeyValues& KeyValues::add(std::string_view key, std::string_view value) {
  lines_.emplace_back(key, value);
  return *this;
}

KeyValues& KeyValues::add(std::string_view key, std::uint64_t value) {
  return add(key, fmt::format("{}", value));
}

std::string KeyValues::text() const {
  std::string text = magic_ + '\n';
  for (const auto& [key, value] : lines_) {
    text += key;
    text += ' ';
    text += escape_value(value);
    text += '\n';
  }
  return text;
}

Result<KeyValues> KeyValues::parse(std::string_view text, std::string_view magic) {
  REFUSE_UNLESS(!text.empty() && text.back() == '\n', fmt::format("not a whole {} record", magic));
  KeyValues record{std::string(magic)};
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (first) {
      REFUSE_UNLESS(line == magic,
                    fmt::format("not a {} record", magic));  // what it is nobody repeats: share_folder.hpp
      first = false;
      continue;
    }
    const std::size_t space = line.find(' ');
    REFUSE_UNLESS(space != std::string_view::npos && space > 0, fmt::format("a line of a {} record has no key", magic));
    const std::string_view key = line.substr(0, space);
    REFUSE_UNLESS(!record.find(key), fmt::format("a {} record has a key twice", magic));
    TRY_ASSIGN(const std::string value, unescape_value(line.substr(space + 1)));
    record.add(key, value);
  }
  return record;
}

std::optional<std::string> KeyValues::find(std::string_view key) const {
  const auto found = std::find_if(lines_.begin(), lines_.end(), [key](const auto& line) { return line.first == key; });
  return found == lines_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> KeyValues::get(std::string_view key) const {
  auto value = find(key);
  REFUSE_UNLESS(value.has_value(), fmt::format("a {} record has no {}", magic_, key));
  return *std::move(value);
}

Result<std::uint64_t> KeyValues::number(std::string_view key) const {
  TRY_ASSIGN(const std::string text, get(key));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REFUSE_UNLESS(error == std::errc() && end == text.data() + text.size(),
                fmt::format("{} of a {} record is not a number", key, magic_));
  return value;
}

Result<Digest> KeyValues::digest(std::string_view key) const {
  TRY_ASSIGN(const std::string text, get(key));
  return Digest::from_hex(text);
}

}  // namespace swarmout
