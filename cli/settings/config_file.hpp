// The configuration file: lines `key=value`, at the top for all verbs, below `[verb]` for one.
//
// A value is the rest of its line, byte for byte; only blanks around it are dropped. Nothing in it is special: no
// quotes, no comments, no lists. A comment is a line of its own that begins with # or ;. What is not exactly this is an
// error with file and line. Why so: docs/decisions/0021-settings-once.md.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

inline constexpr const char* kDefaultConfig = "/etc/swarmout.conf";
/// Nobody's settings are longer; a log or a disk image given by mistake is.
inline constexpr Bytes kMaxConfig = 256 * kKiB;

struct ConfigLine {
  std::string section;  ///< empty: before the first section
  std::string key;      ///< empty: the line that begins the section
  std::string value;
  std::size_t line = 0;  ///< of the file, from 1
};

/// What is wrong with a line of a file.
struct ConfigMistake {
  std::size_t line = 0;
  Error error;  ///< usage, with file and line
};
struct ConfigText {
  std::vector<ConfigLine> lines;
  std::vector<ConfigMistake> mistakes;  ///< in the order of the lines
};

/// All lines that can be read, and what is wrong with the others. What follows a section line that cannot be read is
/// left out until the next one: nobody knows where it belongs.
[[nodiscard]] ConfigText parse_all_config(std::string_view text, const std::string& file);

/// What the lines say, in their order. Which keys and sections there may be, the caller knows. Errors: usage, with
/// `file` and line.
[[nodiscard]] Result<std::vector<ConfigLine>> parse_config(std::string_view text, const std::string& file);

/// A file's text. Nullopt: it does not exist. Errors: usage, if it is no regular file, cannot be read, or is larger
/// than kMaxConfig.
[[nodiscard]] Result<std::optional<std::string>> read_config_text(const Path& file);

/// parse_config() of a file. Nullopt: it does not exist. Errors: of both.
[[nodiscard]] Result<std::optional<std::vector<ConfigLine>>> read_config(const Path& file);

/// "file:12: what" for errors about a line.
[[nodiscard]] std::string at_line(const std::string& file, std::size_t line, std::string_view what);

}  // namespace swarmout
