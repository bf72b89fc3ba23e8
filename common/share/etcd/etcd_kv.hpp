// The few operations of etcd that the share is made of, as values: ranges, transactions, leases.
//
// All reads are linearizable: "not there" is the truth at that moment. Everything here is safe to repeat.

#pragma once

#include "common/share/etcd/etcd_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

struct EtcdValue {
  std::string key;
  std::string bytes;
  std::int64_t revision = 0;  ///< mod_revision: that of the last write to the key; never used twice
};

struct EtcdRange {
  std::string first;
  std::string end;  ///< the first key that is not meant; empty: just the key `first`
  unsigned limit = 0;
  bool keys_only = false;
  bool descending = false;
};

/// The end of the range of all keys that begin with `prefix`, whose last byte must not be 0xff.
[[nodiscard]] std::string end_of_prefix(std::string prefix);

struct EtcdCondition {
  enum class Kind { absent, present, unchanged };
  Kind kind = Kind::present;
  std::string key;
  std::int64_t revision = 0;  ///< unchanged: since this one
};

struct EtcdWrite {
  enum class Kind { put, remove };
  Kind kind = Kind::put;
  std::string key;
  std::string bytes;       ///< put
  std::int64_t lease = 0;  ///< put: goes when this lease does; 0: stays
  std::string end;         ///< remove: the first key that stays; empty: just the one key
};

/// Either all conditions hold and all writes are done, or nothing is, and one key is read instead.
struct EtcdTransaction {
  std::vector<EtcdCondition> conditions;
  std::vector<EtcdWrite> writes;
  std::string otherwise_read;  ///< may be empty
};

struct EtcdOutcome {
  bool done = false;
  std::int64_t revision = 0;       ///< of the store after it
  std::optional<EtcdValue> found;  ///< not done: what `otherwise_read` holds, if anything
};

/// Errors: those of EtcdClient::call(). One thread at a time.
class EtcdKv {
public:
  explicit EtcdKv(EtcdClient client) : client_(std::move(client)) {}

  [[nodiscard]] Result<std::vector<EtcdValue>> range(const EtcdRange& range);
  [[nodiscard]] Result<std::optional<EtcdValue>> get(const std::string& key);
  /// not_found: a lease of the transaction is gone.
  [[nodiscard]] Result<EtcdOutcome> commit(const EtcdTransaction& transaction);

  [[nodiscard]] Result<std::int64_t> grant_lease(std::chrono::seconds ttl);
  /// False: there is no such lease any more.
  [[nodiscard]] Result<bool> keep_alive(std::int64_t lease);

  [[nodiscard]] const EtcdClient& client() const { return client_; }

private:
  EtcdClient client_;
};

}  // namespace swarmout
