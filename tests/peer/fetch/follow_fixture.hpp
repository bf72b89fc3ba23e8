// A follower on a share in memory, and what others put there.

#pragma once

#include "common/fleet/leader_record.hpp"
#include "peer/fetch/follow.hpp"
#include "tests/peer/fetch/following.hpp"
#include "tests/support/bytes.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

inline const Endpoint kStaging{"192.0.2.7", 4321};
inline const Endpoint kBeating{"192.0.2.8", 1234};
inline const Endpoint kStagingTracker{"192.0.2.7", 6969};
inline const Endpoint kBeatingTracker{"192.0.2.8", 6969};

class FollowTest : public testing::Test {
protected:
  /// A COMMIT under a new claim. Anything may stand in it.
  Position publish_as(const SignedDescriptor& release) {
    return commit_raw(host_.share(), host_.claim(), release, host_.key());
  }
  Position publish_next(const std::string& revision) {
    return publish_as(signer_.release(host_.share().tail({}).value().next().next(), revision));
  }
  void stage(const Leadership& leadership, const SignedDescriptor& release) {
    EXPECT_THAT(host_.share().write_cell(
                    CellKind::stage, claim_cell(leadership.claim, leadership.owner),
                    encode(StagedRelease{{leadership.claim, leadership.owner}, release, kStaging, kStagingTracker})),
                IsOk());
  }
  void beat(const Leadership& leadership) {
    HeartbeatInfo info;
    info.claim = {leadership.claim, leadership.owner};
    info.endpoint = kBeating;
    info.tracker = kBeatingTracker;
    EXPECT_THAT(
        host_.share().write_cell(CellKind::heartbeat, claim_cell(leadership.claim, leadership.owner), encode(info)),
        IsOk());
  }
  /// That has followed `seen` in a log of which nothing else is known.
  Follower follower(Position seen = {}) {
    Seen before;
    before.position = seen;
    before.commit = seen;
    return {share_, key_, before};
  }

  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  OtherHost host_{state_};
  MemoryShare share_{state_};
  Signer signer_;
  Signer stranger_{strangers_key()};
  TrustedKeys key_ = signer_.trusted();
};

}  // namespace swarmout::test
