#include "common/names/node_set.hpp"

#include "common/base/key_values.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace swarmout {

namespace {

/// What fits a 64-bit number whatever its digits are; a longer run of digits is text.
constexpr std::size_t kMostDigits = 18;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// A name as text, number, text, number, …, text. "web01.rack7" is "web" 01 ".rack" 7 "".
struct NameParts {
  std::vector<std::string> texts;
  std::vector<std::string> numbers;

  [[nodiscard]] std::string without(std::size_t number) const {
    std::string name;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      name += texts[i] + '\0';
      if (i < numbers.size()) {
        name += i == number ? std::string(1, '\1') : numbers[i];
      }
    }
    return name;
  }
};

NameParts parts_of(std::string_view name) {
  NameParts parts;
  std::string text;
  while (!name.empty()) {
    const std::size_t digits =
        static_cast<std::size_t>(std::find_if_not(name.begin(), name.end(), is_digit) - name.begin());
    if (digits > 0 && digits <= kMostDigits) {
      parts.texts.push_back(std::exchange(text, {}));
      parts.numbers.emplace_back(name.substr(0, digits));
    } else {
      text += name.substr(0, std::max<std::size_t>(digits, 1));
    }
    name.remove_prefix(std::max<std::size_t>(digits, 1));
  }
  parts.texts.push_back(std::move(text));
  return parts;
}

std::uint64_t value_of(const std::string& digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// Numbers of one width are one range: 9 and 10 have none in common with 09 and 10. Without leading zeros the width
/// says nothing.
std::size_t width_of_number(const std::string& digits) {
  return digits.size() > 1 && digits[0] == '0' ? digits.size() : 0;
}

struct NameNumber {
  std::string digits;
  [[nodiscard]] auto key() const { return std::tuple(value_of(digits), digits.size()); }
  bool operator<(const NameNumber& other) const { return key() < other.key(); }
};

bool goes_on(const NameNumber& last, const NameNumber& next) {
  if (value_of(next.digits) != value_of(last.digits) + 1) {
    return false;
  }
  const std::size_t padded = std::max(width_of_number(last.digits), width_of_number(next.digits));
  return padded == 0 ? true : last.digits.size() == next.digits.size();
}

std::string ranges_of(const std::set<NameNumber>& numbers) {
  std::string text;
  for (auto each = numbers.begin(); each != numbers.end();) {
    auto last = each;
    for (auto next = std::next(last); next != numbers.end() && goes_on(*last, *next); ++next) {
      last = next;
    }
    text += (text.empty() ? "" : ",") + each->digits;
    if (last != each) {
      text += '-' + last->digits;
    }
    each = std::next(last);
  }
  return text;
}

std::string harmless(std::string name) {
  name = printable(std::move(name));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '[' || c == ']' || c == ',' || c == ' '; }, '?');
  return name.empty() ? "?" : name;
}

struct SplitName {
  std::string name;
  NameParts parts;
  std::size_t folded = 0;  ///< which of its numbers
};

/// The order that people expect: text by text, number by number.
bool before(const SplitName& a, const SplitName& b) {
  const std::size_t common = std::min(a.parts.numbers.size(), b.parts.numbers.size());
  for (std::size_t i = 0; i <= common; ++i) {
    if (a.parts.texts[i] != b.parts.texts[i]) {
      return a.parts.texts[i] < b.parts.texts[i];
    }
    if (i < common && a.parts.numbers[i] != b.parts.numbers[i]) {
      return NameNumber{a.parts.numbers[i]} < NameNumber{b.parts.numbers[i]};
    }
  }
  return a.parts.numbers.size() < b.parts.numbers.size();
}

/// How many names differ in nothing but one of their numbers, for each such set.
std::map<std::string, std::size_t> count_sets(const std::vector<SplitName>& names) {
  std::map<std::string, std::size_t> sizes;
  for (const SplitName& each : names) {
    for (std::size_t i = 0; i < each.parts.numbers.size(); ++i) {
      ++sizes[each.parts.without(i)];
    }
  }
  return sizes;
}

std::size_t best_number(const NameParts& parts, const std::map<std::string, std::size_t>& sizes) {
  std::size_t best = 0;
  std::size_t most = 0;
  for (std::size_t i = 0; i < parts.numbers.size(); ++i) {
    if (const std::size_t size = sizes.at(parts.without(i)); size > most) {
      std::tie(best, most) = std::pair(i, size);
    }
  }
  return best;
}

std::string written_set(const NameParts& parts, std::size_t folded, const std::set<NameNumber>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < parts.texts.size(); ++i) {
    text += parts.texts[i];
    if (i < parts.numbers.size()) {
      text += i == folded && numbers.size() > 1 ? '[' + ranges_of(numbers) + ']' : parts.numbers[i];
    }
  }
  return text;
}

}  // namespace

std::string fold_nodes(std::vector<std::string> raw) {
  std::vector<SplitName> names;
  for (std::string& each : raw) {
    each = harmless(std::move(each));
    names.push_back({each, parts_of(each)});
  }
  std::sort(names.begin(), names.end(), before);
  names.erase(std::unique(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.name == b.name; }),
              names.end());
  const auto sizes = count_sets(names);
  std::map<std::string, std::set<NameNumber>> sets;
  for (SplitName& each : names) {
    each.folded = best_number(each.parts, sizes);
    if (!each.parts.numbers.empty()) {
      sets[each.parts.without(each.folded)].insert({each.parts.numbers[each.folded]});
    }
  }
  std::string text;
  std::set<std::string> written;
  for (const SplitName& each : names) {
    const std::string set = each.parts.without(each.folded);
    if (!each.parts.numbers.empty() && !written.insert(set).second) {
      continue;
    }
    text += text.empty() ? "" : ",";
    text += each.parts.numbers.empty() ? each.name : written_set(each.parts, each.folded, sets.at(set));
  }
  return text;
}

}  // namespace swarmout
