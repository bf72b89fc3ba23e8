#include "common/release/signing.hpp"

#include "common/release/signing_pair.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <sodium.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

std::string raw_of(const std::string& base64) {
  std::string raw(base64.size(), '\0');
  std::size_t size = 0;
  EXPECT_EQ(sodium_base642bin(reinterpret_cast<unsigned char*>(raw.data()), raw.size(), base64.data(), base64.size(),
                              nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL),
            0);
  raw.resize(size);
  return raw;
}
std::string base64_of(const std::string& raw) {
  std::string base64(sodium_base64_encoded_len(raw.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(base64.data(), base64.size(), reinterpret_cast<const unsigned char*>(raw.data()), raw.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  base64.pop_back();  // sodium's terminator
  return base64;
}

class SigningTest : public testing::Test {
protected:
  SigningTest() { EXPECT_THAT(make_key_pair(keys_), IsOk()); }

  SigningKey key() const { return SigningKey::load(secret_).value(); }
  VerifyKey trusted() const { return VerifyKey::load(open_).value(); }
  std::string sign(std::string_view text, std::string_view comment) const { return key().sign(text, comment).value(); }

  std::string content(const Path& file) const { return read_file(file, kMiB).value_or("unreadable"); }
  void write_secret(const std::string& text) {
    write_file(secret_, text);
    ASSERT_EQ(::chmod(secret_.c_str(), 0600), 0);
  }
  static std::string changed(std::string text, std::size_t line, std::size_t column, char to) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < line; ++i) {
      begin = text.find('\n', begin) + 1;
    }
    EXPECT_NE(text.at(begin + column), to) << "nothing would change";
    text.at(begin + column) = to;
    return text;
  }
  static std::string line_of(const std::string& text, std::size_t line) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < line; ++i) {
      begin = text.find('\n', begin) + 1;
    }
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  Finished minisign(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {"minisign"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run({argv, {}}, temp_ / "minisign");
  }

  TempDir temp_;
  Path keys_ = temp_ / "keys";
  Path secret_ = keys_ / kSecretKeyFile;
  Path open_ = keys_ / kPublicKeyFile;
  const std::string text_ = std::string("swarmout\0 text\n", 15);
};

}  // namespace

TEST_F(SigningTest, WhatWasSignedIsVerified) {
  EXPECT_THAT(trusted().verify(text_, sign(text_, "release 42")), IsOk());
}

TEST_F(SigningTest, AnEmptyTextCanBeSigned) {
  EXPECT_THAT(trusted().verify("", sign("", "")), IsOk());
}

TEST_F(SigningTest, ASignatureIsFourLines) {
  const std::string signature = sign(text_, "release 42");

  EXPECT_EQ(std::count(signature.begin(), signature.end(), '\n'), 4);
  EXPECT_EQ(line_of(signature, 2), "trusted comment: release 42");
}

TEST_F(SigningTest, SigningTwiceGivesTheSame) {
  EXPECT_EQ(sign(text_, "c"), sign(text_, "c"));
}

TEST_F(SigningTest, TheSecretKeyKnowsThePublicOne) {
  EXPECT_EQ(key().verify_key().id(), trusted().id());
  EXPECT_THAT(key().verify_key().verify(text_, sign(text_, "")), IsOk());
}

TEST_F(SigningTest, TwoPairsHaveDifferentNames) {
  ASSERT_OK(make_key_pair(temp_ / "other"));

  EXPECT_NE(VerifyKey::load(temp_ / "other" / kPublicKeyFile).value().id(), trusted().id());
  EXPECT_THAT(trusted().id(), testing::MatchesRegex("[0-9A-F]{16}"));
}

TEST_F(SigningTest, OnlyTheOwnerCanReadTheSecretKey) {
  struct stat info {};
  ASSERT_EQ(::stat(secret_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(open_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644U);
}

// Pairs that are there are never replaced.

TEST_F(SigningTest, APairIsNotReplaced) {
  const std::string before = content(secret_) + content(open_);

  EXPECT_THAT(make_key_pair(keys_), FailsWith(ErrorCode::usage, "exists already"));
  EXPECT_EQ(content(secret_) + content(open_), before);
}

TEST_F(SigningTest, ASecretKeyAloneIsNotReplaced) {
  ASSERT_OK(remove_tree(open_));

  EXPECT_THAT(make_key_pair(keys_), FailsWith(ErrorCode::usage, secret_.native()));
}

TEST_F(SigningTest, APublicKeyAloneIsNotReplaced) {
  ASSERT_OK(remove_tree(secret_));

  EXPECT_THAT(make_key_pair(keys_), FailsWith(ErrorCode::usage, open_.native()));
}

// The real minisign.

TEST_F(SigningTest, MinisignAcceptsOurSignatureAndOurKey) {
  write_file(temp_ / "text", text_);
  write_file(temp_ / "text.minisig", sign(text_, "release 42"));

  const Finished done = minisign({"-V", "-p", open_.native(), "-m", (temp_ / "text").native()});

  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, testing::HasSubstr("release 42")) << "the comment is one that it trusts";
}

TEST_F(SigningTest, MinisignRefusesOurSignatureOfAnotherText) {
  write_file(temp_ / "text", text_ + "x");
  write_file(temp_ / "text.minisig", sign(text_, "release 42"));

  EXPECT_NE(minisign({"-V", "-p", open_.native(), "-m", (temp_ / "text").native()}).status, 0);
}

TEST_F(SigningTest, MinisignSignsWithOurKeyAndWeAcceptIt) {
  write_file(temp_ / "text", text_);

  const Finished done = minisign({"-S", "-s", secret_.native(), "-m", (temp_ / "text").native(), "-t", "by hand"});

  ASSERT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_THAT(trusted().verify(text_, content(temp_ / "text.minisig")), IsOk());
}

TEST_F(SigningTest, KeysThatMinisignMadeWithoutAPasswordWork) {
  const Finished made =
      minisign({"-G", "-W", "-p", (temp_ / "theirs.pub").native(), "-s", (temp_ / "theirs.key").native()});
  ASSERT_EQ(made.status, 0) << made.out << made.err;
  write_file(temp_ / "text", text_);

  ASSERT_OK_AND_ASSIGN(const SigningKey theirs, SigningKey::load(temp_ / "theirs.key"));
  ASSERT_OK_AND_ASSIGN(const VerifyKey trust, VerifyKey::load(temp_ / "theirs.pub"));
  write_file(temp_ / "text.minisig", theirs.sign(text_, "release 42").value());

  EXPECT_THAT(trust.verify(text_, content(temp_ / "text.minisig")), IsOk());
  const std::string id = trust.id().substr(trust.id().find_first_not_of('0'));  // minisign leaves out leading zeros
  EXPECT_THAT(content(temp_ / "theirs.pub"), testing::HasSubstr(id)) << "minisign calls the key the same";
  EXPECT_EQ(minisign({"-V", "-p", (temp_ / "theirs.pub").native(), "-m", (temp_ / "text").native()}).status, 0);
}

// Signatures that prove nothing.

TEST_F(SigningTest, AnotherKeysSignatureIsRefusedAndBothKeysAreNamed) {
  ASSERT_OK(make_key_pair(temp_ / "other"));
  ASSERT_OK_AND_ASSIGN(const SigningKey other, SigningKey::load(temp_ / "other" / kSecretKeyFile));

  const auto verified = trusted().verify(text_, other.sign(text_, "").value());

  EXPECT_THAT(verified, FailsWith(ErrorCode::refused, trusted().id()));
  EXPECT_THAT(verified, FailsWith(ErrorCode::refused, other.verify_key().id()));
}

TEST_F(SigningTest, AnotherKeysSignatureUnderOurKeysNameIsRefused) {
  ASSERT_OK(make_key_pair(temp_ / "other"));
  ASSERT_OK_AND_ASSIGN(const SigningKey other, SigningKey::load(temp_ / "other" / kSecretKeyFile));
  const std::string ours = raw_of(line_of(sign(text_, ""), 1));
  std::string signature = other.sign(text_, "").value();
  const std::string theirs = line_of(signature, 1);
  // The algorithm and the name, ten bytes, are not part of what is signed.
  const std::string forged = base64_of(ours.substr(0, 10) + raw_of(theirs).substr(10));
  signature.replace(signature.find(theirs), theirs.size(), forged);

  EXPECT_THAT(trusted().verify(text_, signature), FailsWith(ErrorCode::refused, "does not match"));
}

TEST_F(SigningTest, AChangedTextIsRefused) {
  EXPECT_THAT(trusted().verify("other", sign(text_, "")), FailsWith(ErrorCode::refused, "does not match"));
}

TEST_F(SigningTest, AChangedTrustedCommentIsRefused) {
  const std::string signature = changed(sign(text_, "release 42"), 2, 17, 'X');

  EXPECT_THAT(trusted().verify(text_, signature), FailsWith(ErrorCode::refused, "comment does not match"));
}

TEST_F(SigningTest, AChangedUntrustedCommentDoesNotMatter) {
  const std::string signature = changed(sign(text_, "release 42"), 0, 20, 'X');

  EXPECT_THAT(trusted().verify(text_, signature), IsOk());
}

TEST_F(SigningTest, AChangedSignatureIsRefused) {
  const std::string good = sign(text_, "");
  const char other = line_of(good, 1).at(60) == 'A' ? 'B' : 'A';

  EXPECT_THAT(trusted().verify(text_, changed(good, 1, 60, other)), FailsWith(ErrorCode::refused));
}

TEST_F(SigningTest, AChangedCommentSignatureIsRefused) {
  const std::string good = sign(text_, "");
  const char other = line_of(good, 3).at(60) == 'A' ? 'B' : 'A';

  EXPECT_THAT(trusted().verify(text_, changed(good, 3, 60, other)), FailsWith(ErrorCode::refused));
}

TEST_F(SigningTest, ASignatureOfTheOldKindIsRefused) {
  std::string signature = sign(text_, "");
  const std::string line = line_of(signature, 1);
  std::string raw = raw_of(line);
  ASSERT_EQ(raw.substr(0, 2), "ED");
  raw[1] = 'd';  // over the text, not over its digest
  signature.replace(signature.find(line), line.size(), base64_of(raw));

  EXPECT_THAT(trusted().verify(text_, signature), FailsWith(ErrorCode::refused, "prehashed"));
}

TEST_F(SigningTest, EveryTruncatedSignatureIsRefused) {
  const std::string signature = sign(text_, "release 42");

  for (std::size_t size = 0; size + 1 < signature.size(); ++size) {  // the last newline may be missing
    EXPECT_THAT(trusted().verify(text_, signature.substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

TEST_F(SigningTest, LinesBehindTheSignatureAreRefused) {
  EXPECT_THAT(trusted().verify(text_, sign(text_, "") + "more\n"), FailsWith(ErrorCode::refused));
}

// Key files that cannot be used.

TEST_F(SigningTest, AMissingKeyIsNotFound) {
  EXPECT_THAT(SigningKey::load(temp_ / "none"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(VerifyKey::load(temp_ / "none"), FailsWith(ErrorCode::not_found));
}

TEST_F(SigningTest, AKeyWithAPasswordIsRefusedWithAHint) {
  // What minisign writes without -W: "Sc" where ours has two zeros.
  write_secret(changed(content(secret_), 1, 3, 'T'));

  EXPECT_THAT(SigningKey::load(secret_), FailsWith(ErrorCode::refused, "minisign -G -W"));
}

TEST_F(SigningTest, ADamagedSecretKeyIsRefused) {
  const std::string good = content(secret_);
  const char other = line_of(good, 1).at(100) == 'A' ? 'B' : 'A';
  write_secret(changed(good, 1, 100, other));

  EXPECT_THAT(SigningKey::load(secret_), FailsWith(ErrorCode::refused, "is damaged"));
}

TEST_F(SigningTest, ADamagedSecretKeyWithoutAChecksumIsRefused) {
  std::string raw = raw_of(line_of(content(secret_), 1));
  raw.replace(raw.size() - 32, 32, 32, '\0');  // as minisign 0.11 writes keys without a password
  write_secret("untrusted comment: x\n" + base64_of(raw) + "\n");
  ASSERT_THAT(SigningKey::load(secret_), IsOk());

  raw[80] = static_cast<char>(raw[80] ^ 1);
  write_secret("untrusted comment: x\n" + base64_of(raw) + "\n");

  EXPECT_THAT(SigningKey::load(secret_), FailsWith(ErrorCode::refused, "is damaged"));
}

TEST_F(SigningTest, APublicKeyIsNoSecretKey) {
  write_secret(content(open_));

  EXPECT_THAT(SigningKey::load(secret_), FailsWith(ErrorCode::refused));
}

TEST_F(SigningTest, ASecretKeyIsNoPublicKey) {
  write_file(open_, content(secret_));

  EXPECT_THAT(VerifyKey::load(open_), FailsWith(ErrorCode::refused));
}

TEST_F(SigningTest, AHugeKeyFileIsRefused) {
  write_file(open_, "untrusted comment: " + std::string(kMiB, 'x') + "\n" + line_of(content(open_), 1) + "\n");

  EXPECT_THAT(VerifyKey::load(open_), FailsWith(ErrorCode::refused));
}

namespace {

class ReadableKey : public SigningTest, public testing::WithParamInterface<unsigned> {};
class NoKey : public SigningTest, public testing::WithParamInterface<const char*> {};

}  // namespace

TEST_P(ReadableKey, IsNotUsed) {
  ASSERT_EQ(::chmod(secret_.c_str(), GetParam()), 0);

  EXPECT_THAT(SigningKey::load(secret_), FailsWith(ErrorCode::cannot_write, "chmod 600"));
}
INSTANTIATE_TEST_SUITE_P(Modes, ReadableKey, testing::Values(0640U, 0604U, 0620U, 0644U, 0660U, 0610U));

TEST_P(NoKey, IsRefused) {
  write_secret(GetParam());
  write_file(open_, GetParam());

  EXPECT_THAT(SigningKey::load(secret_), FailsWith(ErrorCode::refused));
  EXPECT_THAT(VerifyKey::load(open_), FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(Texts, NoKey,
                         testing::Values("", "\n", "untrusted comment: x\n", "untrusted comment: x\n\n",
                                         "untrusted comment: x\nnot base64!\n", "untrusted comment: x\nRWQ=\n",
                                         "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n"));

TEST_F(SigningTest, APublicKeyThatIsMissingIsMadeAgainFromTheSecretOne) {
  const std::string before = content(open_);
  ASSERT_EQ(::unlink(open_.c_str()), 0);

  ASSERT_OK(ensure_key_pair(keys_));

  EXPECT_EQ(content(open_), before);
}

}  // namespace swarmout::test
