// Removal stays on the mount that it began on.

#include "common/base/remove_tree.hpp"
#include "tests/support/namespaces.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RemoveMountsTest : public testing::Test {
protected:
  RemoveMountsTest() {
    write_file(data_ / "precious", "do not touch");
    write_file(tree_ / "a/first", "x");
    write_file(tree_ / "m/uploads/.keep", "x");
    write_file(tree_ / "z/last", "x");
  }
  /// What became of it, after `before` in a namespace with mounts of its own.
  std::optional<std::string> removed(const std::function<bool()>& before, const Path& what) {
    return in_namespaces(CLONE_NEWNS, [&] {
      if (!before()) {
        return fmt::format("cannot mount: {}", errno);
      }
      const auto done = remove_tree(what);
      return fmt::format("{} {}; precious: {}; first: {}", done ? 0 : static_cast<int>(done.error().code),
                         done ? "" : done.error().message, path_exists(data_ / "precious"),
                         path_exists(tree_ / "a/first"));
    });
  }
  static bool bind(const Path& from, const Path& to) {
    return ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
  }

  TempDir temp_;
  Path data_ = temp_ / "data";
  Path tree_ = temp_ / "tree";
};

#define SAYS(said, matcher)                             \
  if (!(said)) {                                        \
    GTEST_SKIP() << "no mount namespaces on this host"; \
  }                                                     \
  EXPECT_THAT(*(said), matcher)

}  // namespace

TEST_F(RemoveMountsTest, ADirectoryOfTheSameFileSystemThatIsMountedInsideIsNamedAndNothingIsRemoved) {
  const Path place = tree_ / "m/uploads";

  const auto said = removed([&] { return bind(data_, place); }, tree_);

  SAYS(said, AllOf(HasSubstr("73 " + place.native()), HasSubstr("precious: true"), HasSubstr("first: true")));
}

TEST_F(RemoveMountsTest, SoIsAnotherFileSystem) {
  const Path place = tree_ / "m/uploads";

  const auto said = removed([&] { return ::mount("none", place.c_str(), "tmpfs", 0, "size=64k") == 0; }, tree_);

  SAYS(said, AllOf(HasSubstr("73 " + place.native()), HasSubstr("first: true")));
}

TEST_F(RemoveMountsTest, SoIsAFile) {
  const Path place = tree_ / "m/uploads/.keep";

  const auto said = removed([&] { return bind(data_ / "precious", place); }, tree_);

  SAYS(said, AllOf(HasSubstr("73 " + place.native()), HasSubstr("first: true")));
}

TEST_F(RemoveMountsTest, SoIsTheTreeItself) {
  const auto said = removed([&] { return bind(data_, tree_); }, tree_);

  SAYS(said, AllOf(HasSubstr("73 " + tree_.native()), HasSubstr("precious: true")));
}

TEST_F(RemoveMountsTest, AMountThatTheTableDoesNotShowIsNotEnteredEither) {
  const Path place = tree_ / "m/uploads";

  const auto said =
      removed([&] { return bind(data_, place) && ::mount("none", "/proc", "tmpfs", 0, "size=64k") == 0; }, tree_);

  SAYS(said, AllOf(HasSubstr("73 " + place.native()), HasSubstr("precious: true")));
}

TEST_F(RemoveMountsTest, ATreeOnAMountIsRemoved) {
  const auto said = removed([&] { return bind(tree_, data_); }, data_ / "a");

  SAYS(said, AllOf(HasSubstr("0 "), HasSubstr("first: false")));
}

TEST_F(RemoveMountsTest, ATreeBesideAMountIsRemoved) {
  const auto said = removed([&] { return bind(data_, tree_ / "m/uploads"); }, tree_ / "a");

  SAYS(said, AllOf(HasSubstr("0 "), HasSubstr("precious: true"), HasSubstr("first: false")));
}

}  // namespace swarmout::test
