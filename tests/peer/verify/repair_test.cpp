#include "peer/verify/repair.hpp"

#include "peer/verify/part_of_manifest.hpp"
#include "tests/peer/verify/verifying.hpp"
#include "tests/support/ordinary_user.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RepairTest : public VerifyingTest {
protected:
  RepairTest() {
    unpack(some_tree());
    std::filesystem::create_directories(scratch_);
  }
  /// What is wrong still.
  std::vector<Difference> repair(const std::vector<ContentSource>& sources) {
    Repair repair(manifest_, target_, scratch_, check().differences);
    for (const ContentSource& each : sources) {
      EXPECT_THAT(repair.find_in(each), IsOk());
    }
    EXPECT_THAT(repair.apply(), IsOk());
    return repair.left();
  }
  std::string content(const std::string& path) { return read_file(target_ / path, kGiB).value_or("(nothing)"); }

  const Path scratch_ = temp_ / "target-scratch";
};

std::map<std::string, std::string> as_signed() {
  return listing_of(Tree{{directory("dir"), ""},
                         file_of("dir/large", noise(20 * kMiB + 17, 9)),
                         file_of("dir/run", "#!/bin/sh\n", true),
                         file_of("empty", ""),
                         {symlink("link", "dir/large"), ""},
                         file_of("text", prose(100 * kKiB)),
                         {directory("void"), ""}});
}

}  // namespace

TEST_F(RepairTest, EverythingThatCanBeWrongIsMadeRight) {
  const std::vector<std::function<void()>> damages = {
      [&] { write_file(target_ / "text", "other"); },
      [&] { std::filesystem::remove(target_ / "empty"); },
      [&] { std::filesystem::remove_all(target_ / "dir"); },
      [&] { write_file(target_ / "void/extra/deep", "x"); },
      [&] { ::chmod((target_ / "dir/run").c_str(), 0644); },
      [&] {
        std::filesystem::remove(target_ / "link");
        write_symlink(target_ / "link", "/etc/passwd");
      },
      [&] {
        std::filesystem::remove(target_ / "text");
        std::filesystem::create_directories(target_ / "text/in");
      },
      [&] {
        std::filesystem::remove_all(target_ / "dir");
        write_file(target_ / "dir", "a file");
      },
      [&] {
        std::filesystem::rename(target_ / "dir", target_ / "elsewhere");
        write_symlink(target_ / "dir", "elsewhere");
      },
      [&] {
        std::filesystem::remove_all(target_);
        std::filesystem::create_directories(target_);
      },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    damages[i]();
    ASSERT_THAT(check().differences, Not(IsEmpty())) << "damage " << i;

    EXPECT_THAT(repair({content_of(store_)}), IsEmpty()) << "damage " << i;

    EXPECT_EQ(listing(target_), as_signed()) << "damage " << i;
    std::filesystem::remove_all(scratch_);
    std::filesystem::create_directories(scratch_);
  }
}

TEST_F(RepairTest, WhatLeadsOutOfTheTreeIsNotFollowed) {
  std::filesystem::remove_all(target_ / "dir");
  write_symlink(target_ / "dir", outside_.native());

  EXPECT_THAT(repair({content_of(store_)}), IsEmpty());

  EXPECT_EQ(listing(target_), as_signed());  // and what is outside is looked at by TearDown()
}

TEST_F(RepairTest, AReaderHasTheOldFileOrTheNewOne) {
  write_file(target_ / "text", "other");
  const auto open_before = open_file(target_ / "text", O_RDONLY);

  EXPECT_THAT(repair({content_of(store_)}), IsEmpty());

  EXPECT_EQ(read_open_file(open_before->get(), kMiB, "text").value(), "other") << "it was not written to";
  EXPECT_EQ(content("text"), prose(100 * kKiB));
}

TEST_F(RepairTest, WhatNobodyHasStaysAndTheRestIsRepaired) {
  std::filesystem::remove(target_ / "text");
  std::filesystem::remove(target_ / "void");
  write_file(target_ / "extra", "");

  const auto left = repair({});

  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left.front().path, "text");
  EXPECT_FALSE(path_exists(target_ / "extra"));
  EXPECT_TRUE(path_exists(target_ / "void"));
}

TEST_F(RepairTest, AnotherTreeGivesWhatItHas) {
  const Path other = temp_ / "target-other";
  std::filesystem::copy(target_, other,
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
  std::filesystem::remove(target_ / "text");
  std::filesystem::remove(target_ / "dir/run");
  write_file(other / "dir/run", "#!/bin/sh\n# not what it was", true);

  const auto left = repair({content_of(other, manifest_)});

  EXPECT_EQ(content("text"), prose(100 * kKiB));
  ASSERT_THAT(left, SizeIs(1)) << "its damaged file is not taken over";
  EXPECT_EQ(left.front().path, "dir/run");
}

TEST_F(RepairTest, ADamagedPackDoesNotGetIntoTheTree) {
  std::filesystem::remove(target_ / "text");
  for (std::size_t i = 0; i < manifest_.packs.size(); ++i) {
    const Path pack = pack_file(manifest_, i);
    ::chmod(pack.c_str(), 0644);
    const auto file = open_file(pack, O_RDWR);
    const std::vector<std::byte> zeros(manifest_.packs[i].size - kPackHeader);
    ASSERT_OK(pwrite_all(file->get(), zeros, kPackHeader, "pack"));
  }

  ASSERT_THAT(repair({content_of(store_)}), SizeIs(1));

  EXPECT_FALSE(path_exists(target_ / "text"));
}

TEST_F(RepairTest, TheRangesAreAllThatIsNeeded) {
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t i = 0; i < manifest_.nodes.size(); ++i) {
    if (manifest_.nodes[i].path == "text") {
      nodes.push_back(i);
    }
  }
  const Manifest part = part_of(manifest_, nodes);
  ASSERT_THAT(part.nodes, SizeIs(1));
  const FileRanges ranges = ranges_for(part);
  ASSERT_FALSE(ranges.empty());
  // Packs with holes where nothing is said to be needed.
  const Path packs = temp_ / "target-packs";
  std::filesystem::create_directories(packs);
  Bytes needed = 0;
  for (const PackInfo& pack : manifest_.packs) {
    const auto wanted = ranges.find(pack_name(pack.root));
    if (wanted == ranges.end()) {
      continue;
    }
    const std::string whole = read_file(store_.pack_path(pack.root), kGiB).value();
    const auto file = open_file(packs / pack_name(pack.root), O_RDWR | O_CREAT);
    for (const auto& [begin, end] : wanted->second) {
      needed += end - begin;
      ASSERT_OK(pwrite_all(file->get(), as_bytes(std::string_view(whole).substr(begin, end - begin)), begin, "pack"));
    }
    std::filesystem::resize_file(packs / pack_name(pack.root), pack.size);
  }

  const Path into = temp_ / "target-into";
  std::filesystem::create_directories(into);
  ASSERT_OK(unpack_part(part, packs, into));

  EXPECT_EQ(read_file(into / "text", kMiB).value_or(""), prose(100 * kKiB));
  EXPECT_LT(needed, 5 * kMiB) << "of 20 MiB";
}

TEST_F(RepairTest, WhatIsExtraGoesWithoutRoomForAnythingElse) {
  write_file(target_ / "void" / "core", "as large as the disk");
  write_file(target_ / "text", "other");
  ::chmod((target_ / "dir/run").c_str(), 0644);
  Repair repair(manifest_, target_, temp_ / "not-made", check().differences);

  repair.remove_extras();
  EXPECT_THAT(repair.left(), SizeIs(2));
  EXPECT_FALSE(path_exists(target_ / "void" / "core"));

  EXPECT_THAT(repair.apply(), IsOk());
  EXPECT_THAT(faults(), ElementsAre(std::pair(std::string("text"), Fault::content)));
}

TEST_F(RepairTest, WhatNeedsNoContentIsMadeRightThoughContentIsNotFound) {
  write_file(target_ / "text", "other");
  ::chmod((target_ / "dir/run").c_str(), 0644);
  std::filesystem::remove(target_ / "link");

  const auto left = repair({});

  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left.front().path, "text");
  EXPECT_THAT(faults(), ElementsAre(std::pair(std::string("text"), Fault::content)));
}

TEST_F(RepairTest, WhoOwnsTheTreeRepairsAlsoWhatHeMayNotChange) {
  write_file(target_ / "dir" / "extra" / "below", "x");
  write_file(target_ / "dir" / "run", "other");
  ::chmod((target_ / "dir" / "extra").c_str(), 0555);
  ::chmod((target_ / "dir").c_str(), 0555);
  ::chmod(target_.c_str(), 0555);
  ::chmod((target_ / "void").c_str(), 0000);

  const std::string said = as_ordinary_user(temp_.path(), [&]() -> std::string {
    const auto checked = check_tree(manifest_, target_, [](const CheckProgress&) {}, {});
    if (!checked) {
      return words_of(checked);
    }
    Repair repair(manifest_, target_, scratch_, checked->differences);
    const auto found = repair.find_in(content_of(store_));
    const auto applied = found ? repair.apply() : found;
    return applied && !repair.left().empty() ? "left: " + summary_of(repair.left()) : words_of(applied);
  });

  EXPECT_EQ(said, "well");
  EXPECT_EQ(listing(target_), as_signed());
}

}  // namespace swarmout::test
