// Calls to etcd's JSON gateway, and which of several endpoints to make them to.
//
// Any endpoint will do, and a call is made again at the next one when the outcome of the first is not known: callers
// send only what is safe to repeat. The file behind this is the only one that knows libcurl.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/share/etcd/etcd_settings.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace swarmout {

/// What one endpoint may send in answer to one call.
inline constexpr Bytes kMaxEtcdAnswer = 4 * kMiB;

/// One thread at a time.
class EtcdClient {
public:
  EtcdClient(EtcdSettings settings, Clock& clock);
  ~EtcdClient();
  EtcdClient(EtcdClient&&) noexcept;

  /// POST of `request` to `path` ("/v3/kv/range"). The answer is an object; nothing else is known about it.
  ///
  /// Errors:
  ///   temporary     no endpoint gave an answer: the call may have been carried out, or may yet be
  ///   not_found     what the request names is not there: a lease
  ///   cannot_write  etcd's space is used up, or the user may not do this
  ///   unavailable   user, password or certificates are wrong, or this is no etcd with a gateway
  ///   refused       the request made no sense to etcd, or its answer none to us
  [[nodiscard]] Result<nlohmann::json> call(std::string_view path, const nlohmann::json& request);

  /// The time by the clock of the server that answered last. This host's own clock is taken as long as the two agree:
  /// HTTP tells the time in whole seconds.
  [[nodiscard]] WallTime now() const;

  [[nodiscard]] const EtcdSettings& settings() const;

private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace swarmout
