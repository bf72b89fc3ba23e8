// A directory of a test's own, gone when the test is.

#pragma once

#include "common/base/files.hpp"
#include "common/base/remove_tree.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace swarmout::test {

class TempDir {
public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "swarmout-test-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) {
      ADD_FAILURE() << "no temporary directory: " << pattern;
    }
    path_ = pattern;
  }
  ~TempDir() {
    const auto removed = remove_tree(path_);
    EXPECT_TRUE(removed) << to_string(removed.error());
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] Path operator/(std::string_view name) const { return path_ / name; }

private:
  Path path_;
};

}  // namespace swarmout::test
