#include "seeder/tidy_share.hpp"

#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class TidyShareTest : public testing::Test {
protected:
  TidyShareTest() { state_->clock = &clock_; }

  /// A release in the log, with its torrent on the share; the torrent's name.
  std::string release() {
    const Position position = host_.commit(host_.claim());
    const std::string blob = torrent_blob(OtherHost::made_up(position, "r1").descriptor);
    EXPECT_THAT(share_.write_blob(blob, "torrent"), IsOk());
    return blob;
  }
  /// With a delta; the names of both.
  std::vector<std::string> release_with_delta() {
    const Leadership leadership = host_.claim();
    SignedDescriptor release = OtherHost::made_up(leadership.claim.next(), "r1");
    Descriptor& descriptor = release.descriptor;
    descriptor.delta = {{}, sha256("delta " + std::to_string(descriptor.position.value)), 5, 5, 3};
    release.text = encode(descriptor);
    release.signature = fleet_key().sign(release.text, "test").value();
    EXPECT_THAT(publish(host_.pen(), leadership, release, {}), IsOk());
    EXPECT_THAT(share_.write_blob(torrent_blob(descriptor), "torrent"), IsOk());
    EXPECT_THAT(share_.write_blob(delta_blob(descriptor), "delta"), IsOk());
    return {torrent_blob(descriptor), delta_blob(descriptor)};
  }
  std::vector<std::string> blobs() { return share_.list_blobs().value_or(std::vector<std::string>{"error"}); }
  std::vector<std::string> cells(CellKind kind) {
    return share_.list_cells(kind).value_or(std::vector<std::string>{"error"});
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  OtherHost host_{state_};
};

class TidyCells : public TidyShareTest, public testing::WithParamInterface<CellKind> {};

}  // namespace

TEST_F(TidyShareTest, AnEmptyShareStaysSo) {
  EXPECT_THAT(tidy_share(share_, fleet_trust()), IsOk());

  EXPECT_TRUE(blobs().empty());
}

TEST_P(TidyCells, OlderThanADayGo) {
  ASSERT_OK(share_.write_cell(GetParam(), "old", "value"));
  clock_.advance(24h + 1s);

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_TRUE(cells(GetParam()).empty());
}

TEST_P(TidyCells, OfTheLastDayStay) {
  ASSERT_OK(share_.write_cell(GetParam(), "young", "value"));
  clock_.advance(24h);

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(cells(GetParam()), testing::ElementsAre("young"));
}

TEST_P(TidyCells, ThatAreStillWrittenStay) {
  ASSERT_OK(share_.write_cell(GetParam(), "a", "value"));
  clock_.advance(48h);
  ASSERT_OK(share_.write_cell(GetParam(), "a", "value"));

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(cells(GetParam()), testing::ElementsAre("a"));
}

INSTANTIATE_TEST_SUITE_P(AllKinds, TidyCells, testing::Values(CellKind::heartbeat, CellKind::stage, CellKind::peer));

TEST_F(TidyShareTest, CellsFromTheFutureStay) {
  clock_.advance(1000h);
  ASSERT_OK(share_.write_cell(CellKind::peer, "a", "value"));
  clock_.set_wall(clock_.wall() - 1000h);

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(cells(CellKind::peer), testing::ElementsAre("a"));
}

TEST_F(TidyShareTest, TheTorrentOfTheReleaseThatWasGoneBackToStaysHoweverOldItIs) {
  const std::string first = release();
  const std::string second = release();
  for (std::size_t i = 0; i < kKeepTorrents; ++i) {
    release();
  }
  LogEntry named;
  named.position = Position{2};
  ASSERT_OK(publish_by_hand(host_.pen(), host_.claim(), named, "all others are broken", {}));

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::Contains(first));
  EXPECT_THAT(blobs(), testing::Not(testing::Contains(second)));
}

TEST_F(TidyShareTest, ATorrentOfALaterReleaseThanThisHostKnowsStays) {
  release();
  Descriptor later;
  later.position = Position{4};
  ASSERT_OK(share_.write_blob(torrent_blob(later), "staged by a successor while this host was paused"));

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::Contains(torrent_blob(later)));
}

TEST_F(TidyShareTest, TorrentsOfTheNewestReleasesStay) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < kKeepTorrents; ++i) {
    all.push_back(release());
  }

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::UnorderedElementsAreArray(all));
}

TEST_F(TidyShareTest, TorrentsOfOldReleasesGo) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < kKeepTorrents + 3; ++i) {
    all.push_back(release());
  }

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::UnorderedElementsAreArray(all.begin() + 3, all.end()));
}

TEST_F(TidyShareTest, ADeltaStaysAndGoesWithItsRelease) {
  const std::vector<std::string> old = release_with_delta();
  std::vector<std::string> all = release_with_delta();
  for (std::size_t i = 1; i < kKeepTorrents; ++i) {
    all.push_back(release());
  }

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::UnorderedElementsAreArray(all));
}

TEST_F(TidyShareTest, ADeltaThatNoReleaseNamesGoes) {
  const std::vector<std::string> kept = release_with_delta();
  Descriptor other;
  other.position = Position{2};
  other.delta = {{}, sha256("never published"), 5, 5, 3};
  ASSERT_OK(share_.write_blob(delta_blob(other), "delta"));
  other.position = Position{3};  // staged by a successor
  ASSERT_OK(share_.write_blob(delta_blob(other), "delta"));

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::UnorderedElementsAre(kept[0], kept[1], delta_blob(other)));
}

TEST_F(TidyShareTest, TorrentsThatNoReleaseNamesGo) {
  const std::string kept = release();
  Descriptor fenced;
  fenced.position = Position{2};
  fenced.info_hash = {sha256("never published")};
  ASSERT_OK(share_.write_blob(torrent_blob(fenced), "torrent"));

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::ElementsAre(kept));
}

TEST_F(TidyShareTest, TheReleaseThatUnchangedCommitsPointToStaysHoweverManyThereAre) {
  const std::string kept = release();
  for (int i = 0; i < 300; ++i) {
    host_.commit_unchanged(host_.claim(), Position{2});
  }

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::ElementsAre(kept));
}

TEST_F(TidyShareTest, ReleasesAreLookedForBeyondManyFailures) {
  std::vector<std::string> all = {release()};
  for (int i = 0; i < 300; ++i) {
    host_.abandon(host_.claim(), "disk full");
  }
  all.push_back(release());

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_THAT(blobs(), testing::UnorderedElementsAreArray(all));
}

TEST_F(TidyShareTest, TheLogIsNotTouched) {
  release();
  const auto before = state_->log;

  ASSERT_OK(tidy_share(share_, fleet_trust()));

  EXPECT_EQ(state_->log, before);
}

TEST_F(TidyShareTest, NothingIsRemovedIfTheLogCannotBeRead) {
  const std::string kept = release();
  share_.before = [](std::string_view operation) {
    return operation == "tail" ? std::optional(Error{ErrorCode::temporary, "away", ""}) : std::nullopt;
  };

  EXPECT_THAT(tidy_share(share_, fleet_trust()), FailsWith(ErrorCode::temporary));

  EXPECT_THAT(blobs(), testing::ElementsAre(kept));
}

}  // namespace swarmout::test
