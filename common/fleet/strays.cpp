#include "common/fleet/strays.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::size_t kNamedStrays = 3;
constexpr const char* kFindOut =
    "somebody or something else writes there, or a key of the fleet is missing in --keys; nothing of it is followed";

}  // namespace

std::string_view name_of(Validity validity) {
  switch (validity) {
    case Validity::good:
      return "good";
    case Validity::damaged:
      return "damaged";
    case Validity::not_signed:
      return "not signed";
    case Validity::misplaced:
      return "a copy";
    case Validity::out_of_chain:
      return "out of chain";
  }
  std::abort();
}

std::optional<Error> about_strays(const LogView& log, const std::string& share) {
  const auto strays = log.strays();
  if (strays.empty()) {
    return std::nullopt;
  }
  std::string named;
  for (std::size_t i = 0; i < std::min(strays.size(), kNamedStrays); ++i) {
    named += fmt::format("{}{} ({}{})", i == 0 ? "" : ", ", strays[i].position.value, name_of(strays[i].why),
                         log.is_above(strays[i].position) ? ", above the end of the log" : "");
  }
  if (strays.size() > kNamedStrays) {
    named += fmt::format(" and {} more", strays.size() - kNamedStrays);
  }
  // One of a key that is not here may be of the fleet's new one.
  const auto known =
      std::find_if(strays.rbegin(), strays.rend(), [](const Stray& each) { return !each.advice.empty(); });
  if (known != strays.rend()) {
    named += "; " + known->reason;
  }
  return Error{ErrorCode::refused,
               fmt::format("{} at the end of {} {} not signed by a key that this host trusts, and void: {}",
                           strays.size() == 1 ? "an entry" : fmt::format("{} entries", strays.size()), share,
                           strays.size() == 1 ? "is" : "are", named),
               known != strays.rend() ? known->advice : kFindOut};
}

Error about_cell(const std::string& what, const LogEntry& claim, const std::string& share, const Error& why) {
  return {
      ErrorCode::refused,
      fmt::format("the {} of epoch {} on {} is not its leader's: {}", what, claim.position.value, share, why.message),
      kFindOut};
}

}  // namespace swarmout
