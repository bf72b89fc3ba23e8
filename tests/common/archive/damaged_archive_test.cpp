// What is no export, or was one: each kind of damage is refused, and nothing wrong is in the store.

#include "tests/common/archive/archives.hpp"

#include <cstdio>
#include <functional>
#include <random>

namespace swarmout::test {

namespace {

class DamagedArchive : public Archives {
protected:
  /// Refused for this reason, and nothing of it counts.
  void expect_refused(const std::string& archive, const std::string& why) {
    SCOPED_TRACE(why);
    Store far = Store::open(dir_ / ("far" + std::to_string(++stores_))).value();
    EXPECT_THAT(bring(archive, far), FailsWith(ErrorCode::refused, why));
    EXPECT_EQ(imported(far), 0u);
    EXPECT_LE(good_packs(far), 3u);
    expect_no_leftovers(far);
  }

  std::string manifest() { return origin_.manifest_bytes(release_.descriptor.manifest).value(); }
  std::string pack(std::size_t index) { return read_file(origin_.pack_path(packs().at(index).root), kMiB).value(); }
  std::string pack_member(std::size_t index) { return member_of(pack_name(packs().at(index).root), pack(index)); }
  /// The archive up to its packs.
  std::string head() {
    return member_of("descriptor", release_.text) + member_of("descriptor.minisig", release_.signature) +
           member_of("manifest", manifest());
  }
  std::string all_packs() { return pack_member(0) + pack_member(1) + pack_member(2); }
  std::string end() { return std::string(kTarEnd, '\0'); }

  /// A header of the first member as somebody else would write it.
  std::string with_header(const std::function<void(std::string&)>& change) {
    std::string header = header_of(member_name("descriptor"), release_.text.size());
    change(header);
    unsigned sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i) {
      sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
    }
    std::snprintf(header.data() + 148, 8, "%06o", sum);
    return header + archive_of(release_).substr(kTarBlock);
  }

  int stores_ = 0;
};

}  // namespace

TEST_F(DamagedArchive, WhatTheTestsArePutTogetherOfIsAWholeOne) {
  EXPECT_THAT(bring(head() + all_packs() + end()), IsOk());
  EXPECT_THAT(bring(with_header([](std::string&) {})), IsOk()) << "a checksum as everybody writes it";
}

TEST_F(DamagedArchive, ReleasesOfAKeyThatIsNotTrustedAreRefusedBeforeAnythingIsKept) {
  EXPECT_THAT(bring(archive_of(release_), far_, TrustedKeys(strangers_key().verify_key())),
              FailsWith(ErrorCode::refused, fleet_key().verify_key().id()));
  EXPECT_EQ(good_packs(far_), 0u);
  EXPECT_THAT(list_directory(far_.state() / "swarm").value(), testing::IsEmpty());
}

TEST_F(DamagedArchive, AnotherDescriptorThanTheSignedOneIsRefused) {
  std::string text = release_.text;
  text.replace(text.find("position 42"), 11, "position 43");
  expect_refused(member_of("descriptor", text) + member_of("descriptor.minisig", release_.signature) +
                     member_of("manifest", manifest()) + all_packs() + end(),
                 "the archive");
}

TEST_F(DamagedArchive, TheManifestOfAnotherReleaseIsRefused) {
  std::string other = manifest();
  other.back() ^= 1;
  expect_refused(member_of("descriptor", release_.text) + member_of("descriptor.minisig", release_.signature) +
                     member_of("manifest", other) + all_packs() + end(),
                 "another manifest than was signed");
}

TEST_F(DamagedArchive, ASignedDescriptorThatDoesNotFitItsManifestIsRefused) {
  SignedDescriptor lying = release_;
  lying.descriptor.tree_size += 1;
  lying.text = encode(lying.descriptor);
  lying.signature = fleet_key().sign(lying.text, "a release").value();
  expect_refused(member_of("descriptor", lying.text) + member_of("descriptor.minisig", lying.signature) +
                     member_of("manifest", manifest()) + all_packs() + end(),
                 "do not fit");
}

TEST_F(DamagedArchive, OtherBytesInAPackAreRefused) {
  std::string bytes = pack(1);
  bytes[bytes.size() / 2] ^= 1;
  expect_refused(head() + pack_member(0) + member_of(pack_name(packs()[1].root), bytes) + pack_member(2) + end(),
                 "other bytes in");
}

TEST_F(DamagedArchive, APackOfAnotherSizeIsRefusedBeforeItIsRead) {
  expect_refused(head() + member_of(pack_name(packs()[0].root), pack(0) + "x"), "it must have");
  expect_refused(head() + header_of(member_name(pack_name(packs()[0].root)), 1000 * kGiB), "it must have");
}

TEST_F(DamagedArchive, AMissingMemberIsRefused) {
  expect_refused(head() + pack_member(0) + pack_member(2) + end(), "belongs");
  expect_refused(head() + pack_member(0) + pack_member(1) + end(), "belongs");
  expect_refused(member_of("descriptor", release_.text) + member_of("manifest", manifest()) + all_packs() + end(),
                 "belongs");
}

TEST_F(DamagedArchive, AMemberInTheWrongPlaceIsRefused) {
  expect_refused(head() + pack_member(1) + pack_member(0) + pack_member(2) + end(), "belongs");
  expect_refused(member_of("manifest", manifest()) + member_of("descriptor", release_.text), "belongs");
}

TEST_F(DamagedArchive, AMemberTooManyIsRefused) {
  expect_refused(head() + all_packs() + member_of("more", "content") + end(), "something else than zeros");
  expect_refused(head() + all_packs() + pack_member(2) + end(), "something else than zeros");
}

TEST_F(DamagedArchive, WhateverFollowsTheEndIsRefused) {
  expect_refused(archive_of(release_) + "x", "goes on behind its end");
  expect_refused(archive_of(release_) + std::string(9 * 1024, '\0'), "goes on behind its end");
  expect_refused(archive_of(release_) + archive_of(release_), "goes on behind its end");
}

TEST_F(DamagedArchive, OversizedMembersAreRefusedBeforeMemoryIsTaken) {
  expect_refused(header_of(member_name("descriptor"), kMaxDescriptorText + 1), "at most");
  expect_refused(header_of(member_name("descriptor"), 4096 * kGiB), "at most");
  expect_refused(member_of("descriptor", release_.text) + header_of(member_name("descriptor.minisig"), 1001),
                 "at most");
  expect_refused(member_of("descriptor", release_.text) + member_of("descriptor.minisig", release_.signature) +
                     header_of(member_name("manifest"), kMaxManifestFile),
                 "it must have");
  expect_refused(header_of(member_name("descriptor"), 0), "at most");
}

TEST_F(DamagedArchive, NoOtherDialectOfTarIsBelieved) {
  for (const char type : {'L', 'K', 'x', 'g', 'S', '1', '2', '3', '5', '6', '7', '\0', 'V', 'M'}) {
    expect_refused(with_header([&](std::string& header) { header[156] = type; }), "that no export has");
  }
  expect_refused(with_header([](std::string& header) { header.replace(157, 4, "/etc"); }), "that no export has");
  expect_refused(with_header([](std::string& header) { header.replace(257, 8, "ustar  \0", 8); }),
                 "that no export has");
  expect_refused(with_header([](std::string& header) { header.replace(345, 3, "../"); }), "that no export has");
  expect_refused(with_header([](std::string& header) { header.replace(124, 4, "\xff\xff\xff\xff"); }),
                 "that no export has");
  expect_refused(with_header([](std::string& header) { header.replace(124, 4, "-001"); }), "that no export has");
  expect_refused(with_header([](std::string& header) { header.replace(0, 3, "../"); }), "belongs");
  expect_refused(with_header([](std::string& header) { header.replace(0, 20, "\x1b[2Jswarmout-export-2"); }),
                 "belongs");
}

TEST_F(DamagedArchive, WhatFillsUpABlockIsZeros) {
  std::string archive = archive_of(release_);
  archive[kTarBlock + release_.text.size()] = 'x';
  expect_refused(archive, "something else than zeros behind descriptor");
}

TEST_F(DamagedArchive, CutOffAnywhereItIsRefusedAndGoesOn) {
  const std::string archive = archive_of(release_);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < archive.size(); at += kTarBlock) {  // each member, its header, its end, and within it
    places.insert(places.end(), {at, at + 1, at + kTarBlock - 1});
  }
  for (const std::size_t at : places) {
    SCOPED_TRACE(at);
    ASSERT_THAT(bring(archive.substr(0, std::min(at, archive.size() - 1))), FailsWith(ErrorCode::refused, "cut off"));
    ASSERT_EQ(imported(far_), 0u);
  }
  expect_no_leftovers(far_);
  EXPECT_EQ(good_packs(far_), 3u) << "bit by bit";
  EXPECT_THAT(bring(archive), IsOk());
}

TEST_F(DamagedArchive, AFlippedBitAnywhereIsRefused) {
  const std::string archive = archive_of(release_);
  std::mt19937_64 random(20261129);
  for (int i = 0; i < 400; ++i) {
    std::string damaged = archive;
    const std::size_t at = random() % archive.size();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    SCOPED_TRACE(at);
    Store far = Store::open(dir_ / ("flipped" + std::to_string(i))).value();
    ASSERT_THAT(bring(damaged, far), FailsWith(ErrorCode::refused));
    ASSERT_EQ(imported(far), 0u);
    ASSERT_LE(good_packs(far), 3u);
    expect_no_leftovers(far);
    ASSERT_OK(remove_tree(far.state() / "packs"));
  }
}

TEST_F(DamagedArchive, NothingOfItIsAnArchive) {
  expect_refused("", "cut off");
  expect_refused(noise(5000), "belongs");
  expect_refused(std::string(2048, '\0'), "belongs");
}

}  // namespace swarmout::test
