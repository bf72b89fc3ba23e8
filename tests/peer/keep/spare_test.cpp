// Which tree may become the next release's, and how it is taken.

#include "peer/keep/spare.hpp"

#include "peer/keep/hand_pins.hpp"
#include "peer/keep/kept_trees.hpp"
#include "peer/tree/pins.hpp"
#include "peer/tree/tree_stamps.hpp"
#include "tests/support/namespaces.hpp"
#include "tests/support/ordinary_user.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Newest first: trees 9, 8, 7, …; the first is current.
GcInput trees_of(std::size_t count) {
  GcInput input;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "t" + std::to_string(9 - i);
    input.trees.push_back({name, sha256(name), 1000, 10});
  }
  if (count > 0) {
    input.trees.front().needed = kCurrent;
  }
  input.of_trees = input.of_packs = {100'000, 50'000, 0, 0};
  return input;
}
std::string spare_in(const GcInput& input) {
  const auto found = find_spare(input, {"t10", sha256("t10"), 1000, 10});
  return found ? input.trees[*found].name : "none";
}

SignedDescriptor spare_release(std::uint64_t position) {
  SignedDescriptor release;
  release.descriptor.position = {position};
  release.descriptor.revision = "r" + std::to_string(position);
  release.descriptor.manifest = sha256(release.descriptor.revision);
  return release;
}

/// A host with trees of releases 1, 2, 3 that keeps two, the last of which is active, and where 4 has begun.
class SpareTest : public testing::Test {
protected:
  SpareTest() {
    options_.keep = 2;
    for (std::uint64_t position = 1; position <= 3; ++position) {
      make(position);
    }
    EXPECT_THAT(trees_.activate(release(3)), IsOk());
    begun_ = trees_.begin(release(4)).value();
  }
  static Descriptor release(std::uint64_t position) { return spare_release(position).descriptor; }
  void make(std::uint64_t position) {
    const auto incoming = trees_.begin(release(position));
    EXPECT_THAT(incoming, IsOk());
    write_file(*incoming / "file", release(position).revision);
    EXPECT_THAT(trees_.accept(release(position)), IsOk());
  }
  Result<std::optional<TakenTree>> take() { return take_spare(store_, trees_, {}, options_, release(4), begun_); }
  std::vector<std::string> there() const { return list_directory(dir_ / "dest/releases").value(); }
  std::vector<std::string> beside() const { return list_directory(dir_ / "dest").value(); }
  Path tree(std::uint64_t position) const { return trees_.tree(release(position)); }
  void nothing_was_taken() {
    ASSERT_OK_AND_ASSIGN(const auto taken, take());
    EXPECT_FALSE(taken);
    EXPECT_THAT(there(), SizeIs(3));
    EXPECT_THAT(list_directory(begun_).value(), IsEmpty());
    EXPECT_TRUE(trees_.has(release(2)));
  }

  TempDir dir_;
  Store store_ = Store::open(dir_ / "state").value();
  ReleaseTrees trees_ = ReleaseTrees::open(dir_ / "dest", dir_ / "state").value();
  GcOptions options_;
  Path begun_;
};

}  // namespace

TEST(FindSpare, ItIsTheNewestOfThoseThatWillGo) {
  EXPECT_EQ(spare_in(trees_of(3)), "t7") << "9 and 8 stay beside 10";
  EXPECT_EQ(spare_in(trees_of(5)), "t7");
}

TEST(FindSpare, ThereIsNoneWhereAllStay) {
  EXPECT_EQ(spare_in(trees_of(2)), "none");
  EXPECT_EQ(spare_in(trees_of(1)), "none");
  EXPECT_EQ(spare_in(trees_of(0)), "none");
}

TEST(FindSpare, WhatIsNeededIsNone) {
  GcInput input = trees_of(4);
  input.trees[2].needed = "a job works in it";

  EXPECT_EQ(spare_in(input), "t6");

  input.trees[3].needed = "pinned by ann: audit";
  EXPECT_EQ(spare_in(input), "none");
}

TEST(FindSpare, WhatIsCurrentIsNoneHoweverOldItIs) {
  GcInput input = trees_of(4);
  std::swap(input.trees[0].needed, input.trees[3].needed);

  EXPECT_EQ(spare_in(input), "t7");
  input.keep = 1;
  EXPECT_EQ(spare_in(input), "t9");
}

TEST(FindSpare, WhereOneIsKeptThatIsTheOneThatIsCurrent) {
  GcInput input = trees_of(1);
  input.keep = 1;

  EXPECT_EQ(spare_in(input), "none");
}

TEST_F(SpareTest, ATreeThatIsTakenIsNoReleaseAnyMoreAndBecomesAnother) {
  const TreeIdentity old = identity_of(tree(2)).value();
  options_.keep = 2;
  ASSERT_OK(write_stamps(store_.state(), old, release(2).manifest, {1, 2}));

  ASSERT_OK_AND_ASSIGN(const auto taken, take());

  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->name, "00000002-r2");
  EXPECT_EQ(taken->manifest, release(2).manifest);
  EXPECT_FALSE(trees_.has(release(2)));
  EXPECT_THAT(there(), ElementsAre("00000001-r1", "00000003-r3")) << "1 will just go";
  EXPECT_EQ(identity_of(begun_), old);
  EXPECT_EQ(read_file(begun_ / "file", 100).value(), "r2");
  EXPECT_THAT(read_stamps(store_.state(), old, release(2).manifest, 2), IsOk());
  EXPECT_FALSE(trees_.has(release(4)));

  ASSERT_OK(trees_.accept(release(4)));
  ASSERT_OK(trees_.tidy(std::nullopt));

  EXPECT_TRUE(trees_.has(release(4)));
  EXPECT_EQ(identity_of(tree(4)), old);
  EXPECT_THAT(list_directory(store_.state() / "trees").value(), SizeIs(3));
  ASSERT_OK_AND_ASSIGN(const auto kept, kept_trees(dir_ / "dest", trees_.records(), {}));
  EXPECT_EQ(kept.front().record.name, "00000004-r4") << "the newest, whenever its directory was made";
}

TEST_F(SpareTest, WhatAJobWorksInIsNotTaken) {
  ASSERT_OK_AND_ASSIGN(const auto two, pin_tree(tree(2)));
  ASSERT_OK_AND_ASSIGN(const auto one, pin_tree(tree(1)));

  nothing_was_taken();
}

TEST_F(SpareTest, WhatIsPinnedByHandIsNotTaken) {
  for (const std::uint64_t each : {1, 2}) {
    ASSERT_OK(HandPins(store_.state()).put({release(each).manifest, {each}, "r", "", "audit", "ann", "now"}));
  }

  nothing_was_taken();
}

TEST_F(SpareTest, WhatWasPinnedAfterTheLookIsNotTaken) {
  const TreeRecord record = trees_.records().find("00000002-r2", identity_of(tree(2)).value()).value();
  ASSERT_OK_AND_ASSIGN(const auto pin, pin_tree(tree(2)));
  ASSERT_OK_AND_ASSIGN(auto lock, store_.lock_pins());

  ASSERT_OK_AND_ASSIGN(const auto taken, take_tree(trees_, record, begun_, *std::move(lock)));

  EXPECT_FALSE(taken);
  EXPECT_TRUE(trees_.has(release(2)));
}

TEST_F(SpareTest, WhatIsCurrentOrHasBeenReplacedIsNotTaken) {
  const TreeRecord three = trees_.records().find("00000003-r3", identity_of(tree(3)).value()).value();
  const TreeRecord two = trees_.records().find("00000002-r2", identity_of(tree(2)).value()).value();
  const Path of_two = tree(2);
  std::filesystem::rename(of_two, dir_ / "mine");
  write_file(of_two / "precious", "x");

  ASSERT_OK_AND_ASSIGN(const auto current, take_tree(trees_, three, begun_, Fd()));
  ASSERT_OK_AND_ASSIGN(const auto replaced, take_tree(trees_, two, begun_, Fd()));

  EXPECT_FALSE(current);
  EXPECT_FALSE(replaced);
  EXPECT_TRUE(path_exists(of_two / "precious"));
}

TEST_F(SpareTest, WhereAllStayNothingIsTaken) {
  options_.keep = 4;

  nothing_was_taken();
}

TEST_F(SpareTest, ATreeWhoseRootIsWriteProtectedIsTakenAllTheSame) {
  ASSERT_EQ(::chmod(tree(2).c_str(), 0555), 0);

  const std::string said = as_ordinary_user(dir_.path(), [&] { return words_of(take()); });

  EXPECT_EQ(said, "well");
  EXPECT_FALSE(trees_.has(release(2)));
}

TEST_F(SpareTest, OneThatCannotBeRemovedIsMovedAsideAndHoldsUpNoRelease) {
  write_file(begun_ / "mounted/here", "x");

  const auto said = in_namespaces(CLONE_NEWNS, [&]() -> std::string {
    const Path place = begun_ / "mounted";
    if (::mount(place.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return "no mount";
    }
    const auto begun = trees_.begin(release(4));
    return begun && list_directory(*begun).value().empty() ? "well" : words_of(begun);
  });

  if (!said) {
    GTEST_SKIP() << "this machine makes no such namespaces";
  }
  EXPECT_EQ(*said, "well");
  ASSERT_OK(trees_.tidy(begun_));
  EXPECT_THAT(beside(), ElementsAre(".incoming-peer-00000004-r4", "current", "releases")) << "gone with the mount";
}

}  // namespace swarmout::test
