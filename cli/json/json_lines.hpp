// What verbs that take long print with --json: a line for each thing, an object with a "type", and at the end one of
// type "summary". Nothing but these lines is on standard output.
//
//   {"type":"difference","path":"src/main.c","fault":"content"}
//   {"type":"summary","release":42,"differences":1}
//
// ASCII alone; bytes that are no UTF-8 are replaced, as in `status --json`.

#pragma once

#include "common/base/result.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace swarmout {

/// One object, fields in the order in which they are added.
class JsonLine {
public:
  explicit JsonLine(std::string_view type) { add("type", type); }

  JsonLine& add(std::string_view key, std::string_view value);
  JsonLine& add(std::string_view key, const char* value) { return add(key, std::string_view(value)); }
  JsonLine& add(std::string_view key, std::same_as<bool> auto value) { return raw(key, value ? "true" : "false"); }
  JsonLine& add(std::string_view key, std::same_as<double> auto value) { return number(key, value); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonLine& add(std::string_view key, T value) {
    return raw(key, std::to_string(value));
  }
  JsonLine& add_null(std::string_view key) { return raw(key, "null"); }

  /// With its newline.
  [[nodiscard]] std::string text() const { return text_ + "}\n"; }

private:
  JsonLine& raw(std::string_view key, std::string_view json);
  JsonLine& number(std::string_view key, double value);

  std::string text_;
};

/// On standard output. Errors: as print_result().
[[nodiscard]] Result<void> print_line(const JsonLine& line);

/// With `json`, an error that comes before any line is a summary as well: whoever reads lines until that is not left
/// waiting.
template <typename T>
[[nodiscard]] Result<T> or_summary(bool json, Result<T> result) {
  if (json && !result) {
    TRY(print_line(JsonLine("summary").add("error", to_string(result.error()))));
  }
  return result;
}

}  // namespace swarmout
