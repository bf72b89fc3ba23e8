#include "common/share/etcd/etcd_kv.hpp"

#include "common/share/etcd/base64.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace swarmout {

namespace {

using Json = nlohmann::json;

Result<std::string> bytes_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return std::string();  // the gateway leaves out what is empty, zero or false
  }
  REFUSE_UNLESS(found->is_string(), "etcd sent bytes that are no text");
  return from_base64(found->get_ref<const std::string&>());
}

/// 64-bit numbers come as strings.
Result<std::int64_t> number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return 0;
  }
  REFUSE_UNLESS(found->is_string(), "etcd sent a number that is no text");
  const auto& text = found->get_ref<const std::string&>();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REFUSE_UNLESS(error == std::errc() && end == text.data() + text.size() && value >= 0, "etcd sent a bad number");
  return value;
}

Result<std::int64_t> revision_of(const Json& answer) {
  const auto header = answer.find("header");
  REFUSE_UNLESS(header != answer.end() && header->is_object(), "etcd sent an answer without a header");
  TRY_ASSIGN(const std::int64_t revision, number_at(*header, "revision"));
  REFUSE_UNLESS(revision > 0, "etcd sent an answer without a revision");
  return revision;
}

Result<std::vector<EtcdValue>> values_of(const Json& answer) {
  std::vector<EtcdValue> values;
  const auto found = answer.find("kvs");
  if (found == answer.end()) {
    return values;
  }
  REFUSE_UNLESS(found->is_array(), "etcd sent keys that are no list");
  for (const Json& each : *found) {
    REFUSE_UNLESS(each.is_object(), "etcd sent a key that is no object");
    EtcdValue value;
    TRY_ASSIGN(value.key, bytes_at(each, "key"));
    TRY_ASSIGN(value.bytes, bytes_at(each, "value"));
    TRY_ASSIGN(value.revision, number_at(each, "mod_revision"));
    REFUSE_UNLESS(!value.key.empty() && value.revision > 0, "etcd sent a key without a name or a revision");
    values.push_back(std::move(value));
  }
  return values;
}

Json json_of(const EtcdRange& range) {
  Json request = {{"key", to_base64(range.first)}};
  if (!range.end.empty()) {
    request["range_end"] = to_base64(range.end);
  }
  if (range.limit > 0) {
    request["limit"] = std::to_string(range.limit);
  }
  if (range.keys_only) {
    request["keys_only"] = true;
  }
  if (range.descending) {
    request["sort_order"] = "DESCEND";
    request["sort_target"] = "KEY";
  }
  return request;
}

Json json_of(const EtcdCondition& condition) {
  Json compare = {{"key", to_base64(condition.key)}};
  if (condition.kind == EtcdCondition::Kind::unchanged) {
    compare["target"] = "MOD";
    compare["result"] = "EQUAL";
    compare["mod_revision"] = std::to_string(condition.revision);
  } else {
    compare["target"] = "CREATE";
    compare["result"] = condition.kind == EtcdCondition::Kind::absent ? "EQUAL" : "GREATER";
    compare["create_revision"] = "0";
  }
  return compare;
}

Json json_of(const EtcdWrite& write) {
  Json request = {{"key", to_base64(write.key)}};
  if (write.kind == EtcdWrite::Kind::remove) {
    if (!write.end.empty()) {
      request["range_end"] = to_base64(write.end);
    }
    return {{"request_delete_range", std::move(request)}};
  }
  request["value"] = to_base64(write.bytes);
  if (write.lease != 0) {
    request["lease"] = std::to_string(write.lease);
  }
  return {{"request_put", std::move(request)}};
}

}  // namespace

std::string end_of_prefix(std::string prefix) {
  INVARIANT(!prefix.empty() && static_cast<unsigned char>(prefix.back()) != 0xff);
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

Result<std::vector<EtcdValue>> EtcdKv::range(const EtcdRange& range) {
  TRY_ASSIGN(const Json answer, client_.call("/v3/kv/range", json_of(range)));
  TRY(revision_of(answer));
  TRY_ASSIGN(auto values, values_of(answer));
  for (const EtcdValue& each : values) {
    const bool asked = range.end.empty() ? each.key == range.first : each.key >= range.first && each.key < range.end;
    REFUSE_UNLESS(asked, "etcd sent a key that was not asked for");
  }
  return values;
}

Result<std::optional<EtcdValue>> EtcdKv::get(const std::string& key) {
  TRY_ASSIGN(auto values, range({key, {}, 1, false, false}));
  return values.empty() ? std::nullopt : std::optional(std::move(values.front()));
}

Result<EtcdOutcome> EtcdKv::commit(const EtcdTransaction& transaction) {
  Json request = {{"compare", Json::array()}, {"success", Json::array()}};
  for (const EtcdCondition& each : transaction.conditions) {
    request["compare"].push_back(json_of(each));
  }
  for (const EtcdWrite& each : transaction.writes) {
    request["success"].push_back(json_of(each));
  }
  const std::string& key = transaction.otherwise_read;
  if (!key.empty()) {
    request["failure"] = Json::array({{{"request_range", json_of(EtcdRange{key, {}, 1, false, false})}}});
  }
  TRY_ASSIGN(const Json answer, client_.call("/v3/kv/txn", request));
  EtcdOutcome outcome;
  TRY_ASSIGN(outcome.revision, revision_of(answer));
  const auto succeeded = answer.find("succeeded");
  REFUSE_UNLESS(succeeded == answer.end() || succeeded->is_boolean(), "etcd sent an outcome that is neither");
  outcome.done = succeeded != answer.end() && succeeded->get<bool>();
  if (outcome.done || key.empty()) {
    return outcome;
  }
  const auto responses = answer.find("responses");
  REFUSE_UNLESS(responses != answer.end() && responses->is_array() && responses->size() == 1 &&
                    responses->front().is_object() && responses->front().contains("response_range") &&
                    responses->front()["response_range"].is_object(),
                "etcd did not send what was to be read");
  TRY_ASSIGN(auto values, values_of(responses->front()["response_range"]));
  REFUSE_UNLESS(values.empty() || (values.size() == 1 && values.front().key == key),
                "etcd sent a key that was not asked for");
  if (!values.empty()) {
    outcome.found = std::move(values.front());
  }
  return outcome;
}

Result<std::int64_t> EtcdKv::grant_lease(std::chrono::seconds ttl) {
  TRY_ASSIGN(const Json answer, client_.call("/v3/lease/grant", {{"TTL", std::to_string(ttl.count())}}));
  TRY_ASSIGN(const std::int64_t lease, number_at(answer, "ID"));
  REFUSE_UNLESS(lease != 0, "etcd granted a lease without a number");
  return lease;
}

Result<bool> EtcdKv::keep_alive(std::int64_t lease) {
  TRY_ASSIGN(const Json answer, client_.call("/v3/lease/keepalive", {{"ID", std::to_string(lease)}}));
  const auto result = answer.find("result");  // the call is a stream of these, of which one is asked for
  REFUSE_UNLESS(result != answer.end() && result->is_object(), "etcd sent no answer about a lease");
  TRY_ASSIGN(const std::int64_t ttl, number_at(*result, "TTL"));
  return ttl > 0;
}

}  // namespace swarmout
