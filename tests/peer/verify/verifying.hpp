// A tree on the disk as it was signed, its manifest, and a store with its packs.

#pragma once

#include "peer/verify/repair.hpp"
#include "tests/peer/tree/unpacking.hpp"

#include <string>
#include <utility>
#include <vector>

namespace swarmout::test {

class VerifyingTest : public UnpackingTest {
protected:
  /// With something of everything. Files of the same directory are in the same pack.
  static Tree some_tree() {
    return {{directory("dir"), ""},
            file_of("dir/large", noise(20 * kMiB + 17, 9)),
            file_of("dir/run", "#!/bin/sh\n", true),
            file_of("empty", ""),
            {symlink("link", "dir/large"), ""},
            file_of("text", prose(100 * kKiB)),
            {directory("void"), ""}};
  }
  void unpack(const Tree& tree) {
    manifest_ = packed(tree);
    ASSERT_OK(unpack_all(manifest_, target_));
  }
  TreeCheck check() {
    const auto checked = check_tree(manifest_, target_, [](const CheckProgress&) {}, {});
    EXPECT_THAT(checked, IsOk());
    return checked.value_or(TreeCheck{});
  }
  using Faults = std::vector<std::pair<std::string, Fault>>;
  Faults faults() {
    Faults found;
    for (const Difference& each : check().differences) {
      found.emplace_back(each.path, each.fault);
    }
    return found;
  }

  Manifest manifest_;
};

}  // namespace swarmout::test
