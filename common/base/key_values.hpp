// The text form of small records: a magic first line, then "key value" lines in a fixed order.
//
// Values may be any bytes: control bytes, '%' and non-ASCII are written as %XX, so that no value can forge a line.
// Used for descriptors, peer records and heartbeats (docs/formats/).

#pragma once

#include "common/base/digest.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmout {

[[nodiscard]] std::string escape_value(std::string_view raw);
/// For terminals and journals: what others wrote may have control characters (C0, C1), format controls, which turn
/// the direction of a line or cannot be seen, and bytes that are no UTF-8; each becomes '?'.
[[nodiscard]] std::string printable(std::string text);
/// Errors: refused, for a bad escape or a byte that should have been escaped.
[[nodiscard]] Result<std::string> unescape_value(std::string_view escaped);

class KeyValues {
public:
  /// `magic`: the first line without its newline, for example "swarmout-descriptor 1".
  explicit KeyValues(std::string magic) : magic_(std::move(magic)) {}

  KeyValues& add(std::string_view key, std::string_view value);
  KeyValues& add(std::string_view key, std::uint64_t value);
  [[nodiscard]] std::string text() const;

  /// Errors: refused: another magic, a line without a space, a key given twice, a bad escape, no final newline.
  [[nodiscard]] static Result<KeyValues> parse(std::string_view text, std::string_view magic);

  /// Errors: refused, if the key is missing (or, for the second and third, the value is not such a thing).
  [[nodiscard]] Result<std::string> get(std::string_view key) const;
  [[nodiscard]] Result<std::uint64_t> number(std::string_view key) const;
  [[nodiscard]] Result<Digest> digest(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> find(std::string_view key) const;

private:
  std::string magic_;
  std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace swarmout
