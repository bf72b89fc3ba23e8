#include "peer/fetch/part_fetch.hpp"

#include "peer/verify/part_of_manifest.hpp"
#include "peer/verify/repair.hpp"
#include "tests/peer/fetch/swarming.hpp"
#include "tests/support/fake_clock.hpp"

namespace swarmout::test {

namespace {

/// Many files that do not compress, so that one is a small part of the whole.
Tree wide_tree() {
  Tree tree;
  for (unsigned i = 0; i < 40; ++i) {
    tree.push_back(file_of(fmt::format("file-{:02}", i), noise(kMiB, i)));
  }
  return tree;
}

class PartFetchTest : public testing::Test {
protected:
  Result<Bytes> fetch(const FileRanges& ranges, const std::stop_token& stop = {}) {
    const PartWish wish{sealed_.release, sealed_.torrent, ranges, clone_.path("parts")};
    return fetch_parts(
        clone_.session(), wish, [this] { return std::vector{leader_.endpoint()}; }, {}, system_clock(), stop,
        [](const SwarmStatus&) {});
  }
  Path got(const std::string& name) { return clone_.path("parts") / kTorrentRoot / name; }

  Leader leader_;
  SealedRelease sealed_ = leader_.release(wide_tree(), 2);
  Manifest manifest_ = leader_.manifest(sealed_);
  Clone clone_;
};

}  // namespace

TEST_F(PartFetchTest, AManifestComesWithoutTheRest) {
  const auto fetched = fetch({{std::string(kManifestName), {{0, kMaxManifestFile}}}});

  ASSERT_OK(fetched);
  EXPECT_EQ(sha256(read_file(got(std::string(kManifestName)), kMiB).value_or("")), sealed_.release.descriptor.manifest);
  EXPECT_LT(*fetched, kMiB);
}

TEST_F(PartFetchTest, OneFileCostsItsFramesAndLittleMore) {
  const Manifest part = part_of(manifest_, {20});
  ASSERT_EQ(part.nodes.size(), 1U);

  const auto fetched = fetch(ranges_for(part));

  ASSERT_OK(fetched);
  EXPECT_LE(*fetched, 4 * kMiB + 3 * read_torrent(sealed_.torrent)->piece_length);
  EXPECT_GE(*fetched, kMiB);
  const Path into = clone_.path("into");
  std::filesystem::create_directories(into);
  ASSERT_OK(unpack_part(part, clone_.path("parts") / kTorrentRoot, into));
  EXPECT_EQ(read_file(into / part.nodes.front().path, 2 * kMiB).value_or(""), noise(kMiB, 20));
}

TEST_F(PartFetchTest, TheReleaseCanBeFetchedWholeAfterwards) {
  ASSERT_OK(fetch(ranges_for(part_of(manifest_, {3}))));

  EXPECT_THAT(clone_.fetch(clone_.goal(sealed_, leader_)), IsOk()) << "the session has let go of the part";
}

TEST_F(PartFetchTest, ItStopsWhenItIsAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  Leader other;  // serves nothing of it
  const PartWish wish{sealed_.release, sealed_.torrent, {{std::string(kManifestName), {{0, 1}}}}, clone_.path("parts")};

  EXPECT_THAT(fetch_parts(
                  clone_.session(), wish, [&] { return std::vector{other.endpoint()}; }, {}, system_clock(),
                  stop.get_token(), [](const SwarmStatus&) {}),
              FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(PartFetchTest, WhatNobodySendsIsGivenUp) {
  FakeClock clock;
  Leader other;
  const PartWish wish{sealed_.release, sealed_.torrent, {{std::string(kManifestName), {{0, 1}}}}, clone_.path("parts")};

  EXPECT_THAT(fetch_parts(
                  clone_.session(), wish, [&] { return std::vector{other.endpoint()}; }, {}, clock, {},
                  [&](const SwarmStatus&) { clock.advance(std::chrono::seconds(10)); }),
              FailsWith(ErrorCode::temporary, "no other host"));
}

}  // namespace swarmout::test
