#include "seeder/seal.hpp"

#include "common/fleet/leader_record.hpp"
#include "common/release/torrent_file.hpp"
#include "common/share/share.hpp"
#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

Tree some_tree() {
  return {
      {directory("d"), ""}, file_of("d/a", noise(700 * kKiB)), file_of("d/b", "text", true), {symlink("l", "d"), ""}};
}

class SealTest : public testing::Test {
protected:
  SealTest() {
    EXPECT_THAT(make_directories(temp_ / "keys"), IsOk());
    EXPECT_THAT(make_key_pair(temp_ / "keys"), IsOk());
  }
  SealInput input_for(const Tree& tree, std::optional<Manifest> basis = {}) {
    auto packed = pack(store_, tree, std::move(basis));
    EXPECT_THAT(packed, IsOk());
    SealInput input;
    input.packed = std::move(packed).value_or(PackedRelease{});
    input.position = Position{42};
    input.basis = Position{40};
    input.revision = "r7";
    input.source = "git+https://host/x";
    input.created = "2026-11-23T12:00:00Z";
    return input;
  }
  Result<SealedRelease> sealed(SealInput input) {
    const auto key = SigningKey::load(temp_ / "keys" / kSecretKeyFile);
    EXPECT_THAT(key, IsOk());
    return seal(std::move(input), store_, *key);
  }
  Manifest manifest_of(const SealedRelease& release) {
    const auto bytes = store_.manifest_bytes(release.release.descriptor.manifest);
    EXPECT_THAT(bytes, IsOk());
    return decode_manifest(bytes.value_or("")).value_or(Manifest{});
  }
  std::string revision_of(const Tree& tree) {
    SealInput input = input_for(tree);
    input.revision = "";
    const auto release = sealed(std::move(input));
    EXPECT_THAT(release, IsOk());
    return release ? release->release.descriptor.revision : "";
  }

  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
};

}  // namespace

TEST_F(SealTest, TheDescriptorSaysWhatItWasGiven) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));

  const Descriptor& descriptor = release.release.descriptor;
  EXPECT_EQ(descriptor.position.value, 42U);
  EXPECT_EQ(descriptor.basis.value, 40U);
  EXPECT_EQ(descriptor.revision, "r7");
  EXPECT_EQ(descriptor.source, "git+https://host/x");
  EXPECT_EQ(descriptor.created, "2026-11-23T12:00:00Z");
}

TEST_F(SealTest, WhatWasAskedForIsItsNameUnlessItIsANumber) {
  const auto name_of = [&](const std::string& source, const std::string& asked) {
    SealInput input = input_for(some_tree());
    input.source = source;
    input.asked = asked;
    const auto release = sealed(std::move(input));
    EXPECT_THAT(release, IsOk());
    return release ? release->release.descriptor.name : "failed";
  };

  EXPECT_EQ(name_of("git+https://host/x#v1", ""), "v1");
  EXPECT_EQ(name_of("hg+https://host/x#v1", ""), "v1");
  EXPECT_EQ(name_of("hg+https://host/x#v1", "v2"), "v2");
  EXPECT_EQ(name_of("svn+https://host/x#12", ""), "");
  EXPECT_EQ(name_of("svn+https://host/x", "12"), "");
}

TEST_F(SealTest, TheTextIsTheDescriptor) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));

  ASSERT_OK_AND_ASSIGN(const Descriptor decoded, decode_descriptor(release.release.text));

  EXPECT_EQ(encode(decoded), encode(release.release.descriptor));
}

TEST_F(SealTest, TheManifestIsInTheStoreAndHasTheTree) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));

  const Manifest manifest = manifest_of(release);

  EXPECT_EQ(manifest.revision, "r7");
  EXPECT_EQ(unpacked(store_, manifest), listing_of(some_tree()));
  EXPECT_EQ(release.release.descriptor.files, 4U);
  EXPECT_EQ(release.release.descriptor.tree_size, 700 * kKiB + 4);
}

TEST_F(SealTest, TheManifestHasTheStatedSize) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));

  ASSERT_OK_AND_ASSIGN(const std::string bytes, store_.manifest_bytes(release.release.descriptor.manifest));

  EXPECT_EQ(bytes.size(), release.release.descriptor.manifest_size);
}

TEST_F(SealTest, TheTorrentCanBeReadAndHasTheInfoHash) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));

  ASSERT_OK_AND_ASSIGN(const TorrentContents torrent, read_torrent(release.torrent));

  EXPECT_EQ(torrent.info_hash, release.release.descriptor.info_hash);
  EXPECT_EQ(release.torrent.size(), release.release.descriptor.torrent_size);
}

TEST_F(SealTest, TheTorrentHasTheManifestAndAllPacks) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));
  const Manifest manifest = manifest_of(release);

  ASSERT_OK_AND_ASSIGN(const TorrentContents torrent, read_torrent(release.torrent));

  std::map<std::string, Bytes> expected = {{std::string(kManifestName), release.release.descriptor.manifest_size}};
  for (const PackInfo& each : manifest.packs) {
    expected[pack_name(each.root)] = each.size;
  }
  std::map<std::string, Bytes> found;
  Bytes total = 0;
  for (const TorrentFile& each : torrent.files) {
    found[each.name] = each.size;
    total += each.size;
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(total, release.release.descriptor.packed_size);
}

TEST_F(SealTest, TheSignatureIsOfTheText) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));
  ASSERT_OK_AND_ASSIGN(const VerifyKey key, VerifyKey::load(temp_ / "keys" / kPublicKeyFile));

  EXPECT_THAT(key.verify(release.release.text, release.release.signature), IsOk());
}

TEST_F(SealTest, TheSignatureIsNotOfAnotherText) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));
  ASSERT_OK_AND_ASSIGN(const VerifyKey key, VerifyKey::load(temp_ / "keys" / kPublicKeyFile));

  EXPECT_THAT(key.verify(release.release.text + " ", release.release.signature), FailsWith(ErrorCode::refused));
}

TEST_F(SealTest, ThePacksAreInTheStore) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for(some_tree())));

  const Manifest manifest = manifest_of(release);
  ASSERT_EQ(manifest.packs.size(), 1U);
  EXPECT_TRUE(store_.has_pack(manifest.packs[0].root, manifest.packs[0].size));
  EXPECT_TRUE(list_directory(store_.scratch()).value_or(std::vector<std::string>{"?"}).empty());
}

TEST_F(SealTest, NothingIsRecordedBeforeItIsPublished) {
  ASSERT_OK(sealed(input_for(some_tree())));

  EXPECT_TRUE(store_.releases().value().empty());
}

TEST_F(SealTest, APackOfTheBasisIsPartOfTheTorrent) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease first, sealed(input_for(some_tree())));

  ASSERT_OK_AND_ASSIGN(const SealedRelease second, sealed(input_for(some_tree(), manifest_of(first))));

  EXPECT_EQ(second.release.descriptor.packed_size, first.release.descriptor.packed_size);
  EXPECT_EQ(manifest_of(second).packs[0].root, manifest_of(first).packs[0].root);
}

TEST_F(SealTest, ADamagedPackOfTheBasisIsRefused) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease first, sealed(input_for(some_tree())));
  const Digest root = manifest_of(first).packs.at(0).root;
  SealInput input = input_for(some_tree(), manifest_of(first));
  ASSERT_OK(remove_tree(store_.state() / "packs" / (root.hex() + ".leaves")));
  ASSERT_OK(remove_tree(store_.pack_path(root)));
  write_file(store_.pack_path(root), "damaged");

  EXPECT_THAT(sealed(std::move(input)), FailsWith(ErrorCode::refused, root.hex()));
}

TEST_F(SealTest, AnEmptyTreeCanBeSealed) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(input_for({})));

  ASSERT_OK_AND_ASSIGN(const TorrentContents torrent, read_torrent(release.torrent));
  EXPECT_EQ(torrent.files.size(), 2U) << "the manifest, and a pack so that the torrent has a directory";
  EXPECT_EQ(release.release.descriptor.files, 0U);
}

TEST_F(SealTest, TheSameTreeGivesTheSameInfoHashUnderAnotherPosition) {
  ASSERT_OK_AND_ASSIGN(const SealedRelease first, sealed(input_for(some_tree())));
  SealInput input = input_for(some_tree());
  input.position = Position{44};
  ASSERT_OK_AND_ASSIGN(const SealedRelease second, sealed(std::move(input)));

  EXPECT_EQ(first.release.descriptor.info_hash, second.release.descriptor.info_hash);
  EXPECT_NE(first.release.text, second.release.text);
}

// Names by content.

TEST_F(SealTest, AnUnnamedRevisionIsNamedByItsContent) {
  EXPECT_THAT(revision_of(some_tree()), testing::MatchesRegex("t-[0-9a-f]{16}"));
}

TEST_F(SealTest, TheSameTreeHasTheSameName) {
  EXPECT_EQ(revision_of(some_tree()), revision_of(some_tree()));
}

TEST_F(SealTest, TheNameDoesNotDependOnTheBasis) {
  ASSERT_OK_AND_ASSIGN(const Manifest basis, pack_and_keep(store_, some_tree()));
  SealInput input = input_for(some_tree(), basis);
  input.revision = "";

  ASSERT_OK_AND_ASSIGN(const SealedRelease release, sealed(std::move(input)));

  EXPECT_EQ(release.release.descriptor.revision, revision_of(some_tree()));
}

TEST_F(SealTest, TheNameDoesNotDependOnTheOrderOfTheStream) {
  EXPECT_EQ(revision_of({file_of("a", "1"), file_of("b", "2")}), revision_of({file_of("b", "2"), file_of("a", "1")}));
}

TEST_F(SealTest, OtherContentHasAnotherName) {
  EXPECT_NE(revision_of({file_of("a", "1")}), revision_of({file_of("a", "2")}));
}

TEST_F(SealTest, AnotherPathHasAnotherName) {
  EXPECT_NE(revision_of({file_of("a", "1")}), revision_of({file_of("b", "1")}));
}

TEST_F(SealTest, AnExecutableHasAnotherName) {
  EXPECT_NE(revision_of({file_of("a", "1")}), revision_of({file_of("a", "1", true)}));
}

TEST_F(SealTest, AnotherLinkTargetHasAnotherName) {
  EXPECT_NE(revision_of({{symlink("a", "1"), ""}}), revision_of({{symlink("a", "2"), ""}}));
}

// Limits.

TEST_F(SealTest, ARevisionThatIsTooLongIsRefused) {
  SealInput input = input_for(some_tree());
  input.revision = std::string(kMaxRevision + 1, 'r');

  EXPECT_THAT(sealed(std::move(input)), FailsWith(ErrorCode::refused, "301"));
}

TEST_F(SealTest, TheLongestNamesStillFitIntoACell) {
  SealInput input = input_for(some_tree());
  input.position = Position{99'999'999'999};
  input.basis = Position{99'999'999'998};
  input.revision.clear();
  while (input.revision.size() + 2 <= kMaxRevision) {
    input.revision += "ü";  // two bytes, each escaped by three
  }
  input.source = std::string(10'000, '\xff');
  ReleaseDelta delta;
  delta.ref = {sha256("before"), sha256("file"), kMaxTorrentFile, DeltaRef::kMaxSize, kMaxZstdLevel};
  const auto key = SigningKey::load(temp_ / "keys" / kSecretKeyFile);

  ASSERT_OK_AND_ASSIGN(Draft made, draft(std::move(input), store_));
  ASSERT_OK_AND_ASSIGN(const SealedRelease release, seal(std::move(made), std::move(delta), *key));

  EXPECT_THAT(decode_descriptor(release.release.text), IsOk());
  const Endpoint longest{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535};
  EXPECT_LE(encode(StagedRelease{{kLastPosition, id_of("owner")}, release.release, longest, longest}).size(), kMaxCell);
}

}  // namespace swarmout::test
