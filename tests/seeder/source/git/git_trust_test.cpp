// Revisions that must be signed, with real gpg, git and gpgv.

#include "tests/seeder/source/git/git_upstream.hpp"
#include "tests/support/gpg.hpp"

#include <cstdlib>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SignedGitUpstream : public GitUpstream {
protected:
  void SetUp() override {
    GitUpstream::SetUp();
    write_file(keyring_, alice_.public_key());
  }

  Result<std::unique_ptr<Source>> open_with(GitSigned what, const Path& keyring) {
    SourceOptions options;
    options.git_trust = {what, keyring};
    return open_source("git+" + upstream_.native(), temp_ / "state", options);
  }
  /// What a revision resolves to, or the error.
  Result<std::optional<std::string>> resolve(GitSigned what, const std::string& wanted) {
    auto source = open_with(what, keyring_);
    EXPECT_THAT(source, IsOk());
    auto revision = (*source)->resolve(wanted, {});
    vouched_ = (*source)->vouched();
    return revision;
  }

  std::string signed_by(const Gpg& who, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-c", "gpg.program=" + who.program(), "-c", "user.signingkey=" + who.name()});
    return git(std::move(arguments));
  }
  std::string signed_commit_of(const Gpg& who) {
    signed_by(who, {"commit", "--quiet", "--allow-empty", "-S", "--message=signed"});
    return git({"rev-parse", "HEAD"});
  }
  void signed_tag_of(const Gpg& who, const std::string& name) {
    signed_by(who, {"tag", "-s", "--message=signed", name});
  }
  /// As it is stored, with every newline.
  std::string raw(const std::string& type, const std::string& object) {
    return run_and_capture({{"git", "cat-file", type, object}, {}, upstream_}, kMiB, {}).value();
  }
  std::string made_commit(const std::string& bytes) {
    write_file(temp_ / "object", bytes);
    return git({"hash-object", "-t", "commit", "-w", "--literally", (temp_ / "object").native()});
  }
  void expect_refused(GitSigned what, const std::string& wanted, const std::string& why) {
    EXPECT_THAT(resolve(what, wanted), FailsWith(ErrorCode::refused, why));
    EXPECT_EQ(vouched_, "");
  }

  Gpg alice_{"Alice <alice@example.com>"};
  Path keyring_ = temp_ / "keyring";
  std::string vouched_;
};

}  // namespace

TEST_F(SignedGitUpstream, ACommitOfATrustedKeyIsTakenAndItsSignerSaid) {
  const std::string commit = signed_commit_of(alice_);
  EXPECT_EQ(resolve(GitSigned::commit, "").value(), commit);
  EXPECT_THAT(vouched_,
              AllOf(HasSubstr("commit " + commit + " is signed by key "), HasSubstr("(Alice <alice@example.com>)")));
  EXPECT_EQ(resolve(GitSigned::commit, commit).value(), commit) << "by its hash, too";
}

TEST_F(SignedGitUpstream, ACommitThatNobodySignedIsRefused) {
  expect_refused(GitSigned::commit, "", "it is not signed");
  signed_commit_of(alice_);
  expect_refused(GitSigned::commit, first_, "it is not signed");
  expect_refused(GitSigned::commit, "main~1", "it is not signed");
}

TEST_F(SignedGitUpstream, ACommitOfAnotherKeyIsRefusedAlsoIfTheCallerTrustsIt) {
  const Gpg mallory("Mallory <mallory@example.com>");
  signed_commit_of(mallory);
  write_file(temp_ / "caller/.gnupg/trustedkeys.gpg", mallory.public_key());
  write_file(temp_ / "caller/.gnupg/pubring.gpg", mallory.public_key());
  const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "/";
  ::setenv("HOME", (temp_ / "caller").c_str(), 1);
  ::setenv("GNUPGHOME", (temp_ / "caller/.gnupg").c_str(), 1);
  expect_refused(GitSigned::commit, "", "no key of the keyring signed it");
  ::setenv("HOME", home.c_str(), 1);
  ::unsetenv("GNUPGHOME");
}

TEST_F(SignedGitUpstream, ASignatureThatWasTakenFromAnotherCommitIsRefused) {
  std::string bytes = raw("commit", signed_commit_of(alice_));
  bytes.replace(bytes.find("\n\nsigned"), 8, "\n\nforged");
  git({"update-ref", "refs/heads/forged", made_commit(bytes)});
  expect_refused(GitSigned::commit, "forged", "not over these bytes");
}

TEST_F(SignedGitUpstream, ASecondSignatureHeaderIsRefused) {
  std::string bytes = raw("commit", signed_commit_of(alice_));
  const std::size_t at = bytes.find("gpgsig ");
  const std::string header = bytes.substr(at, bytes.find("\n\n") - at + 1);
  git({"update-ref", "refs/heads/twice", made_commit(bytes.substr(0, at) + header + bytes.substr(at))});
  expect_refused(GitSigned::commit, "twice", "more than one signature");
}

TEST_F(SignedGitUpstream, AMessageOfItsOwnInPlaceOfASignatureIsRefused) {
  // gpg would check what is within it, and not the commit.
  write_file(temp_ / "text", "something that Alice has said");
  std::string message = alice_.run({"--armor", "--output", "-", "--sign", (temp_ / "text").native()});
  for (const std::string where : {"BEGIN", "END"}) {
    const std::string line = "-----" + where + " PGP MESSAGE-----";
    message.replace(message.find(line), line.size(), "-----" + where + " PGP SIGNATURE-----");
  }
  message.pop_back();
  for (std::size_t at = 0; (at = message.find('\n', at)) != std::string::npos; at += 2) {
    message.replace(at, 1, "\n ");
  }
  std::string bytes = raw("commit", first_);
  bytes.insert(bytes.find("\n\n"), "\ngpgsig " + message);
  git({"update-ref", "refs/heads/inline", made_commit(bytes)});
  EXPECT_THAT(resolve(GitSigned::commit, "inline"), FailsWith(ErrorCode::refused));
}

TEST_F(SignedGitUpstream, AKeyThatHasExpiredIsNoMoreTrusted) {
  const Gpg old("Old <old@example.com>", "--faked-system-time 20200101T000000!", "1d");
  write_file(keyring_, old.public_key());
  signed_commit_of(old);
  expect_refused(GitSigned::commit, "", "has expired");
}

TEST_F(SignedGitUpstream, AnSshSignatureIsRefusedByItsKind) {
  ASSERT_THAT(run_and_capture({{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", (temp_ / "id").native()}, {}, {}},
                              kMiB, {}),
              IsOk());
  git({"-c", "gpg.format=ssh", "-c", "user.signingkey=" + (temp_ / "id.pub").native(), "commit", "--quiet",
       "--allow-empty", "-S", "--message=by ssh"});
  expect_refused(GitSigned::commit, "", "ssh and X.509 signatures are not checked");
}

TEST_F(SignedGitUpstream, ATagOfATrustedKeyIsTaken) {
  signed_tag_of(alice_, "v1");
  for (const std::string name : {"v1", "refs/tags/v1"}) {
    EXPECT_EQ(resolve(GitSigned::tag, name).value(), first_);
    EXPECT_THAT(vouched_, AllOf(HasSubstr("tag v1 of commit " + first_), HasSubstr("Alice")));
  }
}

TEST_F(SignedGitUpstream, WhatIsNoSignedTagIsRefusedWhereOneIsWanted) {
  git({"tag", "light"});
  git({"tag", "-a", "--message=annotated", "unsigned"});
  signed_tag_of(alice_, "v1");
  expect_refused(GitSigned::tag, "light", "name only");
  expect_refused(GitSigned::tag, "unsigned", "it is not signed");
  expect_refused(GitSigned::tag, "main", "there is no such tag");
  expect_refused(GitSigned::tag, "", "there is no such tag");
  expect_refused(GitSigned::tag, first_, "there is no such tag");
  expect_refused(GitSigned::tag, "v1^{}", "there is no such tag");
}

TEST_F(SignedGitUpstream, AnOldTagUnderAnotherNameIsRefused) {
  signed_tag_of(alice_, "v1");
  git({"update-ref", "refs/tags/v2", git({"rev-parse", "v1"})});
  expect_refused(GitSigned::tag, "v2", "what was signed is the tag v1");
}

TEST_F(SignedGitUpstream, ATagOfATagAndATagOfAnotherKeyAreRefused) {
  const Gpg mallory("Mallory <mallory@example.com>");
  signed_tag_of(mallory, "theirs");
  expect_refused(GitSigned::tag, "theirs", "no key of the keyring signed it");
  signed_by(alice_, {"tag", "-s", "--message=outer", "outer", "theirs"});
  expect_refused(GitSigned::tag, "outer", "what was signed is the tag outer of tag");
}

TEST_F(SignedGitUpstream, RepositoriesWithSha256HashesAreVerifiedToo) {
  ASSERT_OK(remove_tree(upstream_));
  ASSERT_OK(make_directories(upstream_));
  git({"init", "--quiet", "--object-format=sha256", "--initial-branch=main", "."});
  const std::string commit = signed_commit_of(alice_);
  signed_tag_of(alice_, "v1");
  EXPECT_EQ(resolve(GitSigned::commit, "").value(), commit);
  EXPECT_EQ(resolve(GitSigned::tag, "v1").value(), commit);
}

TEST_F(SignedGitUpstream, HalfASettingIsAMistake) {
  EXPECT_THAT(open_with(GitSigned::commit, {}), FailsWith(ErrorCode::usage, "--git-keyring"));
  EXPECT_THAT(open_with(GitSigned::nothing, keyring_), FailsWith(ErrorCode::usage, "--verify-git"));
  EXPECT_THAT(open_with(GitSigned::tag, temp_ / "nowhere"), FailsWith(ErrorCode::not_found));
  write_file(temp_ / "armored", alice_.run({"--armor", "--export"}));
  EXPECT_THAT(open_with(GitSigned::tag, temp_ / "armored"), FailsWith(ErrorCode::usage, "gpg --dearmor"));
  SourceOptions options;
  options.git_trust = {GitSigned::commit, keyring_};
  EXPECT_THAT(open_source("dir:" + upstream_.native(), temp_ / "state", options),
              FailsWith(ErrorCode::usage, "--verify-git is for git sources"));
}

TEST_F(SignedGitUpstream, NothingIsLeftInTheStateDirectory) {
  signed_commit_of(alice_);
  ASSERT_THAT(resolve(GitSigned::commit, ""), IsOk());
  EXPECT_THAT(list_directory(temp_ / "state/tmp").value(), testing::IsEmpty());
}

}  // namespace swarmout::test
