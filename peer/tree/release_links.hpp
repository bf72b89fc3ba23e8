// How a release is named in a destination, and how a link leads to it: `current` and `.previous` are "releases/NAME".

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"

#include <optional>
#include <string>

namespace swarmout {

inline constexpr const char* kCurrentLink = "current";
inline constexpr const char* kPreviousLink = ".previous";
inline constexpr const char* kReleasesFolder = "releases";

/// The name in releases/ to which this link beside it leads; there need be no such tree. Nullopt: it is not there, is
/// no link, or leads elsewhere.
[[nodiscard]] std::optional<std::string> release_behind(const Path& link);
/// Where a link to it leads.
[[nodiscard]] std::string link_to_release(const std::string& name);

/// Of a tree whose release_name() is that of another tree already (numbers begin anew with a new share): a part of the
/// manifest's digest is behind it. The same for whoever makes the tree and whoever looks for it.
[[nodiscard]] std::string distinct_release_name(const Descriptor& release);

}  // namespace swarmout
