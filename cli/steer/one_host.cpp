#include "cli/steer/one_host.hpp"

#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "common/base/clock.hpp"
#include "common/base/host.hpp"
#include "common/share/open_share.hpp"
#include "peer/fetch/find_release.hpp"
#include "peer/host_release.hpp"
#include "peer/orders.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

Result<SignedDescriptor> on_the_share(const SteerTargets& steer, const std::string& wanted, const TrustedKeys& keys,
                                      const std::stop_token& stop) {
  if (wanted.empty() || steer.share.url.empty()) {
    return fail(ErrorCode::not_found,
                wanted.empty() ? "this host has no release before the one that is active"
                               : fmt::format("this host has no release \"{}\"", wanted),
                "--to names one; with --share also one that is to be fetched first");
  }
  TRY_ASSIGN(const auto share, open_share(steer.share, stop));
  LogReader reader(*share, keys);
  TRY_ASSIGN(const LogView* const log, reader.refresh_with_history(kSearchedReleases));
  return find_release(*log, wanted, keys);
}

Result<void> hold_on(const HostTargetsOfOrders& to, std::optional<SignedDescriptor> release,
                     const std::string& reason) {
  const HostHold hold{std::move(release), reason, this_person(), utc(system_clock().wall())};
  TRY(save_host_hold(to.state, hold));
  const std::string where = hold.release ? "on " + release_title(hold.release->descriptor) : "where it is";
  return print_result(printable_lines(fmt::format("this host stays {} until `swarmout resume --host`", where)) + '\n');
}

}  // namespace

void add_host_order_settings(Verb& verb, HostTargetsOfOrders& to) {
  add_setting(verb, to.here, Flag{},
              {.name = "host", .help = "This host only, whatever the fleet does", .scope = Scope::command_line});
  add_setting(verb, to.state, Place{}, {.name = "state", .help = "With --host: the state directory of its service"});
  add_dest_setting(verb, to.dest);
  make_share_optional(verb);
}

Result<void> needs_share(const SteerTargets& steer, const HostTargetsOfOrders& to) {
  return steer.share.url.empty() && !to.here
             ? fail(ErrorCode::usage, "--share is required", "or --host, for this host only")
             : Result<void>();
}

Result<void> roll_back_host(const SteerTargets& steer, const HostTargetsOfOrders& to, const std::string& wanted,
                            const std::stop_token& stop) {
  TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(steer.keys));
  TRY_ASSIGN(const HostReleases releases, releases_of_host(to.state, to.dest, keys));
  TRY_ASSIGN(auto release, release_of_host(releases, wanted));
  if (!release) {
    TRY_ASSIGN(release, on_the_share(steer, wanted, keys, stop));
  }
  return hold_on(to, *std::move(release), steer.reason);
}

Result<void> hold_host(const SteerTargets& steer, const HostTargetsOfOrders& to) {
  TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(steer.keys));
  TRY_ASSIGN(HostReleases releases, releases_of_host(to.state, to.dest, keys));
  return hold_on(to, std::move(releases.active), steer.reason);
}

Result<void> resume_host(const HostTargetsOfOrders& to) {
  TRY_ASSIGN(const bool was_held, end_host_hold(to.state));
  return print_result(was_held ? "this host follows the fleet again\n" : "this host was not held\n");
}

}  // namespace swarmout
