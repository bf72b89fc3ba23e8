#include "common/share/etcd/etcd_errors.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

/// Codes of gRPC that matter here.
constexpr int kInvalid = 3;
constexpr int kNotFound = 5;
constexpr int kDenied = 7;
constexpr int kExhausted = 8;
constexpr int kPrecondition = 9;
constexpr int kNoSuchCall = 12;
constexpr int kUnauthenticated = 16;

}  // namespace

Error cannot_get_in(std::string message, std::string hint) {
  return {ErrorCode::unavailable, std::move(message), std::move(hint)};
}

EtcdFailure etcd_failure(const std::string& endpoint, int code, const std::string& text, bool with_user) {
  const auto says = [&text](std::string_view part) { return text.find(part) != std::string::npos; };
  const std::string message = fmt::format("etcd at {}: {}", endpoint, printable_answer(text));
  if (code == kUnauthenticated || says("user name is empty") || says("revision in header is old")) {
    if (with_user) {
      return {cannot_get_in(message, "check the user and the password"), false, true};
    }
    return {cannot_get_in(message, "this etcd wants a user: give --etcd-user and a password"), true};
  }
  if (says("authentication failed")) {
    return {cannot_get_in(message, "check --etcd-user and the password"), true};
  }
  if (says("space exceeded")) {
    return {{ErrorCode::cannot_write, message, "compact and defragment etcd, then disarm its NOSPACE alarm"}, true};
  }
  switch (code) {
    case kInvalid:
      return {{ErrorCode::refused, message, {}}, true};
    case kNotFound:
      return {{ErrorCode::not_found, message, {}}, true};
    case kDenied:
      return {{ErrorCode::cannot_write, message, "the user's role must have readwrite on the share's prefix"}, true};
    case kPrecondition:
      return {{ErrorCode::failed, message, {}}, true};
    case kNoSuchCall:
      return {cannot_get_in(message, "etcd 3.4 or later is needed"), false};
    default:  // no leader, timed out, stopped, too many requests: ask another one
      return {{ErrorCode::temporary, message, {}}, false};
  }
}

std::string printable_answer(std::string text) {
  text.resize(std::min<std::size_t>(text.size(), 200));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

}  // namespace swarmout
