#include "cli/settings/config_file.hpp"

#include "tests/cli/settings/two_verbs.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// What parse_config() says is wrong; empty for nothing.
std::string refusal(const std::string& text) {
  const auto found = parse_config(text, "conf");
  if (!found) {
    EXPECT_EQ(found.error().code, ErrorCode::usage);
  }
  return found ? "" : to_string(found.error());
}

std::string read_refusal(const Path& file) {
  const auto found = read_config(file);
  if (!found) {
    EXPECT_EQ(found.error().code, ErrorCode::usage);
  }
  return found ? "" : to_string(found.error());
}

}  // namespace

TEST(ConfigFile, AValueIsTheRestOfItsLineByteForByte) {
  for (const std::string value : {"git+https://git.example.org/a.git#release", "etcd://a:1,b:2,c:3/fleet",
                                  "tar:cd '/a b'; exec \"x\" 'y' # z", "a=b==c", "[x]", "{x}", "%41 \\n ${HOME} `x`",
                                  "\"a\" and \"b", "'", "\"", "a\tb", "\xff\xfe", "# ;", "ümlaut"}) {
    const auto found = parse_config("share=" + value + "\n", "conf");
    ASSERT_TRUE(found) << value << ": " << to_string(found.error());
    ASSERT_EQ(found->size(), 1u);
    EXPECT_EQ(found->front().value, value);
  }
}

TEST(ConfigFile, BlanksAroundKeysValuesAndSectionsAreDropped) {
  const auto found = parse_config("  share = \t/mnt/x y \n[ seed ]\n\tkeep =3", "conf");
  ASSERT_TRUE(found) << to_string(found.error());
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ(found->at(0).value, "/mnt/x y");
  EXPECT_EQ(found->at(1).section, "seed");
  EXPECT_EQ(found->at(2).key, "keep");
  EXPECT_EQ(found->at(2).value, "3") << "without a newline at the end";
  EXPECT_EQ(found->at(2).line, 3u);
}

TEST(ConfigFile, CommentsAreWholeLines) {
  const auto found = parse_config("# one\n  ; two\n\n \nshare=/x\n#share=/y\n", "conf");
  ASSERT_TRUE(found) << to_string(found.error());
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().line, 5u);
}

TEST(ConfigFile, ALineThatIsNoSettingIsRefusedWithItsNumber) {
  EXPECT_THAT(refusal("a=1\nshare\n"), AllOf(HasSubstr("conf:2:"), HasSubstr("has no =")));
  EXPECT_THAT(refusal("=x\n"), HasSubstr("conf:1:"));
  EXPECT_THAT(refusal("--share=x\nshare x=1\n"), HasSubstr("conf:2: \"share x\" is no name"));
  EXPECT_THAT(refusal("[seed\n"), HasSubstr("conf:1:"));
  EXPECT_THAT(refusal("[seed] # cron\n"), HasSubstr("conf:1:"));
  EXPECT_THAT(refusal("[]\n"), HasSubstr("conf:1:"));
}

TEST(ConfigFile, AKeyThatStandsTwiceInASectionIsRefused) {
  EXPECT_THAT(refusal("share=a\n[seed]\nshare=b\n"), "") << "the section overrides";
  EXPECT_THAT(refusal("share=a\n\nshare=a\n"), AllOf(HasSubstr("conf:3:"), HasSubstr("line 1")));
  EXPECT_THAT(refusal("[seed]\nkeep=1\n[peer]\nkeep=1\n[seed]\nkeep=2\n"), HasSubstr("conf:6:"));
}

TEST(ConfigFile, AValueInQuotesIsRefusedSinceOlderFilesHadThem) {
  EXPECT_THAT(refusal("share=\"/mnt/x\"\n"), AllOf(HasSubstr("conf:1:"), HasSubstr("write it without quotes")));
  EXPECT_THAT(refusal("share='/mnt/x'\n"), HasSubstr("write it without quotes"));
  EXPECT_THAT(refusal("share=\"\"\n"), HasSubstr("write it without quotes"));
}

TEST(ConfigFile, ControlCharactersAreRefusedAndNotShown) {
  using namespace std::string_literals;
  for (const char c : "\x01\x1b\x7f\v\0"s) {
    const std::string said = refusal("keep=1\nshare=a"s + c + "b\n");
    EXPECT_THAT(said, AllOf(HasSubstr("conf:2:"), HasSubstr("control character")));
    EXPECT_EQ(said.find(c), std::string::npos);
  }
  EXPECT_THAT(refusal("share=a\r\n"), HasSubstr("Unix line ends"));
  EXPECT_THAT(refusal("\xef\xbb\xbfshare=a\n"), HasSubstr("byte order mark"));
  EXPECT_THAT(refusal("# \x1b]0;x\n"), HasSubstr("conf:1:")) << "in a comment, too";
}

TEST(ConfigFile, WhatIsNoRegularFileIsRefusedAndAFifoIsNotWaitedFor) {
  TempDir temp;
  EXPECT_THAT(read_refusal(temp.path()), HasSubstr("no regular file"));
  ASSERT_EQ(::mkfifo((temp / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(read_refusal(temp / "fifo"), HasSubstr("no regular file"));
  EXPECT_THAT(read_refusal("/dev/null"), HasSubstr("no regular file"));
}

TEST(ConfigFile, AFileThatIsTooLargeOrCannotBeReadIsRefused) {
  TempDir temp;
  write_file(temp / "exact", std::string(kMaxConfig, '\n'));
  EXPECT_EQ(read_refusal(temp / "exact"), "");
  write_file(temp / "large", std::string(kMaxConfig + 1, '\n'));
  EXPECT_THAT(read_refusal(temp / "large"), HasSubstr("larger than"));
  EXPECT_THAT(read_refusal(temp / "large" / "below"), HasSubstr("Not a directory"));
  std::filesystem::create_symlink("loop", temp / "loop");
  EXPECT_THAT(read_refusal(temp / "loop"), HasSubstr("cannot read"));
}

TEST(ConfigFile, AFileThatIsNotThereIsNothing) {
  TempDir temp;
  const auto found = read_config(temp / "none");
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_FALSE(found->has_value());
}

}  // namespace swarmout::test
