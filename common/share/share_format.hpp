// What the kinds of shares have in common: the FORMAT record that makes a place a share (only `swarmout init` writes
// it), and names.

#pragma once

#include "common/base/result.hpp"
#include "common/share/share.hpp"

#include <string>
#include <string_view>

namespace swarmout {

/// A new one, with a random cluster id. `primitive`: how entries are created there.
[[nodiscard]] std::string new_format(std::string_view primitive);
/// The same for the share of a job within one, whose id follows from both, so that whoever makes it makes the same.
[[nodiscard]] std::string job_format(std::string_view primitive, std::string_view cluster, std::string_view job);
/// Of the share of `job` within the share `cluster`: entries of one are none in another.
[[nodiscard]] std::string job_cluster(std::string_view cluster, std::string_view job);

/// Where shares of jobs are, within the share of a fleet.
inline constexpr const char* kJobsPlace = "jobs";
/// What to do about a share without its FORMAT. That of a job is made by whoever runs it: no person shall.
[[nodiscard]] std::string cure_of_no_format(const std::string& share);

// Nothing of a FORMAT is quoted in an error: whoever can write the share decides what it says, and errors end up in
// records on the share.

/// The random id of the share: at most kMaxCluster bytes, as `init` makes them. Errors: refused: another version, or
/// damaged.
[[nodiscard]] Result<std::string> cluster_in(std::string_view format, const std::string& share);
/// Errors: refused: another version, or damaged.
[[nodiscard]] Result<std::string> primitive_in(std::string_view format, const std::string& share);
[[nodiscard]] tl::unexpected<Error> unknown_primitive(const std::string& share);
/// Errors: refused: another version, or another primitive.
[[nodiscard]] Result<void> check_format(std::string_view text, std::string_view primitive, const std::string& share);

/// Of cells and blobs: [a-zA-Z0-9._-]{1,100}, not beginning with a dot.
[[nodiscard]] bool good_name(std::string_view name);
/// Errors: refused. Names come from records, too, of whoever wrote them.
[[nodiscard]] Result<void> check_name(std::string_view name);
/// "hb", "stage" or "peers".
[[nodiscard]] const char* cell_directory(CellKind kind);
/// "hb/NAME".
[[nodiscard]] std::string cell_path(CellKind kind, std::string_view name);

}  // namespace swarmout
