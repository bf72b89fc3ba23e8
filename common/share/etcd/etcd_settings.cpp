#include "common/share/etcd/etcd_settings.hpp"

#include "common/base/files.hpp"
#include "common/base/private_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace swarmout {

namespace {

constexpr std::string_view kPlain = "etcd://";
constexpr std::string_view kTls = "etcds://";
constexpr const char* kDefaultPort = "2379";
constexpr const char* kForm = "write etcd://host:2379,host2:2379/prefix, or etcds:// for TLS";
constexpr std::size_t kMaxPrefix = 200;
constexpr Bytes kMaxPassword = 4 * kKiB;

bool all_of(std::string_view text, std::string_view punctuation) {
  return std::all_of(text.begin(), text.end(), [punctuation](unsigned char c) {
    return std::isalnum(c) != 0 || punctuation.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool good_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

/// "host", "host:port", "[v6]" or "[v6]:port".
Result<std::string> endpoint_from(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const std::size_t close = bracketed ? text.find(']') : 0;
  const std::size_t colon = close == std::string_view::npos ? close : text.find(':', close);
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? kDefaultPort : text.substr(colon + 1);
  const bool good_host = bracketed
                             ? host.size() > 2 && host.ends_with(']') && all_of(host.substr(1, host.size() - 2), ":.")
                             : !host.empty() && host.front() != '-' && all_of(host, ".-_");
  if (!good_host || !good_port(port)) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not the address of an etcd", text), kForm);
  }
  return fmt::format("{}:{}", host, port);
}

bool good_prefix(std::string_view prefix) {
  return prefix.size() > 1 && prefix.size() <= kMaxPrefix && prefix.find("//") == std::string_view::npos &&
         all_of(prefix, "/._-");
}

Result<std::string> password_from(const std::string& file) {
  TRY_ASSIGN(const Fd opened, open_file(file, O_RDONLY));
  struct stat info {};
  if (::fstat(opened.get(), &info) != 0) {
    return fail_errno("cannot read", file, errno);
  }
  REFUSE_UNLESS((info.st_mode & S_IRWXO) == 0,
                fmt::format("the password file {} can be read by everybody on this host: chmod 600 it", file));
  TRY_ASSIGN(std::string password, read_file(file, kMaxPassword));
  while (password.ends_with('\n') || password.ends_with('\r')) {
    password.pop_back();
  }
  REFUSE_UNLESS(!password.empty(), fmt::format("the password file {} is empty", file));
  return password;
}

}  // namespace

std::string EtcdSettings::url() const {
  return fmt::format("{}{}{}", tls ? kTls : kPlain, fmt::join(endpoints, ","), prefix);
}

bool is_etcd_url(std::string_view url) {
  return url.starts_with(kPlain) || url.starts_with(kTls);
}

Result<EtcdSettings> parse_etcd_url(std::string_view url) {
  INVARIANT(is_etcd_url(url));
  EtcdSettings settings;
  settings.tls = url.starts_with(kTls);
  std::string_view rest = url.substr(settings.tls ? kTls.size() : kPlain.size());
  if (rest.find('@') != std::string_view::npos) {
    return fail(ErrorCode::usage,
                "an etcd URL has no user and no password in it: everybody on this host could read them",
                "give --etcd-user, and the password in SWARMOUT_ETCD_PASSWORD or --etcd-password-file");
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" has no prefix for the keys of this fleet", url), kForm);
  }
  settings.prefix = rest.substr(slash);
  if (settings.prefix.ends_with('/')) {
    settings.prefix.pop_back();
  }
  if (!good_prefix(settings.prefix)) {
    return fail(ErrorCode::usage, fmt::format("the prefix \"{}\" must be of letters, digits and ._- ", settings.prefix),
                kForm);
  }
  for (rest = rest.substr(0, slash);;) {
    const std::size_t comma = rest.find(',');
    TRY_ASSIGN(std::string endpoint, endpoint_from(rest.substr(0, comma)));
    settings.endpoints.push_back(std::move(endpoint));
    if (comma == std::string_view::npos) {
      return settings;
    }
    rest.remove_prefix(comma + 1);
  }
}

Result<EtcdSettings> etcd_settings(const ShareAddress& address) {
  TRY_ASSIGN(EtcdSettings settings, parse_etcd_url(address.url));
  settings.user = address.etcd_user;
  settings.ca = address.etcd_ca;
  const char* const password = std::getenv("SWARMOUT_ETCD_PASSWORD");
  if (!address.etcd_password_file.empty()) {
    TRY_ASSIGN(settings.password, password_from(address.etcd_password_file));
  } else if (password != nullptr) {
    settings.password = password;
  } else if (const auto handed = handed_credential("swarmout.etcd-password"); handed && !settings.user.empty()) {
    TRY_ASSIGN(settings.password, password_from(handed->native()));
  }
  if (settings.user.empty() != settings.password.empty()) {
    return fail(ErrorCode::usage,
                settings.user.empty() ? "there is a password for etcd, but no user" : "there is no password for etcd",
                settings.user.empty() ? "give --etcd-user as well"
                                      : "give a file that has it with --etcd-password-file, or systemd's credential "
                                        "swarmout.etcd-password, or set "
                                        "SWARMOUT_ETCD_PASSWORD");
  }
  if (!settings.ca.empty()) {
    if (const auto readable = open_file(settings.ca, O_RDONLY); !readable) {
      return fail(ErrorCode::usage, readable.error().message, "--etcd-ca is a file of PEM certificates");
    }
  }
  return settings;
}

std::string host_of(std::string_view endpoint) {
  std::string_view host = endpoint.substr(0, endpoint.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

}  // namespace swarmout
