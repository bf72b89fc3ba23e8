// Blobs in a real etcd: cut into parts.

#include "common/base/digest.hpp"
#include "tests/common/share/etcd/etcd_share_fixture.hpp"
#include "tests/support/bytes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EtcdShareBlobsTest : public EtcdShareFixture {};

}  // namespace

TEST_F(EtcdShareBlobsTest, ABlobIsCutIntoParts) {
  ASSERT_OK(share_.write_blob("a.torrent", noise(2 * kEtcdPart + 1)));

  EXPECT_THAT(keys_under("parts/"),
              ElementsAre("parts/a.torrent/0000", "parts/a.torrent/0001", "parts/a.torrent/0002"));
}

TEST_F(EtcdShareBlobsTest, BlobsOfAllSizesAroundThePartsAreReadBack) {
  for (const Bytes size : {Bytes{0}, Bytes{1}, kEtcdPart - 1, kEtcdPart, kEtcdPart + 1, 2 * kEtcdPart}) {
    const std::string name = std::to_string(size);
    ASSERT_OK(share_.write_blob(name, noise(size)));
    EXPECT_TRUE(other_.read_blob(name, size).value_or(std::nullopt) == noise(size)) << size;
  }
}

TEST_F(EtcdShareBlobsTest, TheLargestBlobFits) {
  const std::string bytes = noise(kMaxBlob);

  ASSERT_OK(share_.write_blob("large", bytes));

  EXPECT_TRUE(other_.read_blob("large", kMaxBlob).value_or(std::nullopt) == bytes);
  ASSERT_OK(share_.remove_blob("large"));
}

TEST_F(EtcdShareBlobsTest, ABlobThatIsThereIsNotWrittenAgain) {
  ASSERT_OK(share_.write_blob("a", "the same"));
  ASSERT_OK_AND_ASSIGN(const auto first, kv_.get(key("parts/a/0000")));

  ASSERT_OK(other_.write_blob("a", "the same"));

  ASSERT_OK_AND_ASSIGN(const auto second, kv_.get(key("parts/a/0000")));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->revision, second->revision);
}

TEST_F(EtcdShareBlobsTest, ARemovedBlobLeavesNoParts) {
  ASSERT_OK(share_.write_blob("a", noise(kEtcdPart + 1)));
  ASSERT_OK(share_.write_blob("a-other", "other"));

  ASSERT_OK(share_.remove_blob("a"));

  EXPECT_THAT(keys_under("parts/"), ElementsAre("parts/a-other/0000"));
}

TEST_F(EtcdShareBlobsTest, ABlobWithoutOneOfItsPartsIsTemporary) {
  ASSERT_OK(share_.write_blob("a", noise(kEtcdPart + 1)));
  remove_key("parts/a/0001");

  EXPECT_THAT(share_.read_blob("a", kMaxBlob), FailsWith(ErrorCode::temporary, "removed"));
}

TEST_F(EtcdShareBlobsTest, AnUnfinishedBlobIsNotThere) {
  put_key("parts/a/0000", "half");

  ASSERT_OK_AND_ASSIGN(const auto found, share_.read_blob("a", kMaxBlob));
  ASSERT_OK_AND_ASSIGN(const auto names, share_.list_blobs());

  EXPECT_EQ(found, std::nullopt);
  EXPECT_THAT(names, IsEmpty());
}

TEST_F(EtcdShareBlobsTest, ADamagedBlobIsRefused) {
  ASSERT_OK(share_.write_blob("a", "content"));
  put_key("parts/a/0000", "CONTENT");
  EXPECT_THAT(share_.read_blob("a", kMaxBlob), FailsWith(ErrorCode::refused, "damaged"));
  put_key("parts/a/0000", "more content");
  EXPECT_THAT(share_.read_blob("a", kMaxBlob), FailsWith(ErrorCode::refused, "size"));
}

TEST_F(EtcdShareBlobsTest, ABlobOfImpossibleSizeIsRefused) {
  const std::string digest = Digest{}.hex();
  for (const char* const size : {"67108865", "18446744073709551615", "-1", "x", ""}) {
    put_key("torrents/a", fmt::format("swarmout-blob 1\nsize {}\nsha256 {}\n", size, digest));
    EXPECT_THAT(share_.read_blob("a", ~Bytes{0}), FailsWith(ErrorCode::refused)) << size;
  }
}

}  // namespace swarmout::test
