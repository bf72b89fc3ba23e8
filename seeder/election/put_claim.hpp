// Puts a CLAIM: who takes the next number of the log leads.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/signed_record.hpp"
#include "common/share/share.hpp"
#include "seeder/election/contender.hpp"

#include <functional>
#include <optional>
#include <string>

namespace swarmout {

/// Where and how it is put. All of it outlives the call.
struct ClaimPen {
  Share& share;
  const LogReader& log;
  Clock& clock;
  const Signer& signer;
};

struct ClaimWish {
  Position position;
  std::string slot;
  unsigned attempt = 1;
};

/// Told the owner of a CLAIM just before it is put: whatever becomes of this process then, it can be known whose it is.
/// If it fails there is no claim.
using BeforeClaim = std::function<Result<void>(const std::string& owner)>;

/// At `wish.position`, which comes after the end of `view`. Nothing: somebody was faster. Errors: what `before` fails
/// with; temporary, if its outcome is unknown; cannot_write.
[[nodiscard]] Result<std::optional<Leadership>> put_claim(
    const ClaimPen& pen, const LogView& view, const ClaimWish& wish,
    const BeforeClaim& before = [](const std::string&) { return Result<void>(); });

}  // namespace swarmout
