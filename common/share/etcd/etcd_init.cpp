// Makes a prefix of keys a share.

#include "common/base/key_values.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "common/share/share_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

constexpr std::array<std::string_view, 7> kKeyFolders = {"log/",      "hb/",    "stage/", "peers/",
                                                         "torrents/", "parts/", "jobs/"};

}  // namespace

Result<InitOutcome> EtcdShare::init(EtcdSettings settings) {
  EtcdShare share(std::move(settings));
  const std::string format = share.key("FORMAT");
  const std::string root = share.key("");
  TRY_ASSIGN(const auto present, share.kv_.range({root, end_of_prefix(root), 1000, true, false}));
  for (const EtcdValue& each : present) {
    const std::string_view rest = std::string_view(each.key).substr(root.size());
    const bool ours = std::any_of(kKeyFolders.begin(), kKeyFolders.end(),
                                  [rest](std::string_view directory) { return rest.starts_with(directory); });
    REFUSE_UNLESS(ours || rest == "FORMAT",
                  fmt::format("{} has other keys under it ({}): give the share a prefix of its own", share.name(),
                              escape_value(each.key)));
  }
  const std::string text = new_format(kEtcdPrimitive);
  TRY_ASSIGN(const EtcdOutcome outcome,
             share.kv_.commit(
                 {{{EtcdCondition::Kind::absent, format, 0}}, {{EtcdWrite::Kind::put, format, text, 0, {}}}, format}));
  if (outcome.done || (outcome.found && outcome.found->bytes == text)) {  // the reply to our own may have been lost
    return InitOutcome::made;
  }
  TRY_ASSIGN(const std::string there, share.format());
  TRY(check_format(there, kEtcdPrimitive, share.name()));
  return InitOutcome::there;
}

Result<InitOutcome> EtcdShare::init_job(EtcdSettings settings, const std::string& job) {
  TRY(check_name(job));
  EtcdShare share(std::move(settings));
  TRY_ASSIGN(const std::string cluster, share.cluster());
  const std::string format = share.key(fmt::format("{}/{}/FORMAT", kJobsPlace, job));
  const std::string text = job_format(kEtcdPrimitive, cluster, job);  // whoever makes it makes the same
  TRY_ASSIGN(const EtcdOutcome outcome, share.kv_.commit({{{EtcdCondition::Kind::present, share.key("FORMAT"), 0},
                                                           {EtcdCondition::Kind::absent, format, 0}},
                                                          {{EtcdWrite::Kind::put, format, text, 0, {}}},
                                                          format}));
  if (!outcome.done && !outcome.found) {
    TRY(share.format());  // it is gone
    return fail(ErrorCode::temporary, fmt::format("{} is being made anew", share.name()));
  }
  return outcome.done ? InitOutcome::made : InitOutcome::there;
}

}  // namespace swarmout
