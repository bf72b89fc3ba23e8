#include "peer/keep/collector.hpp"

#include "peer/keep/hand_pins.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A host with trees of releases 1, 2, …, each with a record and a manifest.
class CollectorTest : public testing::Test {
protected:
  SignedDescriptor make(std::uint64_t position) {
    Manifest manifest;
    manifest.revision = "r" + std::to_string(position);
    const std::string bytes = encode_manifest(manifest);
    EXPECT_THAT(store_.put_manifest(bytes), IsOk());
    SignedDescriptor release;
    release.descriptor.position = {position};
    release.descriptor.revision = manifest.revision;
    release.descriptor.manifest = sha256(bytes);
    release.descriptor.created = "2026-11-23T12:00:0" + std::to_string(position) + "Z";
    release.text = encode(release.descriptor);
    release.signature = "signature";
    EXPECT_THAT(store_.record(release), IsOk());
    const auto incoming = trees_.begin(release.descriptor);
    EXPECT_THAT(incoming, IsOk());
    write_file(*incoming / "file", manifest.revision);
    EXPECT_THAT(trees_.accept(release.descriptor), IsOk());
    return release;
  }
  Collected run(
      const std::function<void(const Removal&)>& told = [](const Removal&) {}, const Needs& needs = {}) {
    GcOptions options;
    options.keep = 1;
    auto collected = collect(store_, trees_, needs, options, told);
    EXPECT_THAT(collected, IsOk());
    return std::move(collected).value_or(Collected{});
  }
  void pin(const SignedDescriptor& release) {
    ASSERT_OK(HandPins(store_.state())
                  .put({release.descriptor.manifest, release.descriptor.position, release.descriptor.revision, "",
                        "audit", "ann", "2026-11-23T12:00:00Z"}));
  }

  TempDir dir_;
  Store store_ = Store::open(dir_ / "state").value();
  ReleaseTrees trees_ = ReleaseTrees::open(dir_ / "dest", dir_ / "state").value();
};

}  // namespace

TEST_F(CollectorTest, WhatIsPinnedWhileItIsAtWorkStays) {
  const std::vector<SignedDescriptor> all = {make(1), make(2), make(3)};
  bool pinned = false;

  run([&](const Removal&) {  // of whichever tree was first
    for (const SignedDescriptor& each : all) {
      if (!pinned && trees_.has(each.descriptor) && each.descriptor.position.value < 3) {
        pinned = true;
        pin(each);
      }
    }
  });

  ASSERT_TRUE(pinned);
  ASSERT_OK_AND_ASSIGN(const auto pins, HandPins(store_.state()).all());
  ASSERT_THAT(pins, SizeIs(1));
  const Descriptor& kept = all.at(pins.front().release.value - 1).descriptor;
  EXPECT_TRUE(trees_.has(kept));
  EXPECT_THAT(store_.manifest_bytes(kept.manifest), IsOk());
  EXPECT_THAT(store_.releases().value(), SizeIs(2));
}

TEST_F(CollectorTest, ALostManifestOfWhatStaysKeepsPacksAndNoTrees) {
  const SignedDescriptor old = make(1);
  make(2);
  const SignedDescriptor damaged = make(3);
  ASSERT_OK(remove_tree(store_.state() / "manifests" / damaged.descriptor.manifest.hex()));

  const Collected collected = run();

  EXPECT_FALSE(trees_.has(old.descriptor));
  EXPECT_THAT(collected.put_off, HasSubstr("release 3"));
  EXPECT_THAT(store_.releases().value(), SizeIs(3));
}

TEST_F(CollectorTest, ALostManifestOfWhatGoesKeepsNothing) {
  const SignedDescriptor damaged = make(1);
  const SignedDescriptor old = make(2);
  make(3);
  ASSERT_OK(remove_tree(store_.state() / "manifests" / damaged.descriptor.manifest.hex()));

  const Collected collected = run();

  EXPECT_EQ(collected.put_off, "");
  EXPECT_FALSE(trees_.has(old.descriptor));
  EXPECT_THAT(store_.releases().value(), SizeIs(1));
}

TEST_F(CollectorTest, WhatIsOnItsWayStays) {
  const SignedDescriptor on_its_way = make(1);
  make(2);

  run([](const Removal&) {}, {{on_its_way.descriptor.manifest, "on its way"}});

  EXPECT_TRUE(trees_.has(on_its_way.descriptor));
  EXPECT_THAT(store_.releases().value(), SizeIs(2));
}

TEST_F(CollectorTest, AnotherTreeOfWhatIsCurrentIsNotNeeded) {
  const SignedDescriptor old = make(1);
  SignedDescriptor again = old;  // the same content, published once more
  again.descriptor.position = {2};
  ASSERT_OK(trees_.begin(again.descriptor));
  ASSERT_OK(trees_.accept(again.descriptor));
  ASSERT_OK(trees_.activate(again.descriptor));

  run([](const Removal&) {}, {{old.descriptor.manifest, std::string(kCurrent)}});

  EXPECT_FALSE(trees_.has(old.descriptor));
  EXPECT_TRUE(trees_.has(again.descriptor));
  EXPECT_THAT(store_.manifest_bytes(old.descriptor.manifest), IsOk()) << "its packs are those of the current one";
}

TEST_F(CollectorTest, WhatCannotBeRemovedIsToldAfterWhatWas) {
  const SignedDescriptor stuck = make(1);
  const SignedDescriptor old = make(2);
  make(3);
  write_file(dir_ / "dest" / (".incoming-peer-removed-" + release_name(stuck.descriptor)) / "in the way", "x");

  const Collected collected = run();

  EXPECT_TRUE(collected.failed);
  EXPECT_FALSE(trees_.has(old.descriptor));
}

}  // namespace swarmout::test
