// Who this host is, and who works on it.

#include "common/base/host.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace swarmout::test {

TEST(ThisPerson, WhoSudoNamesIsShownUnlessThatIsNoName) {
  ::unsetenv("SUDO_USER");
  const std::string plain = this_person();
  ::setenv("SUDO_USER", "ann", 1);
  EXPECT_EQ(this_person(), "ann as " + plain);
  for (const std::string& bad : {std::string(), std::string("a\x1b[2J"), std::string("a b"), std::string(99, 'x')}) {
    ::setenv("SUDO_USER", bad.c_str(), 1);
    EXPECT_EQ(this_person(), plain) << bad;
  }
  ::unsetenv("SUDO_USER");
}

}  // namespace swarmout::test
