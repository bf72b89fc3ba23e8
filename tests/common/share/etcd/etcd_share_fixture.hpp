// A share in a real etcd, with a prefix of its own for each test.

#pragma once

#include "common/share/etcd/base64.hpp"
#include "common/share/etcd/etcd_kv.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/result_matchers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace swarmout::test {

class EtcdShareFixture : public testing::Test {
protected:
  void SetUp() override { ASSERT_OK(EtcdShare::init(settings_)); }

  std::string key(const std::string& rest) const { return settings_.prefix + "/" + rest; }
  void put_key(const std::string& rest, const std::string& bytes) {
    ASSERT_OK(kv_.commit({{}, {{EtcdWrite::Kind::put, key(rest), bytes, 0, {}}}, {}}));
  }
  void remove_key(const std::string& rest) {
    ASSERT_OK(kv_.commit({{}, {{EtcdWrite::Kind::remove, key(rest), {}, 0, {}}}, {}}));
  }
  std::vector<std::string> keys_under(const std::string& rest) {
    std::vector<std::string> keys;
    const auto found = kv_.range({key(rest), end_of_prefix(key(rest)), 0, true, false});
    EXPECT_THAT(found, IsOk());
    for (const EtcdValue& each : found.value_or(std::vector<EtcdValue>{})) {
      keys.push_back(each.key.substr(key("").size()));
    }
    return keys;
  }
  /// Of a key; "" if it has none.
  std::string lease_of(const std::string& rest) {
    const auto answer = etcd_.call("/v3/kv/range", {{"key", to_base64(key(rest))}});
    return answer.is_object() && answer.contains("kvs") ? answer["kvs"][0].value("lease", "") : "";
  }
  std::int64_t ttl_of(const std::string& rest) {
    const auto answer = etcd_.call("/v3/lease/timetolive", {{"ID", lease_of(rest)}});
    return answer.is_object() ? std::stoll(answer.value("TTL", "0")) : 0;
  }

  EtcdCluster& etcd_ = common_etcd();
  EtcdSettings settings_ = etcd_.fresh_settings();
  EtcdShare share_{settings_};
  EtcdShare other_{settings_};
  EtcdKv kv_{EtcdClient(settings_, system_clock())};
};

}  // namespace swarmout::test
