#include "common/release/descriptor.hpp"

#include "common/release/manifest.hpp"
#include "common/share/share.hpp"
#include "tests/common/release/sample_descriptor.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

/// The text with one line replaced, or left out where `value` is null.
std::string with_line(const std::string& key, const char* value) {
  std::string text = encode(sample_descriptor());
  const std::size_t begin = text.find('\n' + key + ' ') + 1;
  EXPECT_NE(begin, 0U) << key;
  const std::size_t end = text.find('\n', begin) + 1;
  return text.replace(begin, end - begin, value == nullptr ? "" : key + ' ' + value + '\n');
}

}  // namespace

TEST(DescriptorTest, WhatWasWrittenIsRead) {
  ASSERT_OK_AND_ASSIGN(const Descriptor read, decode_descriptor(encode(sample_descriptor())));

  EXPECT_EQ(read.position, sample_descriptor().position);
  EXPECT_EQ(read.revision, sample_descriptor().revision);
  EXPECT_EQ(read.source, sample_descriptor().source);
  EXPECT_EQ(read.created, sample_descriptor().created);
  EXPECT_EQ(read.info_hash, sample_descriptor().info_hash);
  EXPECT_EQ(read.manifest, sample_descriptor().manifest);
  EXPECT_EQ(read.manifest_size, 1001U);
  EXPECT_EQ(read.torrent_size, 1002U);
  EXPECT_EQ(read.packed_size, 1003U);
  EXPECT_EQ(read.tree_size, 1004U);
  EXPECT_EQ(read.files, 1005U);
  EXPECT_EQ(read.basis, sample_descriptor().basis);
}

TEST(DescriptorTest, WhatItWasAskedForAsIsSignedWithIt) {
  Descriptor descriptor = sample_descriptor();
  descriptor.name = "v1.2.3";
  ASSERT_OK_AND_ASSIGN(const Descriptor read, decode_descriptor(encode(descriptor)));

  EXPECT_EQ(read.name, "v1.2.3");
  EXPECT_EQ(decode_descriptor(encode(sample_descriptor())).value().name, "") << "of versions that did not say";
}

TEST(DescriptorTest, ANameThatCannotBeOneIsRefused) {
  for (const std::string& name : {std::string("a b"), std::string("refs/tags/v1"), std::string("\x1b[31m"),
                                  std::string(kMaxReleaseName + 1, 'x'), std::string("HEAD")}) {
    Descriptor descriptor = sample_descriptor();
    descriptor.name = name;
    EXPECT_THAT(decode_descriptor(encode(descriptor)), FailsWith(ErrorCode::refused, "name")) << name;
  }
}

TEST(DescriptorTest, ARefIsNamedAsPeopleTypeIt) {
  EXPECT_EQ(short_ref("refs/tags/v1.2.3"), "v1.2.3");
  EXPECT_EQ(short_ref("refs/heads/feature/one"), "feature/one");
  EXPECT_EQ(short_ref("v1.2.3"), "v1.2.3");
  for (const char* const none : {"", "HEAD", "main~1", "main^", "a b", "caf\xc3\xa9", "a%20b", "x:y"}) {
    EXPECT_EQ(short_ref(none), "") << none;
  }
}

TEST(DescriptorTest, TheDigestIsOfWhatWasSigned) {
  SignedDescriptor one;
  one.text = "text";
  SignedDescriptor other = one;
  other.signature = "another signature of the same";

  EXPECT_EQ(digest_of(one), sha256("text"));
  EXPECT_EQ(digest_of(one), digest_of(other));
}

TEST(DescriptorTest, TheSameDescriptorGivesTheSameText) {
  EXPECT_EQ(encode(sample_descriptor()), encode(sample_descriptor()));
}

TEST(DescriptorTest, LimitsForClonesAreSignedWithIt) {
  Descriptor limited = sample_descriptor();
  limited.clone_limits = {50 * kMiB, kMaxRate};

  ASSERT_OK_AND_ASSIGN(const Descriptor read, decode_descriptor(encode(limited)));

  EXPECT_EQ(read.clone_limits, limited.clone_limits);
}

TEST(DescriptorTest, WithoutLimitsForClonesItIsReadAsBeforeTheyWereInvented) {
  EXPECT_THAT(encode(sample_descriptor()), testing::Not(testing::HasSubstr("limit")));
  EXPECT_EQ(decode_descriptor(encode(sample_descriptor())).value().clone_limits, RateLimits{});
}

TEST(DescriptorTest, ALimitForClonesBeyondThisProgramIsRefused) {
  EXPECT_THAT(decode_descriptor(encode(sample_descriptor()) + "clone-upload-limit 2147483648\n"),
              FailsWith(ErrorCode::refused, "rate limit"));
}

TEST(DescriptorTest, ALimitForClonesThatIsNoNumberIsRefused) {
  EXPECT_THAT(decode_descriptor(encode(sample_descriptor()) + "clone-download-limit fast\n"),
              FailsWith(ErrorCode::refused));
}

TEST(DescriptorTest, SizesAtTheLimitsAreRead) {
  Descriptor descriptor = sample_descriptor();
  descriptor.manifest_size = kMaxManifestFile;
  descriptor.torrent_size = kMaxBlob;
  descriptor.revision = std::string(kMaxRevision, 'r');

  EXPECT_THAT(decode_descriptor(encode(descriptor)), IsOk());
}

TEST(DescriptorTest, AManifestBeyondTheLimitIsRefused) {
  Descriptor descriptor = sample_descriptor();
  descriptor.manifest_size = kMaxManifestFile + 1;

  EXPECT_THAT(decode_descriptor(encode(descriptor)), FailsWith(ErrorCode::refused, "limits"));
}

TEST(DescriptorTest, ATorrentBeyondTheLimitIsRefused) {
  Descriptor descriptor = sample_descriptor();
  descriptor.torrent_size = kMaxBlob + 1;

  EXPECT_THAT(decode_descriptor(encode(descriptor)), FailsWith(ErrorCode::refused, "limits"));
}

TEST(DescriptorTest, ARevisionBeyondTheLimitIsRefused) {
  Descriptor descriptor = sample_descriptor();
  descriptor.revision = std::string(kMaxRevision + 1, 'r');

  EXPECT_THAT(decode_descriptor(encode(descriptor)), FailsWith(ErrorCode::refused, "revision"));
}

TEST(DescriptorTest, NoRevisionIsRefused) {
  EXPECT_THAT(decode_descriptor(with_line("revision", "")), FailsWith(ErrorCode::refused, "revision"));
}

namespace {

class DescriptorLine : public testing::TestWithParam<const char*> {};
class DescriptorNumber : public testing::TestWithParam<const char*> {};
class DescriptorDigest : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(DescriptorLine, MustBeThere) {
  EXPECT_THAT(decode_descriptor(with_line(GetParam(), nullptr)), FailsWith(ErrorCode::refused, GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Keys, DescriptorLine,
                         testing::Values("position", "revision", "source", "created", "info-hash", "manifest",
                                         "manifest-size", "torrent-size", "packed-size", "tree-size", "files",
                                         "basis"));

TEST_P(DescriptorNumber, MustBeANumber) {
  EXPECT_THAT(decode_descriptor(with_line(GetParam(), "-1")), FailsWith(ErrorCode::refused, "not a number"));
}
INSTANTIATE_TEST_SUITE_P(Keys, DescriptorNumber,
                         testing::Values("position", "manifest-size", "torrent-size", "packed-size", "tree-size",
                                         "files", "basis"));

TEST_P(DescriptorDigest, MustBeADigest) {
  EXPECT_THAT(decode_descriptor(with_line(GetParam(), "1234")), FailsWith(ErrorCode::refused, "SHA-256"));
}
INSTANTIATE_TEST_SUITE_P(Keys, DescriptorDigest, testing::Values("info-hash", "manifest"));

TEST(DescriptorTest, AnotherRecordIsRefused) {
  EXPECT_THAT(decode_descriptor("swarmout-descriptor 2\n" + encode(sample_descriptor()).substr(22)),
              FailsWith(ErrorCode::refused));
}

TEST(DescriptorTest, EveryTruncationIsRefused) {
  const std::string text = encode(sample_descriptor());

  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(decode_descriptor(std::string_view(text).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

// Names.

namespace {

struct Name {
  const char* revision;
  const char* expected;
};
void PrintTo(const Name& name, std::ostream* out) {
  *out << name.expected;
}
class ReleaseName : public testing::TestWithParam<Name> {};

}  // namespace

TEST_P(ReleaseName, IsASafeFileName) {
  Descriptor descriptor = sample_descriptor();
  descriptor.revision = GetParam().revision;

  EXPECT_EQ(release_name(descriptor), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(Revisions, ReleaseName,
                         testing::Values(Name{"r1234", "00000042-r1234"},
                                         Name{"0123456789abcdef0123456789abcdef01234567",
                                              "00000042-0123456789abcdef0123"},
                                         Name{"v1.2-rc1", "00000042-v1.2-rc1"}, Name{"../../etc", "00000042-.._.._etc"},
                                         Name{"a b\nc", "00000042-a_b_c"}, Name{"\xc3\xbc", "00000042-__"}));

TEST(DescriptorTest, ALaterReleaseHasALaterName) {
  Descriptor later = sample_descriptor();
  later.position = Position{100};

  EXPECT_LT(release_name(sample_descriptor()), release_name(later));
}

TEST(DescriptorTest, TheTorrentIsNamedByItsInfoHash) {
  Descriptor release;
  release.position = Position{42};
  release.info_hash = {sha256("x")};
  EXPECT_EQ(torrent_blob(release), "00000042-" + sha256("x").hex() + ".torrent");
  EXPECT_EQ(release_of_blob(torrent_blob(release)), Position{42});
  EXPECT_EQ(release_of_blob("of another kind"), std::nullopt);
}

// What people call them.

TEST(ReleaseTitleTest, ItHasTheNameElseTheBeginningOfTheRevision) {
  const std::string revision = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d";

  EXPECT_EQ(release_title(ReleaseNames{Position{42}, revision, "v1.2.3"}), "release 42 (v1.2.3)");
  EXPECT_EQ(release_title(ReleaseNames{Position{42}, revision}), "release 42 (1a2b3c4d5e6f7a8b9c0d)");
  EXPECT_EQ(release_title(sample_descriptor()), release_title(names_of(sample_descriptor())));
}

TEST(HowCalledTest, EachWordHasItsReason) {
  const ReleaseNames release{Position{42}, "1a2b3c4d5e", "v1.2.3"};
  for (const auto& [wanted, how] :
       {std::pair("42", Called::number), std::pair("1a2b3c4d5e", Called::revision), std::pair("v1.2.3", Called::name),
        std::pair("refs/tags/v1.2.3", Called::name), std::pair("1a2b", Called::begins), std::pair("1a2", Called::no),
        std::pair("v1.2", Called::no), std::pair("042", Called::no), std::pair("", Called::no),
        std::pair("1a2b3c4d5e6f", Called::no)}) {
    EXPECT_EQ(how_called(release, wanted), how) << wanted;
  }
  EXPECT_EQ(how_called(ReleaseNames{Position{42}, "r"}, ""), Called::no) << "no name is no name";
  EXPECT_EQ(how_called(ReleaseNames{Position{42}, "r"}, "main~1"), Called::no) << "nor is an expression";
}

TEST(FindCalledTest, TheBestReasonCountsAndThenTheNewest) {
  const std::vector<ReleaseNames> all = {{Position{50}, "cccc3333", "42"},   {Position{48}, "bbbb2222", "main"},
                                         {Position{46}, "aaaa1111", "main"}, {Position{44}, "bbbb2222", ""},
                                         {Position{42}, "aaaa2222", ""},     {Position{40}, "dddd4444", "aaaa2222"}};
  const auto at = [&](std::string_view wanted) {
    const auto found = find_called(all, wanted).value();
    return found ? all[*found].position.value : 0;
  };

  EXPECT_EQ(at("42"), 42U) << "a number before the tag of a newer one";
  EXPECT_EQ(at("aaaa2222"), 42U) << "a revision before a name";
  EXPECT_EQ(at("main"), 48U);
  EXPECT_EQ(at("bbbb2222"), 48U);
  EXPECT_EQ(at("bbbb"), 48U) << "published twice, it is still one revision";
  EXPECT_EQ(at("dddd"), 40U);
  EXPECT_EQ(at("eeee"), 0U);
  EXPECT_THAT(to_string(find_called(all, "aaaa").error()),
              testing::AllOf(testing::HasSubstr("more than one revision"), testing::HasSubstr("release 46 (aaaa1111)"),
                             testing::HasSubstr("release 42 (aaaa2222)")));
}

// Records.

TEST(DescriptorTest, ARecordKeepsTextAndSignature) {
  const SignedDescriptor release{sample_descriptor(), encode(sample_descriptor()), "line 1\nline 2\n"};

  ASSERT_OK_AND_ASSIGN(const SignedDescriptor read, decode_record(encode_record(release)));

  EXPECT_EQ(read.text, release.text);
  EXPECT_EQ(read.signature, release.signature);
  EXPECT_EQ(read.descriptor.position, sample_descriptor().position);
}

TEST(DescriptorTest, ARecordWithoutAProperDescriptorIsRefused) {
  EXPECT_THAT(decode_record(encode_record({sample_descriptor(), "not a descriptor\n", "signature"})),
              FailsWith(ErrorCode::refused));
}

TEST(DescriptorTest, EveryTruncatedRecordIsRefused) {
  const std::string bytes = encode_record({sample_descriptor(), encode(sample_descriptor()), "signature"});

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(decode_record(std::string_view(bytes).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

}  // namespace swarmout::test
