// What a descriptor says of a delta, if there is one.

#include "tests/common/release/sample_descriptor.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace swarmout::test {

namespace {

Descriptor with_delta(Bytes size = 612) {
  Descriptor descriptor = sample_descriptor();
  descriptor.delta = {sha256("before"), sha256("file"), size, size, 3};
  return descriptor;
}
Result<Descriptor> read_with(const std::function<void(DeltaRef&)>& spoil) {
  Descriptor descriptor = with_delta();
  spoil(*descriptor.delta);
  return decode_descriptor(encode(descriptor));
}

}  // namespace

TEST(DescriptorTest, ADeltaIsSignedWithTheRest) {
  for (const Bytes size : {Bytes{0}, DeltaRef::kSmallDelta}) {
    ASSERT_OK_AND_ASSIGN(const Descriptor read, decode_descriptor(encode(with_delta(size))));
    EXPECT_EQ(read.delta, with_delta(size).delta);
    EXPECT_FALSE(read.delta->in_swarm());
  }
  EXPECT_EQ(decode_descriptor(encode(sample_descriptor())).value().delta, std::nullopt);
}

TEST(DescriptorTest, OfALargeDeltaThereIsATorrent) {
  ASSERT_OK_AND_ASSIGN(const Descriptor read, read_with([](DeltaRef& delta) {
                         delta.size = DeltaRef::kSmallDelta + 1;
                         delta.file_size = 900;
                         delta.level = 22;
                       }));

  EXPECT_TRUE(read.delta->in_swarm());
  EXPECT_EQ(read.delta->file_size, 900U);
  EXPECT_EQ(read.delta->level, 22);
}

TEST(DescriptorTest, ADeltaBeyondTheLimitsIsRefused) {
  EXPECT_THAT(read_with([](DeltaRef& delta) { delta.file_size += 1; }), FailsWith(ErrorCode::refused, "delta"));
  EXPECT_THAT(read_with([](DeltaRef& delta) { delta.size = DeltaRef::kMaxSize + 1; }),
              FailsWith(ErrorCode::refused, "delta"));
  EXPECT_THAT(read_with([](DeltaRef& delta) {
                delta.size = DeltaRef::kMaxSize;
                delta.file_size = kMaxTorrentFile + 1;
              }),
              FailsWith(ErrorCode::refused, "delta"));
  EXPECT_THAT(read_with([](DeltaRef& delta) { delta.level = 23; }), FailsWith(ErrorCode::refused, "delta"));
}

TEST(DescriptorTest, OfADeltaAllLinesMustBeThere) {
  const std::string text = encode(with_delta());
  for (const char* key : {"delta-file", "delta-file-size", "delta-size", "delta-level"}) {
    const std::size_t begin = text.find(std::string("\n") + key + ' ') + 1;
    ASSERT_NE(begin, 0U) << key;
    std::string without = text;
    without.erase(begin, text.find('\n', begin) + 1 - begin);
    EXPECT_THAT(decode_descriptor(without), FailsWith(ErrorCode::refused, key));
  }
}

TEST(DescriptorTest, TheDeltaFileIsNamedByWhatIsInIt) {
  const Descriptor release = with_delta();
  EXPECT_EQ(delta_blob(release), "00000042-" + sha256("file").hex() + ".delta");
  EXPECT_EQ(release_of_blob(delta_blob(release)), Position{42});
}

}  // namespace swarmout::test
