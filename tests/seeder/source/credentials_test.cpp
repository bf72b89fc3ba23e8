#include "seeder/source/credentials.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace swarmout::test {

TEST(WithoutCredentials, RemovesUserAndPassword) {
  EXPECT_EQ(without_credentials("https://user:secret@host/x"), "https://host/x");
}

TEST(WithoutCredentials, RemovesAToken) {
  EXPECT_EQ(without_credentials("https://ghp_token@host/x"), "https://host/x");
}

TEST(WithoutCredentials, WorksAnywhereInAText) {
  EXPECT_EQ(without_credentials("cannot fetch 'git+ssh://u:p@a/b' or https://u:p@c/d."),
            "cannot fetch 'git+ssh://a/b' or https://c/d.");
}

TEST(WithoutCredentials, LeavesOtherTextsAlone) {
  const std::string text = "https://host/x@y mail@example.com git@host:x /a/b";

  EXPECT_EQ(without_credentials(text), text);
}

TEST(WithoutCredentials, RemovesAPasswordWithAnAtSign) {
  EXPECT_EQ(without_credentials("https://user:se@cret@host/x"), "https://host/x");
}

TEST(WithoutCredentials, MasksWhatAQueryCallsASecret) {
  for (const char* const name : {"token", "access_token", "private_token", "sig", "X-Amz-Signature", "api_key",
                                 "AWSAccessKeyId", "password", "client_secret", "oauth_token", "auth"}) {
    EXPECT_EQ(without_credentials(fmt::format("get https://host/x?a=1&{}=S3cret&b=2 now", name)),
              fmt::format("get https://host/x?a=1&{}=***&b=2 now", name));
  }
}

TEST(WithoutCredentials, MasksHeaders) {
  EXPECT_EQ(without_credentials("curl -H 'Authorization: Bearer abc.def' https://host/x"),
            "curl -H 'Authorization: ***' https://host/x");
  EXPECT_EQ(without_credentials("PRIVATE-TOKEN: abc def\nnext"), "PRIVATE-TOKEN: ***\nnext");
  EXPECT_EQ(without_credentials("> Proxy-Authorization: Basic dTpw\r\n"), "> Proxy-Authorization: ***\n");
}

TEST(WithoutCredentials, MasksOptionsAndVariables) {
  EXPECT_EQ(without_credentials("svn export --password S3cret --username bot URL"),
            "svn export --password *** --username bot URL");
  EXPECT_EQ(without_credentials("svn --password='a b c' export"), "svn --password='***' export");
  EXPECT_EQ(without_credentials("curl -u bot:S3cret URL"), "curl -u bot:*** URL");
  EXPECT_EQ(without_credentials("PGPASSWORD=S3cret pg_dump"), "PGPASSWORD=*** pg_dump");
  EXPECT_EQ(without_credentials("sshpass -p S3cret ssh host"), "sshpass -p *** ssh host");
}

TEST(WithoutCredentials, MasksTokensOfKnownShape) {
  EXPECT_EQ(without_credentials("bad token ghp_0123456789abcdefghij0123456789abcdef given"), "bad token *** given");
  EXPECT_EQ(without_credentials("glpat-abcdefghij0123456789"), "***");
}

TEST(WithoutCredentials, LeavesMessagesAlone) {
  for (const char* const text :
       {"fatal: could not read Password for 'https://host': terminal prompts disabled",
        "/srv/app/token: Permission denied", "cannot open /etc/secrets/key.pem", "design=new signal: 9 -p 80 --user me",
        "Authentication failed for 'https://host/x'", "exit status 1: no such host", "the author: me"}) {
    EXPECT_EQ(without_credentials(text), text);
  }
}

TEST(WithoutCredentials, ALongTextTakesNoLonger) {
  const std::string url = "x://" + std::string(5'000'000, 'a');
  const std::string words = std::string(5'000'000, '=') + std::string(5'000'000, '-');

  EXPECT_EQ(without_credentials(url), url);
  EXPECT_EQ(without_credentials(words), words);
}

TEST(Quotable, IsOneLineThatNoTerminalObeys) {
  EXPECT_EQ(quotable("fatal: one\n\r\nhint: two\n"), "fatal: one; hint: two");
  EXPECT_EQ(quotable("\x1b[31mred\x07 \xc2\x9b"
                     "2J \xe2\x80\xaeturned \xff"),
            "?[31mred? ?2J ?turned ?");
  EXPECT_EQ(quotable("größer"), "größer");
}

TEST(Quotable, MasksBeforeLinesAreJoined) {
  EXPECT_EQ(quotable("Cookie: abc\nfatal: x https://u:p@h/"), "Cookie: ***; fatal: x https://h/");
}

}  // namespace swarmout::test
