#include "common/share/etcd/base64.hpp"

#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

TEST(Base64, IsThatOfTheStandard) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(to_base64("\xfb\xff\xbf"), "+/+/");
}

TEST(Base64, GivesBackWhatItWasGiven) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string bytes = noise(size, static_cast<std::uint32_t>(size));
    EXPECT_EQ(from_base64(to_base64(bytes)).value_or("error"), bytes) << size;
  }
}

TEST(Base64, RefusesWhatItWouldNotHaveWritten) {
  for (const char* const text : {"Z", "Zg", "Zg=", "Zm9vZg=", "=", "====", "Zg==Zg==", "Z===", "Zm=v", "Zm9v\n", "Zm9 ",
                                 "Zm9-", "Zm9_", "Zh==", "Zm9=", "\xff\xff\xff\xff"}) {
    EXPECT_THAT(from_base64(text), FailsWith(ErrorCode::refused)) << text;
  }
}

}  // namespace swarmout::test
