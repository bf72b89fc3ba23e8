// What the steps of a leader's work are tested with: an epoch on a share in a directory, under a clock to move by hand.

#pragma once

#include "common/share/open_share.hpp"
#include "seeder/epoch.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace swarmout::test {

class EpochTest : public testing::Test {
protected:
  EpochTest() {
    options_.share = (temp_ / "share").native();
    options_.state = temp_ / "state";
    options_.swarm.listen_address = "127.0.0.1";
  }

  static std::unique_ptr<Share> made_share(const Path& directory) {
    EXPECT_THAT(init_share(directory.native()), IsOk());
    return open_share(directory.native()).value();
  }
  /// A CLAIM at the end of the log of the share.
  static Leadership claimed(Share& share) {
    LogEntry entry;
    entry.log = share.cluster().value();
    entry.position = share.tail({}).value().next();
    entry.owner = random_nonce_hex();
    sign_in(entry, WallTime{});
    const std::string bytes = encode(entry);
    EXPECT_EQ(share.put(entry.position, bytes).outcome, PutOutcome::won);
    return {entry.log, entry.position, sha256(bytes), entry.owner, "", 1};
  }
  std::vector<std::string> cells(CellKind kind) { return share_->list_cells(kind).value(); }

  TempDir temp_;
  FakeClock clock_;
  std::unique_ptr<Share> share_ = made_share(temp_ / "share");
  Store store_ = Store::open(temp_ / "state").value();
  const SigningKey& key_ = fleet_key();
  const TrustedKeys& keys_ = fleet_trust();
  SeedOptions options_;
  std::vector<std::string> said_;
  Narrator narrate_ = [this](const std::string& line) { said_.push_back(line); };
  Narrator progress_ = [](const std::string&) {};
  Leadership leadership_ = claimed(*share_);
  WorkStatus status_;
  std::stop_source stop_;
  Epoch epoch_{options_,  *share_,     store_,  clock_,           key_, keys_, narrate_,
               progress_, leadership_, status_, stop_.get_token()};
};

}  // namespace swarmout::test
