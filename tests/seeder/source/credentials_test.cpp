#include "seeder/source/credentials.hpp"

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

}  // namespace swarmout::test
