// What the records of leaders and peers have in common: how their fields are written and read.
//
// Text form: docs/formats/share.md. Hosts are clones: nothing in a record but the random id tells them apart.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/key_values.hpp"
#include "common/base/result.hpp"
#include "common/swarm/traffic.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// Hosts that a record names; the others are in a sum, so that it stays small.
inline constexpr std::size_t kNamedHosts = 8;

/// Cut to what a record has room for.
[[nodiscard]] std::string short_text(const std::string& text);
/// Empty for none.
[[nodiscard]] std::string text_of(const std::optional<Endpoint>& endpoint);
/// Empty is none.
[[nodiscard]] Result<std::optional<Endpoint>> endpoint_or_none(const std::string& text);

// Fields that came later: records of older versions do not have them.

[[nodiscard]] Result<std::uint64_t> number_if_there(const KeyValues& record, std::string_view key);
[[nodiscard]] Result<std::optional<std::chrono::milliseconds>> time_if_there(const KeyValues& record,
                                                                             std::string_view key);
[[nodiscard]] Result<Traffic> traffic_if_there(const KeyValues& record);

}  // namespace swarmout
