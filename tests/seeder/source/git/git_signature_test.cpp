// What gpgv says, and what is taken for a good signature.

#include "seeder/source/git/git_signature.hpp"

#include "tests/support/result_matchers.hpp"

namespace swarmout::test {

namespace {

constexpr const char* kGood =
    "[GNUPG:] NEWSIG alice@example.com\n"
    "[GNUPG:] KEY_CONSIDERED AAAA 0\n"
    "[GNUPG:] SIG_ID x 2026-11-29 1\n"
    "[GNUPG:] GOODSIG 1111222233334444 Alice <alice@example.com>\n"
    "[GNUPG:] VALIDSIG AAAABBBB 2026-11-29 1 0 4 0 22 10 00 CCCC\n";

}  // namespace

TEST(GitSignature, OneGoodSignatureNamesItsKey) {
  EXPECT_EQ(signer_in(kGood).value(), "key AAAABBBB (Alice <alice@example.com>)");
  EXPECT_EQ(signer_in(std::string("gpgv: noise\n") + kGood).value(), "key AAAABBBB (Alice <alice@example.com>)");
}

TEST(GitSignature, WhateverElseIsSaidMakesItABadOne) {
  for (const std::string more :
       {"[GNUPG:] BADSIG 1 Bob\n", "[GNUPG:] ERRSIG 1 22 10 00 1 9 -\n", "[GNUPG:] EXPKEYSIG 1 Bob\n",
        "[GNUPG:] REVKEYSIG 1 Bob\n", "[GNUPG:] EXPSIG 1 Bob\n", "[GNUPG:] NO_PUBKEY 1\n", "[GNUPG:] PLAINTEXT 62 0\n",
        "[GNUPG:] FAILURE gpgv 1\n", "[GNUPG:] NODATA 4\n", "[GNUPG:] NEW_WORD\n"}) {
    EXPECT_THAT(signer_in(kGood + more), FailsWith(ErrorCode::refused)) << more;
    EXPECT_THAT(signer_in(more + kGood), FailsWith(ErrorCode::refused)) << more;
  }
  EXPECT_THAT(signer_in(std::string(kGood) + kGood), FailsWith(ErrorCode::refused)) << "two signatures";
  EXPECT_THAT(signer_in(""), FailsWith(ErrorCode::refused));
  EXPECT_THAT(signer_in("[GNUPG:] GOODSIG 1 Alice\n"), FailsWith(ErrorCode::refused)) << "not valid";
  EXPECT_THAT(signer_in("[GNUPG:] VALIDSIG AAAA\n"), FailsWith(ErrorCode::refused)) << "not good";
  EXPECT_THAT(signer_in("[GNUPG:] GOODSIG 1 A\n[GNUPG:] GOODSIG 1 A\n"), FailsWith(ErrorCode::refused));
}

TEST(GitSignature, TheReasonThatHelpsIsSaid) {
  EXPECT_THAT(signer_in("[GNUPG:] ERRSIG 99 22 10 00 1 9 -\n[GNUPG:] NO_PUBKEY 99\n"),
              FailsWith(ErrorCode::refused, "no key of the keyring signed it, but key 99"));
  EXPECT_THAT(signer_in("[GNUPG:] REVKEYSIG 99 Bob\n[GNUPG:] VALIDSIG AAAA\n"),
              FailsWith(ErrorCode::refused, "revoked"));
}

TEST(GitSignature, ATerminalIsNotObeyed) {
  const std::string name = "[GNUPG:] GOODSIG 1 \x1b[2JAlice\n[GNUPG:] VALIDSIG AAAA\n";
  EXPECT_EQ(signer_in(name).value().find('\x1b'), std::string::npos);
}

TEST(GitSignature, WhatIsSignedOfACommitIsAllButItsSignature) {
  const std::string armor = "-----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n";
  const std::string raw = "tree 1\nauthor A\ngpgsig " + armor + "encoding x\n\nmessage\ngpgsig in the message\n";
  const auto found = signed_commit(raw, false).value();
  EXPECT_EQ(found.payload, "tree 1\nauthor A\nencoding x\n\nmessage\ngpgsig in the message\n");
  EXPECT_EQ(found.signature, "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n");
  EXPECT_THAT(signed_commit(raw, true), FailsWith(ErrorCode::refused, "other kind of hashes"));
  EXPECT_THAT(signed_commit("tree 1\n\ngpgsig " + armor, false), FailsWith(ErrorCode::refused, "not signed"));
  EXPECT_THAT(signed_commit("", false), FailsWith(ErrorCode::refused, "not signed"));
  EXPECT_THAT(signed_commit("gpgsig x\n\n", false), FailsWith(ErrorCode::refused, "damaged"));
}

TEST(GitSignature, WhatIsSignedOfATagIsAllBeforeItsLastSignature) {
  const std::string armor = "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";
  const std::string text = "object 1\ntype commit\ntag v1\ntagger A\n\nmessage\n" + armor + "more\n";
  const auto found = signed_tag(text + armor).value();
  EXPECT_EQ(found.payload, text);
  EXPECT_EQ(found.signature, armor);
  EXPECT_THAT(signed_tag("object 1\n" + armor), FailsWith(ErrorCode::refused, "not signed")) << "before the message";
  EXPECT_THAT(signed_tag("object 1\n\nmessage\n"), FailsWith(ErrorCode::refused, "not signed"));
  EXPECT_EQ(facts_of_tag(text)->name, "v1");
  EXPECT_THAT(facts_of_tag("type commit\nobject 1\ntag v1\n"), FailsWith(ErrorCode::refused));
  EXPECT_THAT(facts_of_tag("object 1\ntype commit\ntag v1"), FailsWith(ErrorCode::refused));
}

}  // namespace swarmout::test
