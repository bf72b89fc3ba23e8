#include "peer/jobs/gc_job.hpp"

#include "peer/keep/kept_trees.hpp"
#include "peer/own_state.hpp"

#include <algorithm>

namespace swarmout {

Result<GcReport> run_gc(const GcJobOptions& options, const std::function<void(const Removal&)>& told,
                        const std::stop_token& stop) {
  TRY_ASSIGN(ThisHost host, look_at_this_host(options.dest, options.state));
  TRY_ASSIGN(const Fd lock, own_state(options.state, lock_of(kGcPurpose)));
  TRY_ASSIGN(const ReleaseTrees trees, ReleaseTrees::open(options.dest, options.state, kGcPurpose));
  const Needs needs;  // pins, jobs and `current` are found by themselves
  GcReport report;
  TRY_ASSIGN(report.before, look_at_holdings(host.store, trees, needs, options.gc));
  if (options.dry_run) {
    GcPlan plan = plan_gc(report.before);
    std::for_each(plan.removals.begin(), plan.removals.end(), told);
    report.collected = {std::move(plan.removals), std::move(plan.short_of), report.before.unclear, {}};
    return report;
  }
  TRY(host.store.clear_scratch());
  TRY_ASSIGN(report.collected, collect(host.store, trees, needs, options.gc, told, stop));
  if (const auto tidied = trees.tidy(std::nullopt); !tidied && !report.collected.failed) {
    report.collected.failed = tidied.error();  // what was removed is told all the same
  }
  return report;
}

}  // namespace swarmout
