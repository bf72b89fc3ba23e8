// What a host holds, with real packs, trees and a swarm session.

#pragma once

#include "common/fleet/torrent_on_share.hpp"
#include "peer/holdings.hpp"
#include "tests/peer/fetch/swarming.hpp"
#include "tests/support/fake_clock.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace swarmout::test {

class HoldingsTest : public testing::Test {
protected:
  HoldingsTest() {
    options_.state = dir_ / "state";
    options_.dest = dir_ / "dest";
    restart();
  }
  void restart() {
    holdings_.reset();
    Store store = Store::open(options_.state).value();
    ReleaseTrees trees = open_trees(options_, store).value();
    holdings_ = std::make_unique<Holdings>(options_, share_, std::move(store), std::move(trees), *session_, troubles_,
                                           narrate_);
  }
  SealedRelease sealed(std::uint64_t position) {
    SealedRelease made = leader_.release(
        {file_of("file", noise(100 * kKiB, static_cast<std::uint32_t>(position))), file_of("steady", prose(kKiB))},
        position);
    EXPECT_THAT(share_.write_blob(torrent_blob(made.release.descriptor), made.torrent), IsOk());
    return made;
  }
  /// Fetched, unpacked and accepted; not active.
  std::unique_ptr<Retrieval> retrieved(const SealedRelease& release) {
    auto goal = holdings_->prepare(release.release, release_at_);
    EXPECT_THAT(goal, IsOk());
    goal->peers = {leader_.endpoint()};
    auto retrieval = Retrieval::start(holdings_->store(), *session_, *goal);
    EXPECT_THAT(retrieval, IsOk());
    EXPECT_TRUE(wait_for([&] {
      for (const SwarmEvent& event : session_->poll(std::chrono::milliseconds(10))) {
        (*retrieval)->on_event(event);
      }
      (*retrieval)->tick(clock_.now());
      session_->connect((*retrieval)->swarm(), {leader_.endpoint()});
      return !(*retrieval)->at_work();
    }));
    EXPECT_TRUE((*retrieval)->kept());
    EXPECT_THAT(holdings_->accept((*retrieval)->goal()), IsOk());
    holdings_->serve_deltas((*retrieval)->served_deltas());
    return *std::move(retrieval);
  }
  RetrievalGoal fetched(const SealedRelease& release) { return retrieved(release)->goal(); }
  /// As a leader publishes it: on the share, with its delta; everything is served.
  SealedRelease published(const Tree& tree, std::uint64_t position) {
    leader_.move();
    SealedRelease made = leader_.update(tree, position);
    const Descriptor& release = made.release.descriptor;
    EXPECT_THAT(share_.write_blob(torrent_blob(release), made.torrent), IsOk());
    if (made.delta) {
      EXPECT_THAT(share_.write_blob(delta_blob(release), made.delta->file), IsOk());
      if (made.delta->info_hash) {
        leader_.serve_delta(made);
      }
    }
    leader_.serve(made);
    log_[release.position] = made.release;
    return made;
  }
  std::vector<std::string> delta_rooms() const {
    return list_directory(options_.state / "deltas").value_or(std::vector<std::string>());
  }
  Path record_of_release(const SealedRelease& release) const {
    return options_.state / "releases" / fmt::format("{:08}", release.release.descriptor.position.value);
  }
  /// As where nothing more can be written.
  void block(const Path& file) const { write_file(file / "in-the-way", ""); }
  /// And active, with what is not kept removed.
  void goes_to(const SealedRelease& release) {
    ASSERT_OK(holdings_->activate(fetched(release), true));
    holdings_->prune();
  }
  ino_t inode_of(const SealedRelease& release, const char* file) const {
    struct stat info {};
    EXPECT_EQ(::stat((holdings_->tree(release.release.descriptor) / file).c_str(), &info), 0);
    return info.st_ino;
  }
  Path current() const { return std::filesystem::read_symlink(options_.dest / "current"); }

  TempDir dir_;
  FakeClock clock_;
  PeerOptions options_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  Leader leader_;
  std::unique_ptr<SwarmSession> session_ = open_session();
  Troubles troubles_{clock_, [](Troubles::Line, const std::string&) {}};
  std::vector<std::string> said_;
  Narrator narrate_ = [this](const std::string& line) { said_.push_back(line); };
  std::map<Position, SignedDescriptor> log_;
  ReleaseAt release_at_ = [this](Position position) -> Result<SignedDescriptor> {
    const auto found = log_.find(position);
    return found != log_.end() ? Result<SignedDescriptor>(found->second) : fail(ErrorCode::temporary, "no such entry");
  };
  std::unique_ptr<Holdings> holdings_;
};

}  // namespace swarmout::test
