#include "cli/settings/config_file.hpp"

#include "common/base/key_values.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

namespace swarmout {

namespace {

constexpr std::size_t kShown = 60;  ///< of what is wrong in a line
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Not with an '@': a URL may have a password in it.
std::string shown(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return "the line";
  }
  return fmt::format("\"{}\"", printable(std::string(text.substr(0, kShown))));
}

/// What one line may not have in it, wherever; empty if all is well.
std::string wrong_bytes(std::string_view line) {
  if (line.ends_with('\r')) {
    return "the line ends with CR LF; write the file with Unix line ends";
  }
  if (line.starts_with(kByteOrderMark)) {
    return "the file begins with a byte order mark; write it without";
  }
  const auto bad = std::find_if(line.begin(), line.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t') || c == 0x7f;  // a tab may be part of a command
  });
  return bad == line.end() ? ""
                           : fmt::format("there is a control character (0x{:02x})", static_cast<unsigned char>(*bad));
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// One file, line by line.
class ConfigReader {
public:
  explicit ConfigReader(const std::string& file) : file_(file) {}

  void take(std::string_view raw) {
    ++line_;
    if (auto taken = read(raw); !taken) {
      found_.mistakes.push_back({line_, std::move(taken).error()});
    }
  }
  ConfigText found() && { return std::move(found_); }

private:
  Result<void> read(std::string_view raw) {
    if (const std::string wrong = wrong_bytes(raw); !wrong.empty()) {
      return refuse(wrong);
    }
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      return {};
    }
    return line.front() == '[' ? begin_section(line) : take_value(line);
  }
  tl::unexpected<Error> refuse(std::string_view what, std::string hint = {}) const {
    return fail(ErrorCode::usage, at_line(file_, line_, what), std::move(hint));
  }

  Result<void> begin_section(std::string_view line) {
    lost_ = true;
    if (line.back() != ']') {
      return refuse(fmt::format("{} is no section", shown(line)), "write [seed], with nothing after it");
    }
    section_ = trimmed(line.substr(1, line.size() - 2));
    if (!is_name(section_)) {
      return refuse(fmt::format("{} is no section", shown(line)), "write the name of a verb: [seed]");
    }
    lost_ = false;
    found_.lines.push_back({section_, "", "", line_});
    return {};
  }

  Result<void> take_value(std::string_view line) {
    if (lost_) {
      return {};
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) {
      return refuse(fmt::format("{} has no =", shown(line)), "write key=value; of a flag, key=true");
    }
    const std::string_view key = trimmed(line.substr(0, equals));
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (!is_name(key)) {
      return refuse(fmt::format("{} is no name of a setting", shown(key)));
    }
    if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
      return refuse(fmt::format("the value of {} stands in quotes", key),
                    "write it without quotes: they would be part of it");
    }
    const auto [before, first] = lines_.try_emplace({section_, std::string(key)}, line_);
    if (!first) {
      return refuse(fmt::format("{} stands here again, after line {}", key, before->second), "one of them must go");
    }
    found_.lines.push_back({section_, std::string(key), std::string(value), line_});
    return {};
  }

  const std::string& file_;
  std::size_t line_ = 0;
  std::string section_;
  bool lost_ = false;  ///< below a section that could not be read
  std::map<std::pair<std::string, std::string>, std::size_t> lines_;
  ConfigText found_;
};

tl::unexpected<Error> cannot_read(const Path& file, std::string_view why, std::string hint = {}) {
  return fail(ErrorCode::usage, fmt::format("cannot read {}: {}", printable(file.native()), why), std::move(hint));
}

}  // namespace

std::string at_line(const std::string& file, std::size_t line, std::string_view what) {
  return fmt::format("{}:{}: {}", printable(file), line, what);
}

ConfigText parse_all_config(std::string_view text, const std::string& file) {
  ConfigReader reader(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reader).found();
}

Result<std::vector<ConfigLine>> parse_config(std::string_view text, const std::string& file) {
  ConfigText all = parse_all_config(text, file);
  if (!all.mistakes.empty()) {
    return tl::unexpected(std::move(all.mistakes.front().error));
  }
  return std::move(all.lines);
}

Result<std::optional<std::vector<ConfigLine>>> read_config(const Path& file) {
  TRY_ASSIGN(const auto text, read_config_text(file));
  if (!text) {
    return std::optional<std::vector<ConfigLine>>();
  }
  TRY_ASSIGN(auto lines, parse_config(*text, file.native()));
  return std::optional(std::move(lines));
}

Result<std::optional<std::string>> read_config_text(const Path& file) {
  // Not to wait for the writer of a fifo.
  const Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened.valid()) {
    if (errno == ENOENT) {
      return std::optional<std::string>();
    }
    return cannot_read(file, std::strerror(errno));
  }
  struct stat about {};
  if (::fstat(opened.get(), &about) != 0) {
    return cannot_read(file, std::strerror(errno));
  }
  if (!S_ISREG(about.st_mode)) {
    return cannot_read(file, "it is no regular file");
  }
  std::string text(kMaxConfig + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(opened.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno != EINTR) {
      return cannot_read(file, std::strerror(errno));
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  if (size > kMaxConfig) {
    return cannot_read(file, fmt::format("it is larger than {} KiB", kMaxConfig / kKiB));
  }
  text.resize(size);
  return std::optional(std::move(text));
}

}  // namespace swarmout
