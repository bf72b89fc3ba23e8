#include "common/archive/tar_header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

TEST(TarHeader, SaysItsSizeAlsoOfWhatIsLargerThanOctalDigitsCanSay) {
  for (const Bytes size :
       {Bytes{0}, Bytes{1}, Bytes{511}, 64 * kMiB, 8 * kGiB - 1, 8 * kGiB, 1024 * kGiB, Bytes{0x7fffffffffffffff}}) {
    EXPECT_EQ(size_in_header(tar_header("name", size), "name"), size);
  }
}

TEST(TarHeader, IsOfOneNameOnly) {
  const TarHeader header = tar_header("name", 5);
  EXPECT_EQ(name_in_header(header), "name");
  EXPECT_EQ(size_in_header(header, "nam"), std::nullopt);
  EXPECT_EQ(size_in_header(header, "name2"), std::nullopt);
  EXPECT_EQ(name_in_header(tar_header(std::string(100, 'n'), 5)), std::string(100, 'n'));
}

TEST(TarHeader, IsNoneIfAnyOfItsBitsIsAnother) {
  for (const Bytes size : {Bytes{12345}, 9 * kGiB}) {
    const TarHeader good = tar_header("name", size);
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        TarHeader damaged = good;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        EXPECT_EQ(size_in_header(damaged, "name"), std::nullopt) << at;
      }
    }
  }
}

TEST(TarHeader, FillsBlocks) {
  EXPECT_EQ(tar_padding(0), 0u);
  EXPECT_EQ(tar_padding(1), 511u);
  EXPECT_EQ(tar_padding(512), 0u);
  EXPECT_EQ(tar_padding(513), 511u);
}

}  // namespace swarmout::test
