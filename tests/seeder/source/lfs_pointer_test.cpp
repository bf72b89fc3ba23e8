#include "seeder/source/lfs_pointer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace swarmout::test {

namespace {

const std::string kVersion = "version https://git-lfs.github.com/spec/v1\n";
const std::string kHash = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
const std::string kOid = "oid sha256:" + kHash + "\n";

}  // namespace

TEST(LfsPointerTest, APointerNamesAHashAndASize) {
  const auto pointer = parse_lfs_pointer(kVersion + kOid + "size 12345\n");

  ASSERT_TRUE(pointer);
  EXPECT_EQ(pointer->oid.hex(), kHash);
  EXPECT_EQ(pointer->size, 12345U);
}

TEST(LfsPointerTest, ItIsOneByItsOldNamesAndWithTheLineEndsOfOtherSystems) {
  for (const std::string& text :
       {"version https://hawser.github.com/spec/v1\n" + kOid + "size 1\n",
        "version http://git-media.io/v/2\n" + kOid + "size 1\n", kVersion + kOid + "size 1",
        "version https://git-lfs.github.com/spec/v1\r\noid sha256:" + kHash + "\r\nsize 1\r\n"}) {
    EXPECT_TRUE(is_lfs_pointer(text)) << text;
    EXPECT_TRUE(parse_lfs_pointer(text)) << text;
    EXPECT_TRUE(may_be_lfs_pointer(text.size())) << text;
  }
}

TEST(LfsPointerTest, WhatSaysMoreIsAPointerButNotOneToFollow) {
  for (const std::string& text :
       {kVersion + "ext-0-foo sha256:" + kHash + "\n" + kOid + "size 1\n", kVersion + kOid + "size 1\nmore 2\n",
        kVersion + "oid sha256:" + kHash.substr(1) + "\nsize 1\n", kVersion + kOid + "size -1\n",
        kVersion + kOid + "size 99999999999999999999\n", kVersion + kOid + "size 1 x\n"}) {
    EXPECT_TRUE(is_lfs_pointer(text)) << text;
    EXPECT_FALSE(parse_lfs_pointer(text)) << text;
  }
}

TEST(LfsPointerTest, OtherTextsAreNone) {
  for (const std::string& text : {std::string(), std::string("\n\n"), kVersion, kOid + kVersion + "size 1\n",
                                  kVersion + "oid sha1:" + kHash + "\nsize 1\n", "a" + kVersion + kOid + "size 1\n",
                                  "version https://git-lfs.github.com/spec/v9\n" + kOid + "size 1\n"}) {
    EXPECT_FALSE(is_lfs_pointer(text)) << text;
    EXPECT_FALSE(parse_lfs_pointer(text)) << text;
  }
}

}  // namespace swarmout::test
