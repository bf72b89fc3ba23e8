#include "seeder/source/svn/svn_location.hpp"

#include "seeder/source/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

constexpr std::size_t kMaxRevision = 64;
constexpr std::size_t kMaxDigits = 10;
constexpr std::array kSchemes = {"svn", "http", "https", "file"};
/// svn+ssh, and other tunnels that the user's ~/.subversion/config knows.
constexpr std::string_view kTunnel = "svn+";
constexpr const char* kHowToWrite = "write svn+URL[@PEG][#REVISION]: svn+https://host/repo/trunk";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_scheme(std::string_view text) {
  if (text.starts_with(kTunnel)) {
    return text.size() > kTunnel.size() && std::all_of(text.begin() + kTunnel.size(), text.end(), [](char c) {
             return is_letter(c) || is_digit(c) || c == '-' || c == '_';
           });
  }
  return std::find(kSchemes.begin(), kSchemes.end(), text) != kSchemes.end();
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= kMaxDigits && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_date(std::string_view text) {
  return text.size() > 2 && text.front() == '{' && text.back() == '}' &&
         std::all_of(text.begin() + 1, text.end() - 1, [](char c) {
           return is_digit(c) || is_letter(c) || std::string_view(":+-. ").find(c) != std::string_view::npos;
         });
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view hex = text.substr(i).substr(0, 3);
    const auto value = [](char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; };
    const auto is_hex = [](char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); };
    if (text[i] == '%' && hex.size() == 3 && is_hex(hex[1]) && is_hex(hex[2])) {
      plain += static_cast<char>(value(hex[1]) * 16 + value(hex[2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Takes "user:password@" out of a URL; ssh needs the user where it is.
void take_user(SvnLocation& location, std::size_t host, std::size_t path, bool tunnel) {
  const std::size_t at = location.url.rfind('@', path);
  if (at == std::string::npos || at < host || at > path) {
    return;
  }
  const std::string user = location.url.substr(host, at - host);
  const std::size_t colon = std::min(user.find(':'), user.size());
  if (tunnel) {
    location.url.erase(host + colon, user.size() - colon);
    return;
  }
  location.user = decoded(std::string_view(user).substr(0, colon));
  location.password = colon < user.size() ? decoded(std::string_view(user).substr(colon + 1)) : "";
  location.url.erase(host, at + 1 - host);
}

}  // namespace

Result<SvnLocation> parse_svn_location(const std::string& text) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::usage, fmt::format("svn+{} {}", quotable(text), why), kHowToWrite);
  };
  SvnLocation location;
  const std::size_t hash = text.rfind('#');
  location.url = text.substr(0, hash);
  location.revision = hash == std::string::npos ? "" : text.substr(hash + 1);
  const std::size_t colon = location.url.find("://");
  const std::string scheme = location.url.substr(0, std::min(colon, location.url.size()));
  if (colon == std::string::npos || !is_scheme(scheme)) {
    return wrong("is not a URL that Subversion knows");
  }
  if (location.revision.starts_with('-')) {
    return wrong("names no revision");
  }
  const std::size_t host = colon + 3;
  std::size_t path = std::min(location.url.find('/', host), location.url.size());
  const std::size_t name = location.url.rfind('/') + 1;
  const std::size_t at = location.url.rfind('@');
  if (at != std::string::npos && at >= std::max(name, path)) {
    const std::string peg = location.url.substr(at + 1);
    location.url.erase(at);
    if (!peg.empty()) {
      const auto parsed = parse_svn_revision(peg);
      if (!parsed) {
        return fail(ErrorCode::usage,
                    fmt::format("\"{}\" after the @ of svn+{} is not a revision", peg, quotable(text)),
                    "an @ that belongs to the name: end the URL in @");
      }
      location.peg = *parsed;
    }
  }
  take_user(location, host, path, scheme.starts_with(kTunnel));
  path = std::min(location.url.find('/', host), location.url.size());
  if (path == host && scheme != "file") {
    return wrong("names no host");
  }
  return location;
}

Result<std::string> parse_svn_revision(const std::string& text) {
  if (text.starts_with('-')) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a Subversion revision", text.substr(0, kMaxRevision)));
  }
  const std::string_view number = std::string_view(text).substr(text.starts_with('r') ? 1 : 0);
  if (is_number(number)) {
    return std::string(number);
  }
  if (text.size() <= kMaxRevision && (text == "HEAD" || is_date(text))) {
    return text;
  }
  return fail(ErrorCode::not_found, fmt::format("\"{}\" is not a Subversion revision", text.substr(0, kMaxRevision)),
              "give a number, or a date as {2026-01-31}; a branch or tag is a URL of its own");
}

}  // namespace swarmout
