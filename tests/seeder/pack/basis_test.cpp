#include "seeder/pack/basis.hpp"

#include "seeder/seal.hpp"
#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class BasisTest : public testing::Test {
protected:
  BasisTest() {
    EXPECT_THAT(make_directories(temp_ / "keys"), IsOk());
    EXPECT_THAT(make_key_pair(temp_ / "keys"), IsOk());
  }
  /// A release with one file, recorded as published; its manifest.
  Manifest record(std::uint64_t position, const std::string& content) {
    const auto key = SigningKey::load(temp_ / "keys" / kSecretKeyFile);
    SealInput input;
    input.packed = pack(store_, {file_of("file", content)}).value();
    input.position = Position{position};
    input.revision = "r" + std::to_string(position);
    const auto sealed = seal(std::move(input), store_, *key);
    EXPECT_THAT(sealed, IsOk());
    EXPECT_THAT(store_.record(sealed->release), IsOk());
    newest_ = sealed->release.descriptor;
    return decode_manifest(store_.manifest_bytes(newest_.manifest).value()).value();
  }

  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
  Descriptor newest_;
};

}  // namespace

TEST_F(BasisTest, AnEmptyStoreHasNone) {
  EXPECT_FALSE(newest_basis(store_).has_value());
}

TEST_F(BasisTest, TheOnlyReleaseIsTheBasis) {
  const Manifest manifest = record(2, "content");

  const auto basis = newest_basis(store_);

  ASSERT_TRUE(basis.has_value());
  EXPECT_EQ(basis->position.value, 2U);
  EXPECT_EQ(encode_manifest(basis->manifest), encode_manifest(manifest));
}

TEST_F(BasisTest, TheNewestReleaseIsTheBasis) {
  record(2, "old");
  record(10, "newest");
  record(4, "middle");

  const auto basis = newest_basis(store_);

  ASSERT_TRUE(basis.has_value());
  EXPECT_EQ(basis->position.value, 10U);
}

TEST_F(BasisTest, AReleaseWithoutOneOfItsPacksIsNone) {
  const Manifest manifest = record(2, "content");
  ASSERT_OK(remove_tree(store_.pack_path(manifest.packs.at(0).root)));

  EXPECT_FALSE(newest_basis(store_).has_value());
}

TEST_F(BasisTest, AReleaseWithAPackOfAnotherSizeIsNone) {
  const Manifest manifest = record(2, "content");
  std::filesystem::resize_file(store_.pack_path(manifest.packs.at(0).root), 20);

  EXPECT_FALSE(newest_basis(store_).has_value());
}

TEST_F(BasisTest, AReleaseWithoutItsManifestIsNone) {
  record(2, "content");
  ASSERT_OK(remove_tree(store_.state() / "manifests" / newest_.manifest.hex()));

  EXPECT_FALSE(newest_basis(store_).has_value());
}

TEST_F(BasisTest, AReleaseWithADamagedManifestIsNone) {
  record(2, "content");
  const Path path = store_.state() / "manifests" / newest_.manifest.hex();
  ASSERT_OK(remove_tree(path));
  write_file(path, "damaged");

  EXPECT_FALSE(newest_basis(store_).has_value());
}

TEST_F(BasisTest, ADamagedRecordIsLeftOut) {
  record(2, "content");
  write_file(store_.state() / "releases" / "00000009", "damaged");

  const auto basis = newest_basis(store_);

  ASSERT_TRUE(basis.has_value());
  EXPECT_EQ(basis->position.value, 2U);
}

TEST_F(BasisTest, AnEmptyReleaseIsABasisToo) {
  record(2, "");

  const auto basis = newest_basis(store_);

  ASSERT_TRUE(basis.has_value());
  EXPECT_TRUE(basis->manifest.refs.empty());
}

TEST_F(BasisTest, AnOlderReleaseThatIsWholeGoesBeforeANewerOneThatIsNot) {
  record(2, "old");
  const Manifest newer = record(4, "newer");
  ASSERT_OK(remove_tree(store_.pack_path(newer.packs.at(0).root)));

  const auto basis = newest_basis(store_);

  ASSERT_TRUE(basis.has_value());
  EXPECT_EQ(basis->position.value, 2U);
}

}  // namespace swarmout::test
