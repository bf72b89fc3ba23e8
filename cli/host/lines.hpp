// What verify, gc, diff and doctor print with --json, line by line: docs/formats/lines.schema.json.

#pragma once

#include "cli/json/json_lines.hpp"
#include "common/release/manifest_diff.hpp"
#include "peer/doctor/doctor.hpp"
#include "peer/jobs/diff_job.hpp"
#include "peer/jobs/gc_job.hpp"
#include "peer/jobs/verify_job.hpp"

#include <functional>
#include <vector>

namespace swarmout {

/// Takes them one after the other; an error ends it.
using LineSink = std::function<Result<void>(const JsonLine&)>;

[[nodiscard]] Result<void> give_lines(const Verified& found, const LineSink& sink);
[[nodiscard]] Result<void> give_lines(const GcReport& report, bool dry_run, const LineSink& sink);
/// With `stat` only the summary.
[[nodiscard]] Result<void> give_lines(const TwoReleases& both, const std::vector<ChangedPath>& changes, bool stat,
                                      const LineSink& sink);
[[nodiscard]] Result<void> give_lines(const std::vector<Finding>& findings, const LineSink& sink);

[[nodiscard]] const char* word_for(Removal::Kind kind);
[[nodiscard]] Bytes freed_by(const std::vector<Removal>& removals);
[[nodiscard]] std::size_t count_of(const std::vector<Finding>& all, Health health);

}  // namespace swarmout
