// By which address other hosts reach this one.

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Numeric, IPv4 or IPv6: the one from which the first of `towards` (numeric addresses, empty ones are skipped; the
/// servers of the share) is reached; else that of a default route; else that of an interface which is up, IPv4 first.
/// Never loopback or link-local. Nullopt: this host has no other. Sends nothing.
[[nodiscard]] std::optional<std::string> own_address(const std::vector<std::string>& towards);

}  // namespace swarmout
