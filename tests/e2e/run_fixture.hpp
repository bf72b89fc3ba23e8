// A fleet with releases, and jobs that work in them.

#pragma once

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

class Run : public testing::Test {
protected:
  Path source() const { return fleet_.scratch("source"); }
  void publish(const std::string& content, const Fleet::Options& options) {
    write_file(source() / "version", content);
    Process seed = fleet_.seed(1, "dir:" + source().native(), options);
    ASSERT_EQ(seed.wait(), 0) << seed.err();
  }
  bool is_active(int host, const std::string& content) const {
    return read_file(fleet_.current(host) / "version", 100).value_or("") == content;
  }
  /// Released and active on host 1, whose service goes on.
  void begin(const std::string& content = "one", const Fleet::Options& options = {"--slot", "first"}) {
    peers_.push_back(fleet_.peer(1));
    publish(content, options);
    ASSERT_TRUE(wait_for([&] { return is_active(1, content); }));
  }
  Finished job(int host, const Fleet::Options& more) {
    Process process = fleet_.job(host, more);
    const int status = process.wait();
    return {status, process.out(), process.err()};
  }
  Path mark(const std::string& name) const { return fleet_.scratch(name); }

  Fleet fleet_;
  std::vector<Process> peers_;
};

}  // namespace swarmout::test
