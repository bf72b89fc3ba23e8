#include "seeder/ending.hpp"

#include "common/share/open_share.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

void ClaimEnd::work_failed(const std::string& why) {
  if (!take()) {
    return;
  }
  // Successors go on without it when this host has not beaten for so long.
  const SeedOptions& options = epoch_.options;
  put_abandon(epoch_.share, why,
              std::min(options.publish_patience, options.election.stale_checks * options.heartbeat.interval));
}

void ClaimEnd::stop_ordered(const StopOrder::Given& order) {
  if (number_is_taken(order.reason) || !take()) {
    return;
  }
  if (const auto share = hurried_share()) {
    put_abandon(**share, order.why, std::chrono::milliseconds(0));
  } else {
    spdlog::error("epoch {} stays open until it is found silent: {}", epoch_.leadership.claim.value,
                  to_string(share.error()));
  }
}

void ClaimEnd::tidy() {
  std::unique_ptr<Share> hurried;
  if (order_.given()) {
    auto opened = hurried_share();
    if (!opened) {
      return;
    }
    hurried = *std::move(opened);
  }
  Share& share = hurried ? *hurried : epoch_.share;
  for (const CellKind kind : {CellKind::stage, CellKind::heartbeat}) {
    if (const auto removed = share.remove_cell(kind, epoch_.cell()); !removed) {
      spdlog::debug("tidying up: {}", to_string(removed.error()));
    }
  }
}

Result<std::unique_ptr<Share>> ClaimEnd::hurried_share() const {
  ShareAddress address = epoch_.options.share;
  address.timeout = std::min(address.timeout, kEndingPatience);
  // A helper keeps to that. What is asked without one, an etcd, keeps to the order: a second without an answer.
  return open_share(address, address.helper.empty() ? epoch_.stop : std::stop_token());
}

void ClaimEnd::put_abandon(Share& share, const std::string& why, std::chrono::milliseconds patience) const {
  const auto outcome = abandon(epoch_.pen(share), epoch_.leadership, why, patience, epoch_.stop);
  if (!outcome) {
    spdlog::error("epoch {} stays open until it is found silent: {}", epoch_.leadership.claim.value,
                  to_string(outcome.error()));
  }
}

}  // namespace swarmout
