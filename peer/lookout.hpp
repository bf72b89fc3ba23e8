// The service's looks at the share: when the next one is due, what it brought, and what is not well with it.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/troubles.hpp"
#include "common/release/signing.hpp"
#include "common/share/share.hpp"
#include "peer/fetch/follow.hpp"
#include "peer/peer_options.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// One thread. The references outlive it.
class Lookout {
public:
  Lookout(const PeerOptions& options, Clock& clock, Share& share, TrustedKeys keys, Seen seen, Troubles& troubles,
          const Narrator& narrate)
      : options_(options),
        clock_(clock),
        share_name_(share.name()),
        keys_(std::move(keys)),
        troubles_(troubles),
        narrate_(narrate),
        saved_(seen),
        follower_(share, keys_, std::move(seen), clock) {}

  [[nodiscard]] bool due() const { return clock_.now() >= next_; }
  /// The next one is after --poll at most, and sooner while a leader is at work or `waiting` for somebody to fetch
  /// from, as look_interval() has it for `fleet()` hosts, who are counted only then. What is wrong becomes trouble.
  /// Errors: as Follower::look().
  [[nodiscard]] Result<void> look(bool waiting, const std::function<std::size_t()>& fleet);
  /// As soon as it is while a leader is at work.
  void hurry(std::size_t fleet);
  /// Until the next one is due, at most `longest`.
  [[nodiscard]] std::chrono::milliseconds pause(std::chrono::milliseconds longest) const;

  /// Of the last look that brought something.
  [[nodiscard]] const Wanted& wanted() const { return wanted_; }
  [[nodiscard]] const Seen& seen() const { return follower_.seen(); }
  [[nodiscard]] const TrustedKeys& keys() const { return keys_; }
  /// As Follower::release_at().
  [[nodiscard]] Result<SignedDescriptor> release_at(Position position) { return follower_.release_at(position); }
  /// Something became active: what this host has followed is remembered. What the disk does not take is trouble, and
  /// tried again at each look.
  void activated();
  /// That the release which is active was named again is worth remembering: what was said before is old from then on.
  void remember(const std::optional<Digest>& active);

private:
  void read_keys();
  void has_or_well(std::string_view kind, const std::optional<Error>& error);
  void save();

  const PeerOptions& options_;
  Clock& clock_;
  const std::string share_name_;
  TrustedKeys keys_;
  Troubles& troubles_;
  const Narrator& narrate_;
  Seen saved_;
  std::optional<Seen> to_save_;
  Follower follower_;
  Wanted wanted_;
  MonotonicTime next_{};
};

}  // namespace swarmout
