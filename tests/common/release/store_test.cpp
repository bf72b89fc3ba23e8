#include "common/release/store.hpp"

#include "common/base/host.hpp"
#include "tests/common/release/torrents.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

class StoreTest : public testing::Test {
protected:
  /// A pack with this content in one frame, not in the store yet.
  PackFile packed(const std::string& content) {
    auto writer = PackWriter::create(store_.scratch() / (random_nonce_hex() + ".new"));
    EXPECT_THAT(writer, IsOk());
    EXPECT_THAT(writer->append(ZstdCompressor().compress(as_bytes(content))), IsOk());
    auto file = writer->finish();
    EXPECT_THAT(file, IsOk());
    return std::move(file).value_or(PackFile{});
  }
  PackFile added(const std::string& content) {
    PackFile pack = packed(content);
    EXPECT_THAT(store_.add_pack(pack), IsOk());
    return pack;
  }
  /// A manifest that names these packs, in the store, and a record of the release.
  Digest recorded(std::uint64_t position, const std::vector<PackFile>& packs) {
    Manifest manifest;
    manifest.revision = "r" + std::to_string(position);
    for (const PackFile& each : packs) {
      const auto number = static_cast<std::uint32_t>(manifest.frames.size());
      manifest.chunks.push_back({sha256("chunk"), 10});
      manifest.frames.push_back({static_cast<std::uint32_t>(each.size - kPackHeader), 10, number, 1});
      manifest.packs.push_back({each.root, each.size, number, 1});
    }
    const std::string bytes = encode_manifest(manifest);
    EXPECT_THAT(store_.put_manifest(bytes), IsOk());
    SignedDescriptor release;
    release.descriptor.position = Position{position};
    release.descriptor.revision = manifest.revision;
    release.descriptor.manifest = sha256(bytes);
    release.text = encode(release.descriptor);
    release.signature = "signature";
    EXPECT_THAT(store_.record(release), IsOk());
    return sha256(bytes);
  }
  std::vector<std::uint64_t> positions() const {
    std::vector<std::uint64_t> found;
    for (const SignedDescriptor& each : store_.releases().value_or(std::vector<SignedDescriptor>())) {
      found.push_back(each.descriptor.position.value);
    }
    return found;
  }
  std::vector<std::string> names_in(const Path& folder) const {
    return list_directory(folder).value_or(std::vector<std::string>{"error"});
  }
  Path leaves_file(const Digest& root) const { return store_.state() / "packs" / (root.hex() + ".leaves"); }
  void damage(const Path& file) {
    std::string bytes = read_file(file, kGiB).value_or("");
    ASSERT_FALSE(bytes.empty()) << file;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    ASSERT_OK(remove_tree(file));
    write_file(file, bytes);
  }
  static ino_t inode_of(const Path& file) {
    struct stat info {};
    EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
    return info.st_ino;
  }

  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
};

}  // namespace

TEST_F(StoreTest, OpeningItAgainFindsWhatWasThere) {
  const PackFile pack = added("content");

  ASSERT_OK_AND_ASSIGN(const Store again, Store::open(temp_ / "state"));

  EXPECT_TRUE(again.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, ItCannotBeWhereAFileIs) {
  write_file(temp_ / "file", "");

  EXPECT_FALSE(Store::open(temp_ / "file").has_value());
}

// Packs.

TEST_F(StoreTest, AnAddedPackIsThere) {
  const PackFile pack = added(noise(100'000));

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
  EXPECT_EQ(hash_leaves(store_.pack_path(pack.root)).value_or(LeafHashes{}), pack.leaves);
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
}

TEST_F(StoreTest, APackOfAnotherSizeIsNotThere) {
  const PackFile pack = added("content");

  EXPECT_FALSE(store_.has_pack(pack.root, pack.size + 1));
  EXPECT_FALSE(store_.has_pack(sha256("other"), pack.size));
}

TEST_F(StoreTest, AddingAPackAgainLeavesOne) {
  const PackFile pack = added("content");
  added("content");

  EXPECT_THAT(names_in(store_.state() / "packs"), testing::SizeIs(2)) << "the pack and its leaves";
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, AnArrivedPackIsAdoptedAndStaysWhereItIs) {
  const PackFile pack = packed(noise(100'000));
  const Path arrived = temp_ / "arrived";
  std::filesystem::rename(pack.path, arrived);

  ASSERT_OK(store_.adopt_pack(arrived, pack.root));

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
  EXPECT_EQ(inode_of(store_.pack_path(pack.root)), inode_of(arrived)) << "a link, not a copy";
  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
}

TEST_F(StoreTest, AnAdoptedPackIsReadOnly) {
  const PackFile pack = packed("content");
  ASSERT_EQ(::chmod(pack.path.c_str(), 0644), 0);

  ASSERT_OK(store_.adopt_pack(pack.path, pack.root));

  struct stat info {};
  ASSERT_EQ(::stat(store_.pack_path(pack.root).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0222, 0U);
}

TEST_F(StoreTest, ADamagedPackIsNotAdopted) {
  const PackFile pack = packed(noise(100'000));
  damage(pack.path);

  EXPECT_THAT(store_.adopt_pack(pack.path, pack.root), FailsWith(ErrorCode::refused, "damaged"));
  EXPECT_FALSE(store_.has_pack(pack.root, pack.size));
}

TEST_F(StoreTest, AMissingPackIsNotAdopted) {
  EXPECT_THAT(store_.adopt_pack(temp_ / "none", sha256("x")), FailsWith(ErrorCode::not_found));
}

TEST_F(StoreTest, AdoptingAPackMendsADamagedOne) {
  const PackFile pack = added(noise(100'000));
  std::filesystem::copy_file(store_.pack_path(pack.root), temp_ / "whole");
  damage(store_.pack_path(pack.root));

  ASSERT_OK(store_.adopt_pack(temp_ / "whole", pack.root));

  EXPECT_EQ(hash_leaves(store_.pack_path(pack.root)).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, AdoptingAPackThatCameFromTheStoreLeavesNothingBehind) {
  const PackFile pack = added("content");
  std::filesystem::create_hard_link(store_.pack_path(pack.root), temp_ / "laid out");

  ASSERT_OK(store_.adopt_pack(temp_ / "laid out", pack.root));

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size));
  EXPECT_THAT(names_in(store_.scratch()), testing::IsEmpty());
}

// Leaves.

TEST_F(StoreTest, LeavesAreRemembered) {
  const PackFile pack = added(noise(100'000));
  ASSERT_OK(remove_tree(store_.pack_path(pack.root)));

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves) << "without looking at the pack";
}

TEST_F(StoreTest, MissingLeavesAreComputed) {
  const PackFile pack = added(noise(100'000));
  ASSERT_OK(remove_tree(leaves_file(pack.root)));

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, DamagedLeavesAreComputedAgain) {
  const PackFile pack = added(noise(100'000));
  damage(leaves_file(pack.root));

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, TruncatedLeavesAreComputedAgain) {
  const PackFile pack = added(noise(100'000));
  ASSERT_EQ(::truncate(leaves_file(pack.root).c_str(), 40), 0);

  EXPECT_EQ(store_.leaves_of(pack.root).value_or(LeafHashes{}), pack.leaves);
}

TEST_F(StoreTest, LeavesOfADamagedPackAreRefused) {
  const PackFile pack = added(noise(100'000));
  ASSERT_OK(remove_tree(leaves_file(pack.root)));
  damage(store_.pack_path(pack.root));

  EXPECT_THAT(store_.leaves_of(pack.root), FailsWith(ErrorCode::refused, "damaged"));
}

TEST_F(StoreTest, LeavesOfAPackThatIsNotThereAreNotFound) {
  EXPECT_THAT(store_.leaves_of(sha256("x")), FailsWith(ErrorCode::not_found));
}

// Manifests.

TEST_F(StoreTest, AManifestIsFoundByItsDigest) {
  ASSERT_OK(store_.put_manifest("bytes"));

  EXPECT_EQ(store_.manifest_bytes(sha256("bytes")).value_or("error"), "bytes");
}

TEST_F(StoreTest, AMissingManifestIsNotFound) {
  EXPECT_THAT(store_.manifest_bytes(sha256("bytes")), FailsWith(ErrorCode::not_found));
}

TEST_F(StoreTest, ADamagedManifestIsRefused) {
  ASSERT_OK(store_.put_manifest("bytes"));
  damage(store_.state() / "manifests" / sha256("bytes").hex());

  EXPECT_THAT(store_.manifest_bytes(sha256("bytes")), FailsWith(ErrorCode::refused, "damaged"));
}

// Records.

TEST_F(StoreTest, ReleasesAreNewestFirst) {
  for (const std::uint64_t position : {9U, 10U, 2U, 100U}) {
    recorded(position, {});
  }

  EXPECT_THAT(positions(), testing::ElementsAre(100, 10, 9, 2));
}

TEST_F(StoreTest, ARecordKeepsTextAndSignature) {
  recorded(7, {});

  ASSERT_OK_AND_ASSIGN(const auto releases, store_.releases());

  ASSERT_EQ(releases.size(), 1U);
  EXPECT_EQ(releases[0].text, encode(releases[0].descriptor));
  EXPECT_EQ(releases[0].signature, "signature");
}

TEST_F(StoreTest, DamagedRecordsAreLeftOut) {
  recorded(7, {});
  write_file(store_.state() / "releases" / "00000008", "damaged");
  write_file(store_.state() / "releases" / "00000009", "");
  write_file(store_.state() / "releases" / "00000010", std::string(kMiB, 'x'));
  ASSERT_OK(make_directories(store_.state() / "releases" / "00000011"));

  EXPECT_THAT(positions(), testing::ElementsAre(7));
}

// Tidying up.

TEST_F(StoreTest, PruningKeepsWhatTheNewestReleasesName) {
  const PackFile old = added("old");
  const PackFile shared = added("shared");
  const PackFile recent = added("recent");
  const Digest old_manifest = recorded(2, {old, shared});
  const Digest recent_manifest = recorded(4, {shared, recent});

  ASSERT_OK(store_.prune(1));

  EXPECT_THAT(positions(), testing::ElementsAre(4));
  EXPECT_FALSE(store_.has_pack(old.root, old.size));
  EXPECT_FALSE(path_exists(leaves_file(old.root)));
  EXPECT_TRUE(store_.has_pack(shared.root, shared.size));
  EXPECT_TRUE(path_exists(leaves_file(shared.root)));
  EXPECT_TRUE(store_.has_pack(recent.root, recent.size));
  EXPECT_THAT(store_.manifest_bytes(old_manifest), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(store_.manifest_bytes(recent_manifest), IsOk());
}

TEST_F(StoreTest, PruningRemovesPacksThatNobodyNames) {
  const PackFile stray = added("stray");
  recorded(2, {added("named")});

  ASSERT_OK(store_.prune(3));

  EXPECT_FALSE(store_.has_pack(stray.root, stray.size));
  EXPECT_THAT(names_in(store_.state() / "packs"), testing::SizeIs(2));
}

TEST_F(StoreTest, PruningWaitsForWhoIsStillAddingPacks) {
  const PackFile stray = added("stray");
  {
    ASSERT_OK_AND_ASSIGN(const Fd writer, store_.lock_for_writing());
    ASSERT_OK(store_.prune(3));
    EXPECT_TRUE(store_.has_pack(stray.root, stray.size));
  }

  ASSERT_OK(store_.prune(3));

  EXPECT_FALSE(store_.has_pack(stray.root, stray.size));
}

TEST_F(StoreTest, TwoMayAddPacksAtOnce) {
  ASSERT_OK_AND_ASSIGN(const Fd first, store_.lock_for_writing());

  EXPECT_THAT(store_.lock_for_writing(), IsOk());
}

TEST_F(StoreTest, PruningRemovesNothingIfAKeptManifestIsMissing) {
  const PackFile pack = added("content");
  const Digest manifest = recorded(2, {pack});
  ASSERT_OK(remove_tree(store_.state() / "manifests" / manifest.hex()));

  EXPECT_FALSE(store_.prune(3).has_value());

  EXPECT_TRUE(store_.has_pack(pack.root, pack.size)) << "it may be the one that is active";
}

TEST_F(StoreTest, PruningAnEmptyStoreIsFine) {
  EXPECT_THAT(store_.prune(3), IsOk());
}

}  // namespace swarmout::test
