#include "cli/json/json_lines.hpp"

#include "cli/output.hpp"

#include <nlohmann/json.hpp>

namespace swarmout {

namespace {

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

JsonLine& JsonLine::add(std::string_view key, std::string_view value) {
  return raw(key, quoted(value));
}

JsonLine& JsonLine::number(std::string_view key, double value) {
  return raw(key, nlohmann::json(value).dump());
}

JsonLine& JsonLine::raw(std::string_view key, std::string_view json) {
  text_ += text_.empty() ? '{' : ',';
  text_ += quoted(key);
  text_ += ':';
  text_ += json;
  return *this;
}

Result<void> print_line(const JsonLine& line) {
  return print_result(line.text(), WhenReaderGone::end_quietly);
}

}  // namespace swarmout
