#include "cli/host/lines.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>
#include <utility>

namespace swarmout {

namespace {

JsonLine line_of(const ChangedPath& each) {
  JsonLine line("change");
  line.add("path", each.path()).add("change", name_of(each.change));
  each.before != nullptr ? line.add("before_bytes", each.before->size) : line.add_null("before_bytes");
  each.after != nullptr ? line.add("after_bytes", each.after->size) : line.add_null("after_bytes");
  return line;
}

}  // namespace

const char* word_for(Removal::Kind kind) {
  return kind == Removal::Kind::tree ? "tree" : "packs";
}

Bytes freed_by(const std::vector<Removal>& removals) {
  return std::accumulate(removals.begin(), removals.end(), Bytes{0},
                         [](Bytes sum, const Removal& each) { return sum + each.bytes; });
}

std::size_t count_of(const std::vector<Finding>& all, Health health) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const Finding& each) { return each.health == health; }));
}

Result<void> give_lines(const Verified& found, const LineSink& sink) {
  std::set<std::pair<std::string, Fault>> left;
  for (const Difference& each : found.left) {
    left.emplace(each.path, each.fault);
  }
  for (const Difference& each : found.check.differences) {
    TRY(sink(JsonLine("difference")
                 .add("path", each.path)
                 .add("fault", name_of(each.fault))
                 .add("detail", each.detail)
                 .add("repaired", !left.contains({each.path, each.fault}))));
  }
  JsonLine summary("summary");
  summary.add("release", found.release.value)
      .add("tree", found.tree.native())
      .add("files", found.check.files)
      .add("bytes", found.check.bytes)
      .add("differences", found.check.differences.size())
      .add("repaired", found.check.differences.size() - found.left.size())
      .add("fetched_bytes", found.fetched)
      .add("seconds", std::chrono::duration<double>(found.took).count())
      .add("well", found.left.empty());
  return sink(found.failed ? summary.add("error", to_string(*found.failed)) : summary);
}

Result<void> give_lines(const GcReport& report, bool dry_run, const LineSink& sink) {
  for (const Removal& each : report.collected.removed) {
    TRY(sink(JsonLine("removal")
                 .add("kind", word_for(each.kind))
                 .add("name", each.name)
                 .add("why", each.why)
                 .add("bytes", each.bytes)));
  }
  for (const HeldTree& each : report.before.trees) {
    if (!each.needed.empty()) {
      TRY(sink(JsonLine("needed").add("kind", "tree").add("name", each.name).add("why", each.needed)));
    }
  }
  JsonLine summary("summary");
  summary.add("dry_run", dry_run)
      .add("removals", report.collected.removed.size())
      .add("bytes", freed_by(report.collected.removed))
      .add("put_off", report.collected.put_off)
      .add("short_of", report.collected.short_of);
  const auto& failed = report.collected.failed;
  return sink(failed ? summary.add("error", to_string(*failed)) : summary);
}

Result<void> give_lines(const TwoReleases& both, const std::vector<ChangedPath>& changes, bool stat,
                        const LineSink& sink) {
  for (const ChangedPath& each : changes) {
    if (!stat) {
      TRY(sink(line_of(each)));
    }
  }
  return sink(JsonLine("summary")
                  .add("before", both.before.release.value)
                  .add("after", both.after.release.value)
                  .add("changes", changes.size())
                  .add("before_bytes", both.before.manifest.tree_size())
                  .add("after_bytes", both.after.manifest.tree_size())
                  .add("new_pack_bytes", new_pack_bytes(both.before.manifest, both.after.manifest))
                  .add("fetched_bytes", both.fetched));
}

Result<void> give_lines(const std::vector<Finding>& findings, const LineSink& sink) {
  for (const Finding& each : findings) {
    TRY(sink(JsonLine("check")
                 .add("id", each.id)
                 .add("health", name_of(each.health))
                 .add("seen", each.seen)
                 .add("cure", each.cure)));
  }
  return sink(JsonLine("summary")
                  .add("checks", findings.size())
                  .add("warn", count_of(findings, Health::warn))
                  .add("fail", count_of(findings, Health::fail)));
}

}  // namespace swarmout
