// Making and opening a share that is a directory.

#pragma once

#include "common/base/files.hpp"
#include "common/share/directory/directory_share.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace swarmout {

/// The FORMAT file of the share in `root`. Errors: unavailable, if there is none.
[[nodiscard]] Result<std::string> read_format(const Path& root);

/// As open_share() and init_share(). Links in `root` are resolved here, once.
[[nodiscard]] Result<std::unique_ptr<Share>> open_directory(const Path& root,
                                                            std::chrono::milliseconds put_patience = kPutPatience);
/// linkat(2), or what a test puts in its place.
using LinkAt = int (*)(int, const char*, int, const char*, int);
/// Where `link` is refused, FORMAT says so.
[[nodiscard]] Result<InitOutcome> init_directory(const Path& root, LinkAt link);
/// The share of a job, in jobs/JOB of the share in `root`; in that one alone, whatever is mounted there meanwhile. Of
/// several hosts at once each makes the same. Errors: also unavailable: `root` is no share.
[[nodiscard]] Result<InitOutcome> init_job_directory(const Path& root, const std::string& job, LinkAt link);

}  // namespace swarmout
