// The words of the HTTP tracker protocol (BEP 3, 7, 23, 48): queries of URLs in, bencoded answers out.

#pragma once

#include "common/base/result.hpp"
#include "common/swarm/tracker/tracker_store.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// `query`: what follows the "?". `address`: 4 or 16 bytes, where it came from: who announces cannot say that it is
/// somebody else, so `ip=` and its like are ignored. Errors: refused.
[[nodiscard]] Result<Announcement> parse_announce(std::string_view query, std::string_view address);
/// The swarms that are asked for; none if the query names none. Errors: refused.
[[nodiscard]] Result<std::vector<SwarmKey>> parse_scrape(std::string_view query);

/// Always compact, as BEP 23 allows.
[[nodiscard]] std::string encode(const AnnounceAnswer& answer);
[[nodiscard]] std::string encode(const std::map<SwarmKey, SwarmCounts>& scraped);
[[nodiscard]] std::string encode_failure(std::string_view reason);

}  // namespace swarmout
