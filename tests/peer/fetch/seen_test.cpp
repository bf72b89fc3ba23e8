// What is followed after what: the mistakes and the attacks of docs/decisions/0030-a-release-is-its-digest.md.

#include "peer/fetch/seen.hpp"

#include "tests/peer/fetch/following.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

constexpr const char* kYesterday = "2026-11-27T12:00:00Z";
constexpr const char* kToday = "2026-11-28T12:00:00Z";
constexpr const char* kLater = "2026-11-28T13:00:00Z";
const WallTime kNow = *parse_utc("2026-11-28T13:30:00Z");

SignedDescriptor release_made(std::uint64_t position, const std::string& created, const std::string& tree = "") {
  SignedDescriptor release = OtherHost::made_up({position}, "r" + std::to_string(position));
  release.descriptor.created = created;
  release.descriptor.manifest = sha256(tree.empty() ? "tree " + std::to_string(position) : tree);
  release.text = encode(release.descriptor);
  return release;
}

const SignedDescriptor kEight = release_made(8, kToday);

class SeenTest : public testing::Test {
protected:
  Result<void> may(const SignedDescriptor& release, LogKinship kinship) const {
    return may_follow(seen_, {release, release.descriptor.position}, kinship, kNow, "the share");
  }
  void follow(const SignedDescriptor& release, LogKinship kinship) {
    seen_ = followed(seen_, {release, release.descriptor.position, sha256(release.text)}, kinship, kNow,
                     kinship == LogKinship::another ? "another" : "one", "KEY");
  }
  /// Of an older release, by a COMMIT at `commit` that was put at `said`.
  Result<void> may_go_back(const SignedDescriptor& release, std::uint64_t commit, const char* said,
                           LogKinship kinship = LogKinship::same) const {
    return may_follow(seen_, {release, Position{commit}, sha256("a rollback"), *parse_utc(said)}, kinship, kNow,
                      "the share");
  }
  void go_back(const SignedDescriptor& release, std::uint64_t commit) {
    seen_ = followed(seen_, {release, Position{commit}, sha256("a rollback"), *parse_utc(kLater)}, LogKinship::same,
                     kNow, "one", "KEY");
  }

  Seen seen_ = followed({}, {kEight, Position{8}}, LogKinship::first, kNow, "one", "KEY");
  TempDir dir_;
};

}  // namespace

TEST_F(SeenTest, TheFirstReleaseIsFollowedWhateverItIs) {
  seen_ = {};

  EXPECT_THAT(may(release_made(2, kYesterday), LogKinship::first), IsOk());
}

// In the log that is followed.

TEST_F(SeenTest, AHigherNumberIsFollowedWhenItWasMadeDoesNotMatter) {
  EXPECT_THAT(may(release_made(10, kYesterday), LogKinship::same), IsOk()) << "the leader's clock is a day behind";
}

TEST_F(SeenTest, TheReleaseThatWasFollowedLastIsFollowed) {
  EXPECT_THAT(may(release_made(8, kToday), LogKinship::same), IsOk());
}

TEST_F(SeenTest, ALowerNumberIsRefused) {
  EXPECT_THAT(may(release_made(6, kLater), LogKinship::same), FailsWith(ErrorCode::refused, "has followed 8 already"));
}

// In another log, or one that was set back.

TEST_F(SeenTest, InANewShareWhatWasMadeLaterIsFollowed) {
  EXPECT_THAT(may(release_made(2, kLater), LogKinship::another), IsOk());
}

TEST_F(SeenTest, AnOldLogThatIsShownAgainIsRefused) {
  EXPECT_THAT(may(release_made(2, kYesterday), LogKinship::another), FailsWith(ErrorCode::refused, "another share"));
  EXPECT_THAT(may(release_made(40, kYesterday), LogKinship::another), FailsWith(ErrorCode::refused))
      << "its numbers say nothing";
}

TEST_F(SeenTest, AReleaseThatDoesNotSayWhenItWasMadeIsNotNewer) {
  EXPECT_THAT(may(release_made(2, ""), LogKinship::another), FailsWith(ErrorCode::refused));
}

TEST_F(SeenTest, ARestoredBackupIsRefusedUntilThereIsANewerRelease) {
  EXPECT_THAT(may(release_made(4, kYesterday), LogKinship::shortened), FailsWith(ErrorCode::refused, "lost entries"));
  EXPECT_THAT(may(release_made(6, kLater), LogKinship::shortened), IsOk());
}

TEST_F(SeenTest, TheSameTreeIsFollowedInAnyLog) {
  EXPECT_THAT(may(release_made(2, kYesterday, "tree 8"), LogKinship::another), IsOk());
}

TEST_F(SeenTest, WhatComesFromTheFutureIsNotFollowedInAnotherLog) {
  EXPECT_THAT(may(release_made(2, "2027-11-28T12:00:00Z"), LogKinship::another),
              FailsWith(ErrorCode::refused, "clock"));
}

TEST_F(SeenTest, AfterAChangeOfLogTheOldOneCannotComeBack) {
  follow(release_made(2, kLater), LogKinship::another);

  EXPECT_THAT(may(release_made(10, kToday), LogKinship::another), FailsWith(ErrorCode::refused));
  EXPECT_THAT(may(release_made(10, kToday), LogKinship::same), FailsWith(ErrorCode::refused, "an old release again"))
      << "nor one of its releases, signed for a higher number, in the new one";
  EXPECT_THAT(may(release_made(4, "2026-11-28T13:10:00Z"), LogKinship::same), IsOk());
}

TEST_F(SeenTest, AnOldLogWithTheSameTreeLeadsToNoOlderOne) {
  follow(release_made(2, kYesterday, "tree 8"), LogKinship::another);

  EXPECT_THAT(may(release_made(4, kYesterday), LogKinship::same), FailsWith(ErrorCode::refused));
  EXPECT_THAT(may(release_made(4, kLater), LogKinship::same), IsOk());
}

TEST_F(SeenTest, ALeaderWhoseClockWasAYearAheadDoesNotCloseEveryOtherLog) {
  follow(release_made(10, "2027-11-28T12:00:00Z"), LogKinship::same);

  const auto minutes_later = may_follow(seen_, {release_made(2, "2026-11-28T13:40:00Z"), Position{2}},
                                        LogKinship::another, kNow + 10min, "the share");

  EXPECT_THAT(minutes_later, IsOk());
}

TEST_F(SeenTest, AHostWhoseClockIsInThePastForgetsNothing) {
  seen_ = followed(seen_, {release_made(10, kLater), Position{10}}, LogKinship::same, WallTime{}, "one", "KEY");

  EXPECT_THAT(may(release_made(2, kYesterday), LogKinship::another), FailsWith(ErrorCode::refused));
}

// Gone back to.

TEST_F(SeenTest, AnOlderReleaseThatALaterEntryNamesIsFollowed) {
  EXPECT_THAT(may_go_back(release_made(4, kYesterday), 10, kLater), IsOk());
}

TEST_F(SeenTest, AnEarlierEntryThatNamesAnOlderReleaseIsNot) {
  EXPECT_THAT(may_go_back(release_made(4, kYesterday), 6, kYesterday),
              FailsWith(ErrorCode::refused, "has followed 8 already"));
  go_back(release_made(4, kYesterday), 12);
  EXPECT_THAT(may_go_back(release_made(2, kYesterday), 10, kLater), FailsWith(ErrorCode::refused, "has followed 12"))
      << "what was said before the rollback is as old as any";
}

TEST_F(SeenTest, AfterARollbackTheReleaseBeforeItIsFollowedOnlyIfItIsNamedAgain) {
  go_back(release_made(4, kYesterday), 10);

  EXPECT_THAT(may(release_made(8, kToday), LogKinship::same), FailsWith(ErrorCode::refused, "has followed 10"));
  EXPECT_THAT(may_go_back(release_made(8, kToday), 12, kLater), IsOk());
}

TEST_F(SeenTest, ARollbackIsNoneInAnotherLogOrOneThatLostEntries) {
  const SignedDescriptor old = release_made(4, kYesterday);

  EXPECT_THAT(may_go_back(old, 30, kLater, LogKinship::another), FailsWith(ErrorCode::refused));
  EXPECT_THAT(may_go_back(old, 30, kLater, LogKinship::shortened), FailsWith(ErrorCode::refused));
}

TEST_F(SeenTest, WhatWasFollowedBeforeARollbackStillKeepsOldLogsAway) {
  go_back(release_made(4, kYesterday), 10);

  EXPECT_THAT(may(release_made(8, kToday), LogKinship::shortened), FailsWith(ErrorCode::refused, "lost entries"))
      << "the log without its rollback";
}

TEST_F(SeenTest, InALogThatThisHostCameToOnlyARollbackThatWasSaidSinceIsFollowed) {
  follow(release_made(12, kLater), LogKinship::another);

  EXPECT_THAT(may_go_back(release_made(4, kYesterday), 14, kToday),
              FailsWith(ErrorCode::refused, "an old release again"));
  EXPECT_THAT(may_go_back(release_made(4, kYesterday), 14, "2026-11-28T13:20:00Z"), IsOk());
}

TEST_F(SeenTest, AReleaseThatIsNamedAgainMakesWhatWasSaidBeforeOld) {
  seen_ = followed_on(seen_, {kEight, Position{20}, sha256("unchanged")});

  EXPECT_EQ(seen_.commit, Position{20});
  EXPECT_EQ(seen_.entry, sha256("unchanged"));
  EXPECT_THAT(may_go_back(release_made(4, kYesterday), 14, kLater), FailsWith(ErrorCode::refused, "followed 20"));
  EXPECT_EQ(followed_on(seen_, {kEight, Position{10}, sha256("earlier")}).commit, Position{20});
}

// On the disk.

TEST_F(SeenTest, WhatWasSavedIsLoaded) {
  follow(release_made(2, kLater), LogKinship::another);
  ASSERT_OK(save_seen(dir_.path(), seen_));

  ASSERT_OK_AND_ASSIGN(const Seen loaded, load_seen(dir_.path()));

  EXPECT_EQ(loaded.cluster, "another");
  EXPECT_EQ(loaded.key, "KEY");
  EXPECT_EQ(loaded.position, Position{2});
  EXPECT_EQ(loaded.release, seen_.release);
  EXPECT_EQ(loaded.manifest, seen_.manifest);
  EXPECT_EQ(loaded.newest, *parse_utc(kLater));
  EXPECT_EQ(loaded.since, *parse_utc(kLater));
  EXPECT_EQ(loaded.commit, Position{2});
  EXPECT_EQ(loaded.entry, seen_.entry);
}

TEST_F(SeenTest, ARecordFromBeforeRollbacksIsRead) {
  ASSERT_OK(save_seen(dir_.path(), seen_));
  ASSERT_OK_AND_ASSIGN(std::string text, read_file(dir_ / "seen", kKiB));
  text.erase(text.find("commit "));
  ASSERT_OK(replace_file(dir_ / "seen", as_bytes(text)));

  ASSERT_OK_AND_ASSIGN(const Seen loaded, load_seen(dir_.path()));

  EXPECT_EQ(loaded.position, Position{8});
  EXPECT_EQ(loaded.commit, Position{8});
  EXPECT_EQ(loaded.entry, Digest{});
}

TEST_F(SeenTest, ARecordWhoseCommitComesBeforeItsReleaseIsDamaged) {
  seen_.commit = Position{7};
  ASSERT_OK(save_seen(dir_.path(), seen_));

  EXPECT_THAT(load_seen(dir_.path()), FailsWith(ErrorCode::refused, "damaged"));
}

TEST_F(SeenTest, WithoutAFileNothingWasFollowed) {
  ASSERT_OK_AND_ASSIGN(const Seen loaded, load_seen(dir_.path()));

  EXPECT_EQ(loaded.position, Position{});
}

TEST_F(SeenTest, TheNumberThatTheFirstVersionWroteIsUnderstood) {
  ASSERT_OK(replace_file(dir_ / "seen", as_bytes("12\n")));

  ASSERT_OK_AND_ASSIGN(const Seen loaded, load_seen(dir_.path()));

  EXPECT_EQ(loaded.position, Position{12});
  EXPECT_EQ(loaded.commit, Position{12});
  EXPECT_EQ(loaded.cluster, "");
}

TEST_F(SeenTest, ADamagedFileIsAnErrorAndNotTheNumberZero) {
  for (const char* const text : {"", "abc\n", "12", "12 \n", "-1\n", "99999999999999999999\n", "swarmout-seen 1\n"}) {
    ASSERT_OK(replace_file(dir_ / "seen", as_bytes(text)));
    EXPECT_THAT(load_seen(dir_.path()), FailsWith(ErrorCode::refused, "damaged")) << text;
  }
}

TEST_F(SeenTest, WhereTheFileIsDamagedTheReleasesThatAreHereSayWhatWasFollowed) {
  const Signer signer;
  const Signer stranger(strangers_key());
  ASSERT_OK_AND_ASSIGN(Store store, Store::open(dir_.path()));
  ASSERT_OK(store.record(signer.sign(release_made(2, kToday))));
  ASSERT_OK(store.record(signer.sign(release_made(9, kYesterday))));
  ASSERT_OK(store.record(stranger.sign(release_made(11, kLater))));
  ASSERT_OK(replace_file(dir_ / "seen", as_bytes("garbage")));

  ASSERT_OK_AND_ASSIGN(const Seen recalled, recall_seen(dir_.path(), store, signer.trusted()));

  EXPECT_EQ(recalled.position, Position{2}) << "the newest by the time that was signed";
  EXPECT_EQ(recalled.newest, *parse_utc(kToday));
}

}  // namespace swarmout::test
