// The checks that there are, each one look at one thing. Listed, with what they are about, in doctor.cpp.
//
// A check says what it saw also where all is well. It changes nothing, but for files of its own that it removes again.

#pragma once

#include "common/share/share.hpp"
#include "peer/doctor/doctor.hpp"

#include <memory>
#include <stop_token>

namespace swarmout {

// share_checks.cpp
/// Each check has a handle of its own: one that hangs is given up with it. Errors: usage: none is set; as open_share().
[[nodiscard]] Result<std::unique_ptr<Share>> share_of(const DoctorOptions& options, std::stop_token stop = {});
[[nodiscard]] Finding check_share(const DoctorOptions& options);
[[nodiscard]] Finding check_primitives(const DoctorOptions& options);
[[nodiscard]] Finding check_clock(const DoctorOptions& options);
[[nodiscard]] Finding check_freshness(const DoctorOptions& options);
[[nodiscard]] Finding check_nfs_identity(const DoctorOptions& options);
// network_checks.cpp
[[nodiscard]] Finding check_address(const DoctorOptions& options);
[[nodiscard]] Finding check_neighbours(const DoctorOptions& options);
// host_checks.cpp
[[nodiscard]] Finding check_keys(const DoctorOptions& options);
[[nodiscard]] Finding check_service(const DoctorOptions& options);
[[nodiscard]] Finding check_cron(const DoctorOptions& options);
[[nodiscard]] Finding check_limits(const DoctorOptions& options);
// disk_checks.cpp
[[nodiscard]] Finding check_active(const DoctorOptions& options);
[[nodiscard]] Finding check_state(const DoctorOptions& options);
[[nodiscard]] Finding check_space_left(const DoctorOptions& options);
[[nodiscard]] Finding check_inodes_left(const DoctorOptions& options);
[[nodiscard]] Finding check_reflinks(const DoctorOptions& options);
[[nodiscard]] Finding check_leftovers(const DoctorOptions& options);

}  // namespace swarmout
