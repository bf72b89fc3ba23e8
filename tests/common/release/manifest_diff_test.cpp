#include "common/release/manifest_diff.hpp"

#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class ManifestDiff : public testing::Test {
protected:
  Manifest packed(const Tree& tree, std::optional<Manifest> basis = {}) {
    return pack_and_keep(store_, tree, std::move(basis)).value();
  }
  static std::vector<std::pair<std::string, PathChange>> changes(const Manifest& before, const Manifest& after) {
    std::vector<std::pair<std::string, PathChange>> found;
    for (const ChangedPath& each : changed_between(before, after)) {
      found.emplace_back(each.path(), each.change);
    }
    return found;
  }

  TempDir dir_;
  Store store_ = Store::open(dir_.path()).value();
};

}  // namespace

TEST_F(ManifestDiff, EachKindOfChangeIsTold) {
  const Manifest before = packed({file_of("content", "a"),
                                  file_of("gone", "a"),
                                  file_of("mode", "a"),
                                  file_of("same", "a"),
                                  {symlink("target", "a"), ""},
                                  file_of("type", "a")});
  const Manifest after = packed({file_of("content", "b"),
                                 file_of("mode", "a", true),
                                 file_of("new", "a"),
                                 file_of("same", "a"),
                                 {symlink("target", "b"), ""},
                                 {directory("type"), ""}});

  EXPECT_THAT(changes(before, after),
              ElementsAre(Pair("content", PathChange::content), Pair("gone", PathChange::removed),
                          Pair("mode", PathChange::executable), Pair("new", PathChange::added),
                          Pair("target", PathChange::target), Pair("type", PathChange::type)));
}

TEST_F(ManifestDiff, ItIsTheContentThatCountsAndNotWhereItIsPacked) {
  const Tree tree = {file_of("a", noise(3 * kMiB, 1)), file_of("b", prose(kMiB))};
  const Manifest before = packed({file_of("b", prose(kMiB))});
  const Manifest again = packed(tree, before);
  const Manifest afresh = packed(tree);

  EXPECT_THAT(changes(again, afresh), IsEmpty());
  EXPECT_THAT(changes(before, again), ElementsAre(Pair("a", PathChange::added)));
}

TEST_F(ManifestDiff, OnlyPacksThatAreNewAreFetched) {
  const Manifest before = packed({file_of("a", noise(3 * kMiB, 1))});
  const Manifest after = packed({file_of("a", noise(3 * kMiB, 1)), file_of("b", noise(kMiB, 2))}, before);

  EXPECT_EQ(new_pack_bytes(before, before), 0U);
  EXPECT_GE(new_pack_bytes(before, after), kMiB);
  EXPECT_LT(new_pack_bytes(before, after), 2 * kMiB);
}

TEST_F(ManifestDiff, AnEmptyReleaseIsAllRemovedOrAllAdded) {
  const Manifest nothing = packed({});
  const Manifest something = packed({file_of("a", "a")});

  EXPECT_THAT(changes(nothing, something), ElementsAre(Pair("a", PathChange::added)));
  EXPECT_THAT(changes(something, nothing), ElementsAre(Pair("a", PathChange::removed)));
}

}  // namespace swarmout::test
