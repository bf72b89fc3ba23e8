#include "common/swarm/tracker/tracker_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace swarmout {

namespace {

Result<std::string> percent_decoded(std::string_view text) {
  std::string raw;
  raw.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      raw.push_back(text[i]);
      continue;
    }
    unsigned char value = 0;
    const char* const first = text.data() + i + 1;
    const bool whole = text.size() - i > 2;
    const auto [end, error] = whole ? std::from_chars(first, first + 2, value, 16) : std::from_chars_result{};
    REFUSE_UNLESS(whole && error == std::errc() && end == first + 2, "bad percent-encoding");
    raw.push_back(static_cast<char>(value));
    i += 2;
  }
  return raw;
}

/// Calls `take(key, value)` for each "key=value".
template <typename Take>
Result<void> each_parameter(std::string_view query, Take take) {
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view pair = query.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    TRY(take(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))));
  }
  return {};
}

Result<SwarmKey> parse_key(std::string_view value) {
  TRY_ASSIGN(const std::string raw, percent_decoded(value));
  SwarmKey key{};
  REFUSE_UNLESS(raw.size() == key.size(), "info_hash is not 20 bytes long");
  std::copy(raw.begin(), raw.end(), key.begin());
  return key;
}

Result<std::int64_t> parse_number(std::string_view name, std::string_view value, std::int64_t lowest,
                                  std::int64_t highest) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  REFUSE_UNLESS(error == std::errc() && end == value.data() + value.size() && number >= lowest && number <= highest,
                fmt::format("{} is not a number from {} to {}", name, lowest, highest));
  return number;
}

Result<Announcement::Event> parse_event(std::string_view value) {
  using Event = Announcement::Event;
  // "paused" (BEP 21) fetches nothing, but is there.
  static constexpr std::pair<std::string_view, Event> kEvents[] = {{"", Event::regular},
                                                                   {"started", Event::started},
                                                                   {"completed", Event::completed},
                                                                   {"stopped", Event::stopped},
                                                                   {"paused", Event::regular}};
  for (const auto& [name, event] : kEvents) {
    if (name == value) {
      return event;
    }
  }
  return fail(ErrorCode::refused, "no such event");
}

}  // namespace

Result<Announcement> parse_announce(std::string_view query, std::string_view address) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::map<std::string_view, std::string_view> given;
  TRY(each_parameter(query, [&](std::string_view key, std::string_view value) -> Result<void> {
    for (const std::string_view known : {"info_hash", "peer_id", "port", "left", "event", "numwant"}) {
      if (key == known) {
        REFUSE_UNLESS(given.emplace(key, value).second, fmt::format("{} is given twice", key));
      }
    }
    return {};
  }));
  for (const std::string_view needed : {"info_hash", "peer_id", "port"}) {
    REFUSE_UNLESS(given.contains(needed), fmt::format("{} is missing", needed));
  }
  Announcement said;
  TRY_ASSIGN(said.swarm, parse_key(given["info_hash"]));
  TRY_ASSIGN(const std::string id, percent_decoded(given["peer_id"]));
  REFUSE_UNLESS(id.size() == 20, "peer_id is not 20 bytes long");
  TRY_ASSIGN(const auto port, parse_number("port", given["port"], 1, 0xffff));
  said.from = address;
  said.from.push_back(static_cast<char>(port >> 8));
  said.from.push_back(static_cast<char>(port & 0xff));
  TRY_ASSIGN(said.event, parse_event(given["event"]));
  if (given.contains("left")) {
    TRY_ASSIGN(const auto left, parse_number("left", given["left"], 0, kMost));
    said.complete = left == 0;
  }
  if (given.contains("numwant")) {
    TRY_ASSIGN(const auto wanted, parse_number("numwant", given["numwant"], -1, kMost));
    if (wanted >= 0) {  // -1 is how some say "as many as you like"
      said.wanted = static_cast<std::size_t>(wanted);
    }
  }
  return said;
}

Result<std::vector<SwarmKey>> parse_scrape(std::string_view query) {
  std::vector<SwarmKey> keys;
  TRY(each_parameter(query, [&](std::string_view key, std::string_view value) -> Result<void> {
    if (key == "info_hash") {
      TRY_ASSIGN(const SwarmKey asked, parse_key(value));
      keys.push_back(asked);
    }
    return {};
  }));
  return keys;
}

std::string encode(const AnnounceAnswer& answer) {
  std::string v4;
  std::string v6;
  for (const CompactPeer& peer : answer.peers) {
    (peer.size() == 6 ? v4 : v6) += peer;
  }
  // The keys of a dictionary are in order.
  return fmt::format("d8:completei{}e10:incompletei{}e8:intervali{}e12:min intervali{}e5:peers{}:{}{}e",
                     answer.complete, answer.incomplete, answer.interval.count(), answer.min_interval.count(),
                     v4.size(), v4, v6.empty() ? "" : fmt::format("6:peers6{}:{}", v6.size(), v6));
}

std::string encode(const std::map<SwarmKey, SwarmCounts>& scraped) {
  std::string files;
  for (const auto& [key, counts] : scraped) {
    files +=
        fmt::format("20:{}d8:completei{}e10:downloadedi{}e10:incompletei{}ee", std::string_view(key.data(), key.size()),
                    counts.complete, counts.completed, counts.incomplete);
  }
  return fmt::format("d5:filesd{}ee", files);
}

std::string encode_failure(std::string_view reason) {
  return fmt::format("d14:failure reason{}:{}e", reason.size(), reason);
}

}  // namespace swarmout
