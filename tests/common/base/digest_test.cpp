#include "common/base/digest.hpp"

#include "common/base/host.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

#include <set>
#include <thread>
#include <unordered_set>

namespace swarmout::test {

namespace {

constexpr const char* kOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

class NotHex : public testing::TestWithParam<std::string> {};

}  // namespace

TEST(DigestTest, ItIsSha256) {
  EXPECT_EQ(sha256("").hex(), kOfNothing);
  EXPECT_EQ(sha256("abc").hex(), kOfAbc);
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(DigestTest, HowTheStreamIsCutDoesNotMatter) {
  const std::string content = noise(10'000);
  Sha256 stream;
  for (std::size_t i = 0; i < content.size(); i += 777) {
    stream.update(as_bytes(std::string_view(content).substr(i, 777)));
  }

  EXPECT_EQ(stream.finish(), sha256(content));
}

TEST(DigestTest, AStreamIsEmptyAfterFinish) {
  Sha256 stream;
  stream.update(as_bytes("first"));
  (void)stream.finish();
  stream.update(as_bytes("abc"));

  EXPECT_EQ(stream.finish().hex(), kOfAbc);
  EXPECT_EQ(stream.finish().hex(), kOfNothing);
}

TEST(DigestTest, AMovedStreamGoesOn) {
  Sha256 stream;
  stream.update(as_bytes("ab"));
  Sha256 other = std::move(stream);
  other.update(as_bytes("c"));

  EXPECT_EQ(other.finish().hex(), kOfAbc);
}

TEST(DigestTest, ThreadsDoNotDisturbEachOther) {
  std::vector<std::jthread> threads;
  for (std::uint32_t i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      const Digest expected = sha256(noise(1000, i));
      for (int turn = 0; turn < 1000; ++turn) {
        EXPECT_EQ(sha256(noise(1000, i)), expected);
      }
    });
  }
}

TEST(DigestTest, HexIsReadBack) {
  EXPECT_EQ(Digest::from_hex(kOfAbc).value_or(Digest{}), sha256("abc"));
}

TEST(DigestTest, BytesAreReadBack) {
  EXPECT_EQ(Digest::from_bytes(sha256("abc").view()).value_or(Digest{}), sha256("abc"));
}

TEST_P(NotHex, IsRefused) {
  EXPECT_THAT(Digest::from_hex(GetParam()), FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(Length, NotHex, testing::Values("", std::string(63, 'a'), std::string(65, 'a')));
INSTANTIATE_TEST_SUITE_P(Digits, NotHex,
                         testing::Values(std::string(64, 'A'), std::string(64, 'g'), std::string(63, 'a') + " ",
                                         std::string(63, 'a') + "\n", std::string(64, '\0'),
                                         "0x" + std::string(62, 'a')));

TEST(DigestTest, BytesOfAnotherLengthAreRefused) {
  EXPECT_THAT(Digest::from_bytes(as_bytes(std::string(31, 'x'))), FailsWith(ErrorCode::refused));
  EXPECT_THAT(Digest::from_bytes(as_bytes(std::string(33, 'x'))), FailsWith(ErrorCode::refused));
  EXPECT_THAT(Digest::from_bytes({}), FailsWith(ErrorCode::refused));
}

TEST(DigestTest, OrderIsThatOfTheBytes) {
  const Digest low = Digest::from_hex("7f" + std::string(62, '0')).value();
  const Digest high = Digest::from_hex("80" + std::string(62, '0')).value();

  EXPECT_LT(low, high);
  EXPECT_LT(low.hex(), high.hex());
}

TEST(DigestTest, ItCanBeAKey) {
  std::unordered_set<Digest> set;
  for (int i = 0; i < 1000; ++i) {
    set.insert(sha256(std::to_string(i)));
    set.insert(sha256(std::to_string(i)));
  }

  EXPECT_EQ(set.size(), 1000U);
}

TEST(DigestTest, HexOfAnyBytes) {
  EXPECT_EQ(to_hex(as_bytes(std::string("\x00\x0f\xf0\xff", 4))), "000ff0ff");
  EXPECT_EQ(to_hex({}), "");
}

TEST(DigestTest, NoncesAreNew) {
  std::set<std::string> nonces;
  for (int i = 0; i < 100; ++i) {
    const std::string nonce = random_nonce_hex();
    EXPECT_THAT(nonce, testing::MatchesRegex("[0-9a-f]{32}"));
    nonces.insert(nonce);
  }

  EXPECT_EQ(nonces.size(), 100U);
}

}  // namespace swarmout::test
