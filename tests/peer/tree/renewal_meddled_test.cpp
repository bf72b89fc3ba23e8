// Whatever users have done to a tree before it becomes another one, or do meanwhile.

#include "tests/peer/tree/renewing.hpp"
#include "tests/support/name_of.hpp"
#include "tests/support/random_history.hpp"

#include <atomic>
#include <fstream>
#include <functional>
#include <random>

namespace swarmout::test {

namespace fs = std::filesystem;

namespace {

struct Disturbance {
  std::string name;
  std::function<void(const Path& tree)> disturb;
};

class DisturbedTest : public Renewing, public testing::WithParamInterface<Disturbance> {};

std::vector<Disturbance> disturbances() {
  return {{"AddsAFile", [](const Path& tree) { write_file(tree / "dir/c", "c"); }},
          {"AddsAFileToTheRoot", [](const Path& tree) { write_file(tree / "c", ""); }},
          {"RemovesOne", [](const Path& tree) { fs::remove(tree / "dir/a"); }},
          {"RemovesALink", [](const Path& tree) { fs::remove(tree / "link"); }},
          {"EditsOneThatWasKept", [](const Path& tree) { edit_in_secret(tree / "dir/a"); }},
          {"EditsOneThatWasWritten",
           [](const Path& tree) {
             let_time_pass();
             edit_in_secret(tree / "dir/b");
           }},
          {"LinksOne", [](const Path& tree) { fs::create_hard_link(tree / "dir/a", tree.parent_path() / "target-x"); }},
          {"ChangesTheXBit", [](const Path& tree) { ::chmod((tree / "run").c_str(), 0644); }},
          {"TurnsALink",
           [](const Path& tree) {
             fs::remove(tree / "link");
             fs::create_symlink("dir/b", tree / "link");
           }},
          {"PutsALinkInPlaceOfADirectory", [](const Path& tree) {
             fs::rename(tree / "dir", tree.parent_path() / "target-away");
             fs::create_symlink("../target-away", tree / "dir");
           }}};
}

}  // namespace

TEST_P(DisturbedTest, WhoeverWorksInItMeanwhileIsFoundOut) {
  make_old(kSmall);
  Tree tree = kSmall;
  tree[2] = file_of("dir/b", "another b");
  const Manifest manifest = packed(tree, old_);
  ASSERT_OK(renew(manifest));

  GetParam().disturb(target_);

  EXPECT_THAT(unpacker_->seal(), FailsWith(ErrorCode::temporary));
}

TEST_P(DisturbedTest, WhoeverWorkedInATreeThatWasBelievedIsFoundOutAndItIsMadeRight) {
  make_old(kSmall);
  Tree tree = kSmall;
  tree[2] = file_of("dir/b", "another b");
  const Manifest manifest = packed(tree, old_);
  GetParam().disturb(target_);
  const OldTree old{&old_, stamps_, look_, true};
  const auto made = make(manifest, nullptr, old);
  EXPECT_TRUE(!made || !unpacker_->seal() || GetParam().name == "EditsOneThatWasWritten");

  believed_ = true;
  ASSERT_OK(renew(manifest));

  EXPECT_EQ(looks(target_), fresh(manifest));
  ASSERT_OK(unpacker_->seal());
}

INSTANTIATE_TEST_SUITE_P(Renewal, DisturbedTest, testing::ValuesIn(disturbances()), kNameOf);

TEST_P(RenewalTest, WhatIsInTheWayOfSomethingNewIsReplacedAndNotWrittenInto) {
  make_old(kSmall);
  write_file(outside_ / "theirs", noise(12 * kMiB, 3));
  write_file(target_ / "dir/firmware", noise(12 * kMiB, 4));
  fs::create_hard_link(outside_ / "theirs", target_ / "linked");
  fs::create_directories(target_ / "new/theirs");
  fs::create_hard_link(outside_ / "theirs", target_ / "new/large");
  Tree tree = kSmall;
  tree.insert(tree.begin() + 3, file_of("dir/firmware", noise(8 * kMiB, 5)));
  tree.insert(tree.end() - 1, file_of("linked", std::string(9 * kMiB, '\0')));
  tree.insert(tree.end() - 1, {directory("new"), ""});
  tree.insert(tree.end() - 1, file_of("new/large", noise(8 * kMiB, 6)));
  const Manifest manifest = packed(tree, old_);

  ASSERT_OK(renew(manifest));

  EXPECT_EQ(looks(target_), fresh(manifest));
  ASSERT_OK(unpacker_->seal());
  EXPECT_EQ(read_file(outside_ / "theirs", kGiB).value(), noise(12 * kMiB, 3));
  fs::remove(outside_ / "theirs");
}

TEST_P(RenewalTest, WhoeverReadsOrTouchesMeanwhileIsNoTrouble) {
  make_old(kSmall);
  ASSERT_OK(renew(old_));

  read_file(target_ / "dir/a", 100).value();
  fs::last_write_time(target_ / "dir/b", fs::file_time_type::clock::now());

  EXPECT_EQ(unpacker_->seal().has_value(), !believed_) << "what was only believed is looked at, then";
}

TEST_P(RenewalTest, AProcessThatWorksInItAllTheTimeLeavesARightTreeOrAnError) {
  std::atomic<bool> stop{false};
  int right = 0;
  for (int round = 0; round < 12; ++round) {
    fs::remove_all(target_);
    fs::create_directories(target_);
    make_old(kSmall);
    std::jthread worker([&, round] {
      for (int i = 0; !stop; ++i) {
        std::error_code error;
        const Path file = target_ / "dir" / fmt::format("junk{}", i % 5);
        { std::ofstream(file) << "x"; }
        fs::rename(file, target_ / "junk", error);
        if (round % 3 == 0) {
          fs::remove_all(target_ / "dir", error);
          fs::create_directory(target_ / "dir", error);
        }
      }
    });
    const auto renewed = renew_and_seal(kSmall);
    stop = true;
    worker.join();
    stop = false;
    right += renewed ? 1 : 0;
    EXPECT_TRUE(renewed || renewed.error().code != ErrorCode::refused) << to_string(renewed.error());
  }
  EXPECT_LT(right, 12) << "nobody disturbed anything";
}

TEST_P(RenewalTest, AnyHistoryWithAnyDamageBecomesTheSameAsAFreshTree) {
  constexpr int kSteps = 40;
  const std::uint32_t seed = 71;
  RandomHistory history(seed);
  std::mt19937 random(seed);
  history.step();
  make_old(given(history.tree()));
  write_file(outside_ / "linked", "outside");
  std::size_t kept = 0;
  for (int step = 0; step < kSteps && !HasFailure(); ++step) {
    SCOPED_TRACE(step);
    std::vector<Path> files;
    std::vector<Path> folders{target_};
    for (const auto& each : fs::recursive_directory_iterator(target_)) {
      (each.is_directory() && !each.is_symlink() ? folders : files).push_back(each.path());
    }
    for (std::size_t damages = random() % 5; damages > 0; --damages) {
      const Path file = files.empty() ? target_ / "none" : files[random() % files.size()];
      const Path folder = folders[random() % folders.size()];
      const bool regular = fs::is_regular_file(fs::symlink_status(file));
      std::error_code error;
      switch (random() % 7) {
        case 0:
          if (regular && fs::file_size(file) > 0) {
            edit_in_secret(file);
          }
          break;
        case 1:
          write_file(folder / fmt::format("n{}", random() % 40), "somebody's");
          break;
        case 2:
          fs::remove(file, error);
          break;
        case 3:
          fs::remove(file, error);
          fs::create_symlink(outside_ / "linked", file, error);
          break;
        case 4:
          fs::remove(file, error);
          fs::create_hard_link(outside_ / "linked", file, error);
          break;
        case 5:
          fs::permissions(random() % 2 == 0 && regular ? file : folder, fs::perms(random() % 0777), error);
          break;
        default:
          if (folder != target_) {
            fs::remove_all(folder, error);
            std::erase_if(folders, [&](const Path& each) { return each.native().starts_with(folder.native()); });
            std::erase_if(files, [&](const Path& each) { return each.native().starts_with(folder.native()); });
          }
      }
    }
    history.step();
    const Manifest manifest = packed(given(history.tree()), old_);

    ASSERT_OK(renew(manifest));

    EXPECT_EQ(looks(target_), fresh(manifest));
    EXPECT_EQ(listing(target_), listing_of(given(history.tree())));
    EXPECT_EQ(read_file(outside_ / "linked", 100).value(), "outside");
    EXPECT_EQ(info_of(outside_ / "linked").st_nlink, 1U);
    kept += unpacker_->kept_files();
    if (step % 3 != 0) {
      let_time_pass();  // else there are few stamps
    }
    ASSERT_OK_AND_ASSIGN(stamps_, unpacker_->seal());
    old_ = manifest;
  }
  EXPECT_GT(kept, 100U);
  fs::remove(outside_ / "linked");
}

}  // namespace swarmout::test
