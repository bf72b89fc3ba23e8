#include "seeder/adoption.hpp"

#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_reader.hpp"
#include "seeder/seal.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class AdoptionTest : public testing::Test {
protected:
  /// A leader that stages something and falls silent.
  SealedRelease stage(const Leadership& leadership, const SigningKey& key, std::optional<Position> position = {}) {
    SealInput input;
    input.packed = pack(store_, {file_of("file", noise(100 * kKiB))}).value();
    input.position = position.value_or(leadership.claim.next());
    input.revision = "r7";
    input.source = "git+https://host/x";
    SealedRelease sealed = seal(std::move(input), store_, key).value();
    EXPECT_THAT(share_.write_blob(torrent_blob(sealed.release.descriptor), sealed.torrent), IsOk());
    EXPECT_THAT(share_.write_cell(
                    CellKind::stage, claim_cell(leadership.claim, leadership.owner),
                    swarmout::encode(
                        StagedRelease{{leadership.claim, leadership.owner}, sealed.release, {"192.0.2.7", 6881}}, key)
                        .value()),
                IsOk());
    return sealed;
  }
  std::optional<SealedRelease> found_by(const Leadership& successor) {
    LogReader log(share_, fleet_trust());
    return left_behind(share_, **log.refresh_with_slots(), successor.claim, fleet_trust());
  }
  std::optional<SealedRelease> adopted(const SealedRelease& staged, const std::string& revision = "r7",
                                       const std::string& source = "git+https://host/x",
                                       const std::string& certificate = "") {
    return adopt(staged, {revision, source, Position{42}, {}, certificate}, store_, key_).value();
  }
  Path only_pack() const { return temp_ / "state/packs" / pack_name(); }
  std::string pack_name() const {
    const auto names = list_directory(temp_ / "state/packs");
    for (const std::string& name : *names) {
      if (name.ends_with(".pack")) {
        return name;
      }
    }
    return "";
  }

  TempDir temp_;
  const SigningKey& key_ = fleet_key();
  const SigningKey& other_key_ = strangers_key();
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  OtherHost host_{state_};
  Store store_ = Store::open(temp_ / "state").value();
};

}  // namespace

TEST_F(AdoptionTest, WhatTheLeaderBeforeHadStagedIsFound) {
  const SealedRelease staged = stage(host_.claim(), key_);

  const auto found = found_by(host_.claim());

  ASSERT_TRUE(found);
  EXPECT_EQ(found->release.text, staged.release.text);
  EXPECT_EQ(found->torrent, staged.torrent);
}

TEST_F(AdoptionTest, ThroughSuccessorsThatDiedBeforeTheyStagedAnything) {
  const SealedRelease staged = stage(host_.claim(), key_);
  host_.claim();
  host_.claim();

  const auto found = found_by(host_.claim());

  ASSERT_TRUE(found);
  EXPECT_EQ(found->release.text, staged.release.text);
}

TEST_F(AdoptionTest, ThroughWhatNobodySigned) {
  const SealedRelease staged = stage(host_.claim(), key_);
  ASSERT_EQ(share_.put(Position{2}, "garbage").outcome, PutOutcome::won);

  EXPECT_TRUE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, TheFirstLeaderOfAllFindsNothing) {
  EXPECT_FALSE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, WhatWasGivenUpIsNotFound) {
  const Leadership gave_up = host_.claim();
  stage(gave_up, key_);
  host_.abandon(gave_up, "too few peers");

  EXPECT_FALSE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, NorWhatWasPublished) {
  const Leadership published = host_.claim();
  stage(published, key_);
  host_.commit(published);

  EXPECT_FALSE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, NorWhatAnotherKeySigned) {
  stage(host_.claim(), other_key_);

  EXPECT_FALSE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, NorWhatIsInThePlaceOfAnotherRelease) {
  stage(host_.claim(), key_, Position{40});

  EXPECT_FALSE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, NorWhatHasNoTorrentAnyMore) {
  const SealedRelease staged = stage(host_.claim(), key_);
  ASSERT_OK(share_.remove_blob(torrent_blob(staged.release.descriptor)));

  EXPECT_FALSE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, NorADamagedStage) {
  const Leadership leadership = host_.claim();
  stage(leadership, key_);
  ASSERT_OK(share_.write_cell(CellKind::stage, claim_cell(leadership.claim, leadership.owner), "garbage"));

  EXPECT_FALSE(found_by(host_.claim()));
}

TEST_F(AdoptionTest, WhatIsAdoptedIsTheSameContentUnderAnotherNumber) {
  const SealedRelease staged = stage(host_.claim(), key_);

  const auto ours = adopted(staged);

  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->torrent, staged.torrent);
  Descriptor expected = staged.release.descriptor;
  expected.position = Position{42};
  EXPECT_EQ(ours->release.text, encode(expected));
  EXPECT_EQ(encode(ours->release.descriptor), encode(expected));
  EXPECT_THAT(key_.verify_key().verify(ours->release.text, ours->release.signature), IsOk());
}

TEST_F(AdoptionTest, LimitsForClonesAreTheSuccessors) {
  const SealedRelease staged = stage(host_.claim(), key_);

  const auto ours = adopt(staged, {"r7", "git+https://host/x", Position{42}, {kMiB, 0}}, store_, key_).value();

  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->release.descriptor.clone_limits, (RateLimits{kMiB, 0}));
}

TEST_F(AdoptionTest, WithoutItsDeltaWhichLiesUnderTheOtherNumber) {
  SealedRelease staged = stage(host_.claim(), key_);
  staged.release.descriptor.delta = {{}, sha256("delta"), 5, 5, 3};

  const auto ours = adopted(staged);

  ASSERT_TRUE(ours);
  EXPECT_FALSE(ours->release.descriptor.delta);
  EXPECT_FALSE(ours->delta);
}

TEST_F(AdoptionTest, AnotherRevisionIsNotAdopted) {
  EXPECT_FALSE(adopted(stage(host_.claim(), key_), "r8"));
}

TEST_F(AdoptionTest, NorTheSameRevisionOfAnotherSource) {
  EXPECT_FALSE(adopted(stage(host_.claim(), key_), "r7", "git+https://host/y"));
}

TEST_F(AdoptionTest, ASwarmWithAnotherCertificateIsNotAdopted) {
  EXPECT_FALSE(adopted(stage(host_.claim(), key_), "r7", "git+https://host/x", "ours"));
}

TEST_F(AdoptionTest, ALongNameOfASourceIsComparedAsFarAsItIsKept) {
  SealInput input;
  input.packed = pack(store_, {file_of("file", "content")}).value();
  input.position = Position{2};
  input.revision = "r7";
  input.source = "tar:" + std::string(1000, 'x');
  const SealedRelease staged = seal(input, store_, key_).value();

  EXPECT_TRUE(adopted(staged, "r7", input.source));
}

TEST_F(AdoptionTest, WithAPackThatIsNotHereNothingIsAdopted) {
  const SealedRelease staged = stage(host_.claim(), key_);
  std::filesystem::remove(only_pack());

  EXPECT_FALSE(adopted(staged));
}

TEST_F(AdoptionTest, NorWithADamagedOne) {
  const SealedRelease staged = stage(host_.claim(), key_);
  const Path pack = only_pack();
  std::string bytes = *read_file(pack, kMiB);
  bytes[bytes.size() / 2] ^= 1;
  std::filesystem::remove(pack);
  write_file(pack, bytes);

  EXPECT_FALSE(adopted(staged));
}

TEST_F(AdoptionTest, NorWithoutTheManifest) {
  const SealedRelease staged = stage(host_.claim(), key_);
  std::filesystem::remove(temp_ / "state/manifests" / staged.release.descriptor.manifest.hex());

  EXPECT_FALSE(adopted(staged));
}

TEST_F(AdoptionTest, NorWithATorrentThatIsNotTheSignedOne) {
  SealedRelease staged = stage(host_.claim(), key_);
  staged.torrent = "d8:announce0:e";

  EXPECT_FALSE(adopted(staged));
}

}  // namespace swarmout::test
