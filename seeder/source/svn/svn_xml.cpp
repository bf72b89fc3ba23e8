#include "seeder/source/svn/svn_xml.hpp"

#include "common/base/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace swarmout {

namespace {

/// A tag with the longest path is shorter, and so is a text: those that svn prints here are names and dates.
constexpr std::size_t kMaxPending = kMiB;
constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
    {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
constexpr std::string_view kSpace = " \t\r\n";

tl::unexpected<Error> unexpected_xml() {
  return fail(ErrorCode::refused, "svn prints something else than expected");
}

/// svn writes those of XML itself, and numbers for control characters.
std::optional<char> entity(std::string_view name) {
  for (const auto& [each, meaning] : kEntities) {
    if (name == each) {
      return meaning;
    }
  }
  if (name.starts_with('#')) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), value);
    if (error == std::errc() && end == name.data() + name.size() && value < 0x80) {
      return static_cast<char>(value);
    }
  }
  return std::nullopt;
}

Result<std::string> plain(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t amp = std::min(text.find('&'), text.size());
    result += text.substr(0, amp);
    text.remove_prefix(amp);
    if (text.empty()) {
      break;
    }
    const std::size_t end = text.find(';');
    const auto meaning = end == std::string_view::npos ? std::nullopt : entity(text.substr(1, end - 1));
    if (!meaning) {
      return unexpected_xml();
    }
    result += *meaning;
    text.remove_prefix(end + 1);
  }
  return result;
}

/// The '>' that ends a tag: not one in quotes.
std::size_t end_of_tag(std::string_view text, std::size_t begin) {
  char quote = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (quote != 0) {
      quote = text[i] == quote ? '\0' : quote;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '>') {
      return i;
    }
  }
  return std::string_view::npos;
}

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
}

}  // namespace

std::string_view SvnTag::attribute(std::string_view key) const {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const auto& each) { return each.first == key; });
  return found == attributes.end() ? std::string_view() : std::string_view(found->second);
}

Result<void> SvnXml::feed(std::string_view piece) {
  pending_ += piece;
  std::size_t done = 0;
  while (true) {
    const std::size_t begin = pending_.find('<', done);
    const std::size_t end = begin == std::string::npos ? begin : end_of_tag(pending_, begin);
    if (end == std::string::npos) {
      break;
    }
    const std::string_view all = pending_;
    TRY(tag(all.substr(done, begin - done), all.substr(begin + 1, end - begin - 1)));
    done = end + 1;
  }
  pending_.erase(0, done);
  return pending_.size() <= kMaxPending ? Result<void>() : unexpected_xml();
}

Result<void> SvnXml::tag(std::string_view text, std::string_view inner) {
  if (inner.starts_with('?')) {
    return {};
  }
  SvnTag tag;
  tag.closes = inner.starts_with('/') || inner.ends_with('/');
  tag.opens = !inner.starts_with('/');
  inner.remove_prefix(tag.opens ? 0 : 1);
  inner.remove_suffix(inner.ends_with('/') ? 1 : 0);
  const std::size_t name = std::min(inner.find_first_of(kSpace), inner.size());
  tag.name = inner.substr(0, name);
  inner.remove_prefix(name);
  for (skip_space(inner); !inner.empty(); skip_space(inner)) {
    const std::size_t equals = inner.find('=');
    if (equals == std::string_view::npos || equals + 1 >= inner.size()) {
      return unexpected_xml();
    }
    const std::size_t end = inner.find(inner[equals + 1], equals + 2);
    if (end == std::string_view::npos) {
      return unexpected_xml();
    }
    TRY_ASSIGN(std::string value, plain(inner.substr(equals + 2, end - equals - 2)));
    tag.attributes.emplace_back(inner.substr(0, equals), std::move(value));
    inner.remove_prefix(end + 1);
  }
  TRY_ASSIGN(tag.text, plain(text));
  if (tag.name.empty() || (!tag.opens && depth_ == 0)) {
    return unexpected_xml();
  }
  any_ = true;
  depth_ += (tag.opens ? 1 : 0);
  depth_ -= (tag.closes ? 1 : 0);
  return take_(tag);
}

Result<void> SvnXml::finish() const {
  return any_ && depth_ == 0 ? Result<void>() : unexpected_xml();
}

}  // namespace swarmout
