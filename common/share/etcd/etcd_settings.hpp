// Where an etcd is and how to get in: etcd://host:2379[,host2:2379…]/prefix, etcds:// for TLS.
//
// The URL never has a password in it: command lines are public on their host, and URLs are in every message. The user
// and the file with the password are settings of their own; the password itself may be in SWARMOUT_ETCD_PASSWORD.

#pragma once

#include "common/base/result.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

struct EtcdSettings {
  std::vector<std::string> endpoints;  ///< "host:2379", "[2001:db8::1]:2379"
  std::string prefix;                  ///< "/fleet": begins with a slash, ends without one
  bool tls = false;
  std::string user;  ///< empty: none
  std::string password;
  std::string ca;  ///< file with the certificates to trust; empty: the system's
  /// One endpoint has this long to answer before the next one is asked.
  std::chrono::milliseconds call_timeout{5000};
  /// When none answers, all are asked again until this is over.
  std::chrono::milliseconds patience{5000};

  /// Once it is requested, a call that gets no answer is given up after a second.
  std::stop_token stop{};

  /// As it was given, for messages.
  [[nodiscard]] std::string url() const;
};

[[nodiscard]] bool is_etcd_url(std::string_view url);

/// Errors: usage. The message never repeats a URL that has an '@'.
[[nodiscard]] Result<EtcdSettings> parse_etcd_url(std::string_view url);

/// The same, with user, password and CA. Errors: usage; refused, if the password file can be read by others.
[[nodiscard]] Result<EtcdSettings> etcd_settings(const ShareAddress& address);

/// "host" of "host:2379", without the brackets of "[2001:db8::1]:2379".
[[nodiscard]] std::string host_of(std::string_view endpoint);

}  // namespace swarmout
