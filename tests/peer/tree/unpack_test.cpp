#include "peer/tree/unpack.hpp"

#include "tests/peer/tree/unpacking.hpp"

#include <sys/stat.h>

namespace swarmout::test {

namespace {

class UnpackTest : public UnpackingTest {
protected:
  unsigned mode_of(const std::string& path) const {
    struct stat info {};
    EXPECT_EQ(::lstat((target_ / path).c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
};

/// Two packs: what is new goes to a pack of its own.
struct TwoPacks {
  Tree first = {file_of("a", noise(300 * kKiB, 1)), file_of("b", noise(300 * kKiB, 2))};
  Tree both = {file_of("a", noise(300 * kKiB, 1)), file_of("b", noise(300 * kKiB, 2)),
               file_of("c", noise(300 * kKiB, 3)), file_of("d", noise(300 * kKiB, 2))};
};

}  // namespace

TEST_F(UnpackTest, ATreeComesOutAsItWentIn) {
  const Tree tree = {{directory("dir"), ""},
                     file_of("dir/large", noise(9 * kMiB + 17)),
                     file_of("dir/run me", "#!/bin/sh\n", true),
                     file_of("empty", ""),
                     file_of("empty-exec", "", true),
                     {symlink("link", "dir/large"), ""},
                     file_of("text", prose(600 * kKiB)),
                     {directory("void"), ""},
                     {directory("void/in"), ""}};
  const Manifest manifest = packed(tree);

  ASSERT_OK(unpack_all(manifest, target_));

  EXPECT_EQ(listing(target_), listing_of(tree));
}

TEST_F(UnpackTest, ATreeWithNothingInItIsEmpty) {
  const Manifest manifest = packed({});

  ASSERT_OK(unpack_all(manifest, target_));

  EXPECT_TRUE(listing(target_).empty());
  EXPECT_FALSE(unpacker_->needs(0)) << "the pack is there only so that there is one";
}

TEST_F(UnpackTest, ANameMayHaveAnyByte) {
  Tree tree;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '/') {
      tree.push_back(file_of(std::string("n") + static_cast<char>(byte), std::to_string(byte)));
    }
  }
  tree.push_back({symlink("to", "\x01\xff\n\\"), ""});
  const Manifest manifest = packed(tree);

  ASSERT_OK(unpack_all(manifest, target_));

  EXPECT_EQ(listing(target_), listing_of(tree));
}

TEST_F(UnpackTest, PacksMayComeInAnyOrder) {
  const TwoPacks trees;
  const Manifest manifest = packed(trees.both, packed(trees.first));
  ASSERT_EQ(manifest.packs.size(), 2U);
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));

  ASSERT_OK(unpacker->unpack(1, pack_file(manifest, 1)));
  ASSERT_OK(unpacker->unpack(0, pack_file(manifest, 0)));
  ASSERT_OK(unpacker->finish());

  EXPECT_EQ(listing(target_), listing_of(trees.both));
}

TEST_F(UnpackTest, TheSamePackTwiceIsTheSameAsOnce) {
  const TwoPacks trees;
  const Manifest manifest = packed(trees.both, packed(trees.first));
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));

  for (const std::size_t pack : {0, 0, 1, 1, 0}) {
    ASSERT_OK(unpacker->unpack(pack, pack_file(manifest, pack)));
  }
  ASSERT_OK(unpacker->finish());

  EXPECT_EQ(listing(target_), listing_of(trees.both));
  EXPECT_EQ(unpacker->written(), manifest.tree_size());
}

TEST_F(UnpackTest, OfAPackThatIsOnItsWayTheFramesThatAreThereComeOut) {
  const Tree tree = {file_of("a", noise(5 * kMiB, 1)), file_of("b", noise(5 * kMiB, 2))};
  const Manifest manifest = packed(tree);
  ASSERT_EQ(manifest.packs.size(), 1U);
  ASSERT_GT(manifest.frames.size(), 2U);
  const std::string whole = read_file(pack_file(manifest, 0), kGiB).value();
  const Bytes arrived = kPackHeader + manifest.frames[0].packed_size + manifest.frames[1].packed_size / 2;
  const Path file = temp_ / "target-on-its-way.pack";
  write_file(file, whole.substr(0, arrived) + std::string(whole.size() - arrived, '\0'));
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));
  const auto there = [&](Bytes offset, Bytes size) { return offset + size <= arrived; };

  EXPECT_EQ(unpacker->unpack(0, file, [](Bytes, Bytes) { return false; }), false);
  EXPECT_EQ(unpacker->written(), 0U);
  EXPECT_EQ(unpacker->unpack(0, file, there), false);
  EXPECT_EQ(unpacker->written(), manifest.frames[0].raw_size);
  write_file(file, whole);
  EXPECT_EQ(unpacker->unpack(0, file, [](Bytes, Bytes) { return true; }), true);
  ASSERT_OK(unpacker->finish());

  EXPECT_EQ(unpacker->written(), manifest.tree_size()) << "nothing twice";
  EXPECT_EQ(listing(target_), listing_of(tree));
}

TEST_F(UnpackTest, APackThatFailedMayBeTriedAgain) {
  const TwoPacks trees;
  const Manifest manifest = packed(trees.first);
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));
  const Path half = temp_ / "target-half.pack";
  write_file(half, read_file(pack_file(manifest, 0), kGiB).value().substr(0, 100 * kKiB));

  EXPECT_THAT(unpacker->unpack(0, half), FailsWith(ErrorCode::refused));
  EXPECT_THAT(unpacker->unpack(0, temp_ / "target-missing.pack"), FailsWith(ErrorCode::not_found));
  ASSERT_OK(unpacker->unpack(0, pack_file(manifest, 0)));
  ASSERT_OK(unpacker->finish());

  EXPECT_EQ(listing(target_), listing_of(trees.first));
}

TEST_F(UnpackTest, ContentThatManyFilesShareIsWrittenToAllOfThem) {
  Tree tree;
  const std::string shared = noise(5 * kMiB);
  for (int i = 0; i < 20; ++i) {
    tree.push_back(file_of("twin" + std::to_string(i), shared, i % 2 == 0));
  }
  tree.push_back(file_of("twin-and-more", shared + "more"));
  const Manifest manifest = packed(tree);
  ASSERT_LT(manifest.chunks.size(), 20U) << "it is packed once";

  ASSERT_OK(unpack_all(manifest, target_));

  EXPECT_EQ(listing(target_), listing_of(tree));
}

TEST_F(UnpackTest, AFileThatRepeatsItselfIsWhole) {
  const Tree tree = {file_of("zeros", std::string(40 * kMiB, '\0')), file_of("zz", std::string(40 * kMiB, 'z'))};
  const Manifest manifest = packed(tree);

  ASSERT_OK(unpack_all(manifest, target_));

  EXPECT_EQ(listing(target_), listing_of(tree));
}

TEST_F(UnpackTest, OnlyTheXBitOfTheModeIsCarried) {
  const Manifest manifest = packed({{directory("dir"), ""}, file_of("file", "x"), file_of("run", "x", true)});
  const mode_t before = ::umask(022);

  const auto done = unpack_all(manifest, target_);

  ::umask(before);
  ASSERT_OK(done);
  EXPECT_EQ(mode_of("file"), 0644U);
  EXPECT_EQ(mode_of("run"), 0755U);
  EXPECT_EQ(mode_of("dir"), 0755U);
}

TEST_F(UnpackTest, LinksAreMadeLastSoThatNoWriteCanMeetOne) {
  const Manifest manifest = packed({{symlink("a-link", "z"), ""}, file_of("z", "content")});
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));

  ASSERT_OK(unpacker->unpack(0, pack_file(manifest, 0)));
  EXPECT_FALSE(path_exists(target_ / "a-link"));
  ASSERT_OK(unpacker->finish());

  EXPECT_TRUE(path_exists(target_ / "a-link"));
}

TEST_F(UnpackTest, SaysHowMuchIsWritten) {
  const TwoPacks trees;
  const Manifest manifest = packed(trees.both, packed(trees.first));
  ASSERT_OK_AND_ASSIGN(const auto unpacker, Unpacker::start(manifest, target_, nullptr));
  EXPECT_EQ(unpacker->written(), 0U);

  ASSERT_OK(unpacker->unpack(0, pack_file(manifest, 0)));
  EXPECT_EQ(unpacker->written(), 900 * kKiB) << "a, b, and d, which is equal to b";
  ASSERT_OK(unpacker->unpack(1, pack_file(manifest, 1)));

  EXPECT_EQ(unpacker->written(), manifest.tree_size());
}

TEST_F(UnpackTest, ADirectoryThatIsNotThereIsNotFound) {
  const Manifest manifest = packed({file_of("file", "x")});

  EXPECT_THAT(Unpacker::start(manifest, temp_ / "target-missing", nullptr), FailsWith(ErrorCode::not_found));
}

TEST_F(UnpackTest, ADirectoryThatIsNotEmptyIsLeftAlone) {
  write_file(target_ / "empty", "was here before");
  const Manifest manifest = packed({file_of("empty", "")});

  EXPECT_FALSE(unpack_all(manifest, target_));

  EXPECT_EQ(read_file(target_ / "empty", 100).value_or(""), "was here before");
}

}  // namespace swarmout::test
