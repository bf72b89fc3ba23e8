#include "seeder/source/credentials.hpp"

#include "common/base/key_values.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace swarmout {

namespace {

constexpr std::string_view kMask = "***";
/// Names of options, variables, headers and query fields are shorter; looking further back would cost a long text time.
constexpr std::size_t kMaxName = 64;
/// Found anywhere in a name, it names a secret.
constexpr std::array kTelling = {"password",   "passwd",        "passphrase",  "secret",      "token",
                                 "apikey",     "api_key",       "api-key",     "accesskey",   "access_key",
                                 "access-key", "privatekey",    "private_key", "private-key", "credential",
                                 "signature",  "authorization", "cookie"};
/// Only as a whole part of a name: "sig" in "design" is none.
constexpr std::array kTellingParts = {"sig", "auth", "oauth", "pass", "pw", "pwd"};
/// How tokens of well-known services begin.
constexpr std::array kTokens = {"ghp_",   "gho_",  "ghu_",  "ghs_",  "ghr_", "github_pat_",
                                "glpat-", "gldt-", "xoxb-", "xoxp-", "AKIA", "eyJhbGci"};
constexpr std::size_t kShortestToken = 16;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_quote(char c) {
  return c == '\'' || c == '"' || c == '`';
}
bool is_alnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}
bool is_name(char c) {
  return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/// The name that ends before `end`.
std::string_view name_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && end - begin < kMaxName && is_name(text[begin - 1])) {
    --begin;
  }
  return text.substr(begin, end - begin);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool has_part(std::string_view name, std::string_view part) {
  for (std::size_t at = name.find(part); at != std::string_view::npos; at = name.find(part, at + 1)) {
    const std::size_t end = at + part.size();
    if ((at == 0 || !is_alnum(name[at - 1])) && (end == name.size() || !is_alnum(name[end]))) {
      return true;
    }
  }
  return false;
}

bool names_a_secret(std::string_view raw) {
  const std::string name = lower(raw);
  return std::any_of(kTelling.begin(), kTelling.end(),
                     [&](const char* each) { return name.find(each) != std::string::npos; }) ||
         std::any_of(kTellingParts.begin(), kTellingParts.end(),
                     [&](const char* each) { return has_part(name, each); });
}

class Masking {
public:
  explicit Masking(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (!(at_url() || at_value() || at_header() || at_option() || at_token())) {
        out_ += text_[at_++];
      }
    }
    return std::move(out_);
  }

private:
  /// The end of a value: that of its quotes, or of the word.
  std::size_t end_of_value(std::size_t begin, std::string_view also = "") const {
    if (begin < text_.size() && is_quote(text_[begin])) {
      return std::min(text_.find(text_[begin], begin + 1), text_.size());
    }
    std::size_t end = begin;
    while (end < text_.size() && !is_space(text_[end]) && !is_quote(text_[end]) &&
           also.find(text_[end]) == std::string_view::npos) {
      ++end;
    }
    return end;
  }
  void keep_to(std::size_t end) {
    out_ += text_.substr(at_, end - at_);
    at_ = end;
  }
  /// Quotes stay.
  void mask_to(std::size_t end) {
    if (at_ < end && is_quote(text_[at_])) {
      out_ += text_[at_++];
    }
    if (at_ < end) {
      out_ += kMask;
      at_ = end;
    }
  }

  /// SCHEME://USER@HOST
  bool at_url() {
    if (text_.substr(at_, 3) != "://" || name_before(text_, at_).empty()) {
      return false;
    }
    keep_to(at_ + 3);
    std::size_t end = at_;
    std::size_t host = at_;
    while (end < text_.size() && text_[end] != '/' && !is_space(text_[end])) {
      host = text_[end++] == '@' ? end : host;
    }
    at_ = host;
    return true;
  }

  /// NAME=VALUE, in a query, an environment or an option.
  bool at_value() {
    if (text_[at_] != '=' || !names_a_secret(name_before(text_, at_))) {
      return false;
    }
    keep_to(at_ + 1);
    mask_to(end_of_value(at_, "&;"));
    return true;
  }

  /// NAME: VALUE, to the end of the line or of the quotes around it.
  bool at_header() {
    if (text_[at_] != ':' || text_.substr(at_, 3) == "://") {
      return false;
    }
    const std::string_view name = name_before(text_, at_);
    const std::size_t begin_of_name = at_ - name.size();
    const bool alone = begin_of_name == 0 || is_space(text_[begin_of_name - 1]) || is_quote(text_[begin_of_name - 1]);
    if (!alone || !names_a_secret(name)) {  // "/srv/token: Permission denied" is a file
      return false;
    }
    std::size_t begin = at_ + 1;
    while (begin < text_.size() && text_[begin] == ' ') {
      ++begin;
    }
    keep_to(begin);
    std::size_t end = begin;
    while (end < text_.size() && text_[end] != '\n' && (!is_quote(text_[end]) || end == begin)) {
      ++end;
    }
    mask_to(end);
    return true;
  }

  /// --password VALUE, -u USER:VALUE, sshpass -p VALUE, Bearer VALUE
  bool at_option() {
    if (!is_space(text_[at_])) {
      return false;
    }
    const std::string_view name = name_before(text_, at_);
    const bool is_option = name.starts_with('-');
    const bool names_user = name == "-u" || name == "--user" || name == "--proxy-user";
    const bool follows = name == "Bearer" || (is_option && names_a_secret(name)) || (name == "-p" && after_sshpass());
    if (!follows && !names_user) {
      return false;
    }
    std::size_t begin = at_;
    while (begin < text_.size() && is_space(text_[begin])) {
      ++begin;
    }
    keep_to(begin);
    const std::size_t end = end_of_value(begin);
    if (names_user) {
      const std::size_t colon = text_.substr(begin, end - begin).find(':');
      if (colon != std::string_view::npos) {
        keep_to(begin + colon + 1);
        mask_to(end);
      }
      return true;
    }
    if (begin < text_.size() && text_[begin] != '-') {
      mask_to(end);
    }
    return true;
  }
  bool after_sshpass() const {
    constexpr std::string_view kBefore = "sshpass -p";
    return text_.substr(0, at_).ends_with(kBefore);
  }

  bool at_token() {
    if (at_ > 0 && is_name(text_[at_ - 1])) {
      return false;
    }
    const std::string_view rest = text_.substr(at_);
    if (std::none_of(kTokens.begin(), kTokens.end(), [&](const char* each) { return rest.starts_with(each); })) {
      return false;
    }
    const std::size_t end = std::find_if_not(rest.begin(), rest.end(), is_name) - rest.begin() + at_;
    if (end - at_ < kShortestToken) {
      return false;
    }
    mask_to(end);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string without_credentials(std::string_view text) {
  return Masking(text).run();
}

std::string quotable(std::string_view printed) {
  const std::string masked = without_credentials(printed);
  std::string line;
  std::size_t start = 0;
  while (start < masked.size()) {
    const std::size_t end = std::min(masked.find_first_of("\r\n", start), masked.size());
    const std::string_view part = std::string_view(masked).substr(start, end - start);
    start = end + 1;
    if (part.find_first_not_of(" \t") != std::string_view::npos) {
      line += line.empty() ? "" : "; ";
      line += part;
    }
  }
  return printable(std::move(line));
}

}  // namespace swarmout
