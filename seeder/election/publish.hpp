// Ends a claim: COMMIT or ABANDON at the number after it. This is the one step that publishes.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/signed_record.hpp"
#include "common/release/descriptor.hpp"
#include "common/share/share.hpp"
#include "seeder/election/election.hpp"

#include <variant>

namespace swarmout {

struct Published {
  Position position;
};
/// Another host took the number: what we made is not published, and nothing of it may be used.
struct Fenced {
  std::string by;
  bool foreign = false;  ///< nobody with a trusted key has written what is there
};
using PublishOutcome = std::variant<Published, Fenced>;
/// Of the bytes at the number after a CLAIM: host, number and time, for people.
[[nodiscard]] Fenced who_wrote(const std::string& entry, const Leadership& leadership, const TrustedKeys& keys);

/// Where and how these write.
struct Pen {
  Share& share;
  Clock& clock;
  FleetKeys keys;
};

/// A new release. Tries until `patience` is over or `stop` is requested, and once in any case. Errors: temporary: the
/// outcome is unknown; it may appear later, and is valid then; what Signer::sign_line() fails with.
[[nodiscard]] Result<PublishOutcome> publish(const Pen& pen, const Leadership& leadership,
                                             const SignedDescriptor& release, std::chrono::milliseconds patience,
                                             std::stop_token stop = {});
/// The slot is done, and the release at `release` is still the current one.
[[nodiscard]] Result<PublishOutcome> publish_unchanged(const Pen& pen, const Leadership& leadership, Position release,
                                                       const std::string& revision, std::chrono::milliseconds patience,
                                                       std::stop_token stop = {});
/// By hand: `release` is current from here on; with a `hold` nothing is published any more, with an empty one something
/// is again.
[[nodiscard]] Result<PublishOutcome> publish_by_hand(const Pen& pen, const Leadership& leadership,
                                                     const LogEntry& release, const std::string& hold,
                                                     std::chrono::milliseconds patience, std::stop_token stop = {});
/// The work failed: successors need not wait for a timeout.
[[nodiscard]] Result<PublishOutcome> abandon(const Pen& pen, const Leadership& leadership, const std::string& reason,
                                             std::chrono::milliseconds patience, std::stop_token stop = {});

}  // namespace swarmout
