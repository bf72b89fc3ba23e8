#include "common/release/signing.hpp"
#include "common/release/signing_source.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

using testing::HasSubstr;

constexpr const char* kRecord = "swarmout-record 1\nname value\n";

/// A keys directory, and pairs that were made elsewhere.
class TrustedKeysTest : public testing::Test {
protected:
  TrustedKeysTest() { EXPECT_THAT(make_directories(keys_), IsOk()); }

  SigningKey pair(const std::string& name) const {
    if (!path_exists(temp_ / name)) {
      EXPECT_THAT(make_key_pair(temp_ / name), IsOk());
    }
    return SigningKey::load(temp_ / name / kSecretKeyFile).value();
  }
  SigningKey trust(const std::string& name) const {
    SigningKey key = pair(name);
    write_file(keys_ / (name + ".pub"), key.verify_key().file_text());
    return key;
  }
  TrustedKeys trusted() const { return TrustedKeys::load(keys_).value(); }
  std::string id(const std::string& name) const { return pair(name).verify_key().id(); }

  TempDir temp_;
  Path keys_ = temp_ / "keys";
};

}  // namespace

TEST_F(TrustedKeysTest, EachOfSeveralMayHaveSigned) {
  const SigningKey one = trust("one");
  const SigningKey two = trust("two");

  for (const SigningKey* const key : {&one, &two}) {
    EXPECT_THAT(trusted().verify(kRecord, key->sign(kRecord, "").value()), IsOk());
    EXPECT_THAT(trusted().verify_line(kRecord, key->sign_line(kRecord).value()), IsOk());
  }
  EXPECT_TRUE(trusted().has(id("one")));
  EXPECT_EQ(trusted().names(), fmt::format("keys {} and {}", id("one"), id("two")));
}

TEST_F(TrustedKeysTest, WhatAStrangerSignedIsRefusedWithItsNameAndOurs) {
  trust("one");
  trust("two");
  const SigningKey stranger = pair("stranger");

  for (const auto& verified : {trusted().verify(kRecord, stranger.sign(kRecord, "").value()),
                               trusted().verify_line(kRecord, stranger.sign_line(kRecord).value())}) {
    for (const std::string name : {"one", "two", "stranger"}) {
      EXPECT_THAT(verified, FailsWith(ErrorCode::refused, id(name))) << name;
    }
    EXPECT_THAT(verified.error().hint, HasSubstr(keys_.native()));
  }
}

TEST_F(TrustedKeysTest, ALineIsTheKeysIdAndASignatureInBase64) {
  EXPECT_THAT(trust("one").sign_line(kRecord).value(), testing::MatchesRegex(id("one") + " [A-Za-z0-9+/]{86}=="));
}

TEST_F(TrustedKeysTest, ALineOfAnotherTextIsRefused) {
  const SigningKey key = trust("one");

  EXPECT_THAT(trusted().verify_line("swarmout-record 1\nname other\n", key.sign_line(kRecord).value()),
              FailsWith(ErrorCode::refused, "does not match"));
}

TEST_F(TrustedKeysTest, ALineOfAStrangerUnderOurNameIsRefused) {
  trust("one");
  const std::string line = pair("stranger").sign_line(kRecord).value();

  EXPECT_THAT(trusted().verify_line(kRecord, id("one") + line.substr(16)),
              FailsWith(ErrorCode::refused, "does not match"));
}

TEST_F(TrustedKeysTest, EveryChangedOrShortenedLineIsRefused) {
  const std::string line = trust("one").sign_line(kRecord).value();

  for (std::size_t at = 0; at < line.size(); ++at) {
    EXPECT_THAT(trusted().verify_line(kRecord, line.substr(0, at)), FailsWith(ErrorCode::refused)) << at;
    std::string changed = line;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_THAT(trusted().verify_line(kRecord, changed), FailsWith(ErrorCode::refused)) << changed;
  }
  for (const std::string& longer : {line + "\n", line + "=", line + " ", " " + line, line + line}) {
    EXPECT_THAT(trusted().verify_line(kRecord, longer), FailsWith(ErrorCode::refused)) << longer;
  }
}

TEST_F(TrustedKeysTest, ASignatureOfOneFormIsNoneOfTheOther) {
  const SigningKey key = trust("one");

  EXPECT_THAT(trusted().verify(kRecord, key.sign_line(kRecord).value()), FailsWith(ErrorCode::refused));
  EXPECT_THAT(trusted().verify_line(kRecord, key.sign(kRecord, "").value()), FailsWith(ErrorCode::refused));
}

TEST_F(TrustedKeysTest, BothFormsSayWhoSigned) {
  const SigningKey key = pair("one");

  EXPECT_EQ(signed_with(key.sign(kRecord, "").value()), id("one"));
  EXPECT_EQ(signed_with(key.sign_line(kRecord).value()), id("one"));
  EXPECT_EQ(signed_with("garbage"), "");
  EXPECT_EQ(signed_with(""), "");
}

// Directories.

TEST_F(TrustedKeysTest, ADirectoryWithoutAPublicKeyIsNotFound) {
  EXPECT_THAT(TrustedKeys::load(keys_), FailsWith(ErrorCode::not_found, keys_.native()));
  EXPECT_THAT(TrustedKeys::load(temp_ / "none"), FailsWith(ErrorCode::not_found));
}

TEST_F(TrustedKeysTest, ABrokenFileIsAnErrorThatNamesIt) {
  trust("one");
  write_file(keys_ / "broken.pub", "untrusted comment: x\nRWQ=\n");

  EXPECT_THAT(TrustedKeys::load(keys_), FailsWith(ErrorCode::refused, (keys_ / "broken.pub").native()));
}

TEST_F(TrustedKeysTest, FilesThatAreBeingWrittenAndOthersAreNotLookedAt) {
  trust("one");
  write_file(keys_ / ".one.pub", "half");
  write_file(keys_ / "notes.txt", "not a key");

  EXPECT_EQ(trusted().entries().size(), 1U);
}

TEST_F(TrustedKeysTest, MoreThanSixteenAreRefused) {
  for (std::size_t i = 0; i <= kMaxTrustedKeys; ++i) {
    trust(fmt::format("key{:02}", i));
    if (i + 1 == kMaxTrustedKeys) {
      EXPECT_EQ(trusted().entries().size(), kMaxTrustedKeys);
    }
  }

  EXPECT_THAT(TrustedKeys::load(keys_), FailsWith(ErrorCode::refused, "more than 16"));
}

TEST_F(TrustedKeysTest, TheSameKeyUnderTwoNamesCountsOnce) {
  const SigningKey key = trust("one");
  write_file(keys_ / "again.pub", key.verify_key().file_text());

  EXPECT_EQ(trusted().entries().size(), 1U);
}

TEST_F(TrustedKeysTest, TwoKeysWithOneIdAreRefused) {
  trust("one");
  std::string text = pair("two").verify_key().file_text();
  const std::string one = pair("one").verify_key().file_text();
  const auto line = [](const std::string& file) { return file.find('\n') + 1; };
  text.replace(line(text), 14, one, line(one), 14);  // ten bytes, the algorithm and the id, and four bits more
  write_file(keys_ / "two.pub", text);

  EXPECT_THAT(TrustedKeys::load(keys_), FailsWith(ErrorCode::refused, "two keys"));
}

TEST_F(TrustedKeysTest, ATruncatedKeyFileIsRefusedAtEveryLength) {
  const std::string whole = pair("one").verify_key().file_text();

  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {  // the last newline may be missing
    write_file(keys_ / "one.pub", whole.substr(0, size));
    EXPECT_THAT(TrustedKeys::load(keys_), FailsWith(ErrorCode::refused)) << size;
  }
}

// Who may lead.

TEST_F(TrustedKeysTest, AHostSignsWithItsSecretKeyIfThatIsTrusted) {
  trust("two");
  const SigningKey one = trust("one");
  ASSERT_OK(replace_file(keys_ / kSecretKeyFile, as_bytes(read_file(temp_ / "one/swarmout.key", kKiB).value()), 0600));

  ASSERT_OK_AND_ASSIGN(const LeaderKeys keys, load_leader_keys({keys_}));

  EXPECT_EQ(keys.signer->verify_key().id(), id("one"));
  EXPECT_THAT(keys.trusted.verify_line(kRecord, keys.signer->sign_line(kRecord).value()), IsOk());
  EXPECT_TRUE(keys.trusted.has(id("two")));
}

TEST_F(TrustedKeysTest, ASecretKeyThatNobodyTrustsMayNotSign) {
  trust("two");
  pair("one");
  ASSERT_OK(replace_file(keys_ / kSecretKeyFile, as_bytes(read_file(temp_ / "one/swarmout.key", kKiB).value()), 0600));

  const auto keys = load_leader_keys({keys_});

  EXPECT_THAT(keys, FailsWith(ErrorCode::refused, id("one")));
  EXPECT_THAT(keys, FailsWith(ErrorCode::refused, id("two")));
}

TEST_F(TrustedKeysTest, AHostWithoutASecretKeyMayNotLead) {
  trust("one");

  EXPECT_THAT(load_leader_keys({keys_}), FailsWith(ErrorCode::usage, "may not lead"));
}

}  // namespace swarmout::test
