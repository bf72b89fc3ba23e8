// What can go wrong with a call to one member of an etcd, and what its own errors mean.

#pragma once

#include "common/base/result.hpp"

#include <string>

namespace swarmout {

/// One endpoint's failure. `final`: another endpoint would say the same.
struct EtcdFailure {
  Error error;
  bool final = false;
  bool login_again = false;
};

[[nodiscard]] Error cannot_get_in(std::string message, std::string hint);

/// Of an answer with an error: `code` is gRPC's. The texts are those of etcd 3.4 to 3.6.
[[nodiscard]] EtcdFailure etcd_failure(const std::string& endpoint, int code, const std::string& text, bool with_user);

/// Of a server that may not be an etcd: short, and printable.
[[nodiscard]] std::string printable_answer(std::string text);

}  // namespace swarmout
