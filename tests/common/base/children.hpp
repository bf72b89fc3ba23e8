// Children of a test, and what they leave in files.

#pragma once

#include "common/base/subprocess.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace swarmout::test {

inline Command shell(const std::string& script) {
  return {{"sh", "-c", script}, {}, {}};
}

class Children : public testing::Test {
protected:
  static Subprocess started(const std::string& script) {
    auto child = Subprocess::start(shell(script));
    EXPECT_THAT(child, IsOk());
    return std::move(child).value();
  }
  static std::string all_output(Subprocess& child) {
    std::string output;
    std::vector<std::byte> buffer(4096);
    while (true) {
      const auto got = child.read(buffer, {});
      EXPECT_THAT(got, IsOk());
      if (!got || *got == 0) {
        return output;
      }
      output += as_text(std::span(buffer).first(*got));
    }
  }
  static int status_of(Subprocess& child) {
    const auto status = child.wait({});
    EXPECT_THAT(status, IsOk());
    return status.value_or(-1);
  }
  /// The number that a child left in a file, once it is there.
  pid_t pid_in(const std::string& name) {
    std::string text;
    EXPECT_TRUE(wait_for([&] {
      text = read_file(temp_ / name, 100).value_or("");
      return text.ends_with('\n');
    })) << name;
    return static_cast<pid_t>(std::atoi(text.c_str()));
  }
  /// A zombie that nobody has waited for is gone, for our purposes.
  static bool is_gone(pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status", 64 * kKiB).value_or("");
    return status.empty() || status.find("State:\tZ") != std::string::npos;
  }

  TempDir temp_;
};

}  // namespace swarmout::test
