// From release to release by deltas, in a store of packs, as a clone does it.

#include "common/delta/delta_packer.hpp"

#include "common/delta/pack_contents.hpp"
#include "seeder/delta/delta_maker.hpp"
#include "tests/support/random_history.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

TreeEntry entry_of(const std::string& path, const MadeEntry& made) {
  TreeEntry entry;
  entry.path = path;
  entry.kind = made.kind == Node::Kind::directory ? TreeEntry::Kind::directory
               : made.kind == Node::Kind::symlink ? TreeEntry::Kind::symlink
                                                  : TreeEntry::Kind::file;
  entry.executable = made.kind == Node::Kind::executable;
  if (entry.kind == TreeEntry::Kind::symlink) {
    entry.target = made.content;
  } else {
    entry.size = made.content.size();
  }
  return entry;
}

/// A leader, who has the trees, and a clone, who has the first release and deltas.
class DeltaPackerTest : public testing::Test {
protected:
  /// As the leader packs it, against what it packed before; kept in its store.
  Manifest publish(const MadeTree& tree, int level = kDefaultZstdLevel) {
    PackProgress progress;
    Packer packer(leader_, newest_, progress, level);
    for (const auto& [path, made] : tree) {
      const TreeEntry entry = entry_of(path, made);
      EXPECT_THAT(packer.entry(entry), IsOk());
      if (entry.kind == TreeEntry::Kind::file) {
        EXPECT_THAT(packer.data(as_bytes(made.content)), IsOk());
      }
    }
    newest_ = keep(leader_, packer.finish());
    return *newest_;
  }
  Manifest keep(Store& store, Result<PackedRelease> packed) {
    EXPECT_THAT(packed, IsOk());
    for (const PackFile& each : packed->packs) {
      EXPECT_THAT(store.add_pack(each), IsOk());
    }
    return packed->manifest;
  }
  std::string delta(const Manifest& before, const Manifest& after) {
    PackContents old(leader_, before);
    PackContents fresh(leader_, after);
    const auto made = make_delta(before, after, old, fresh, {.level = 3});
    EXPECT_THAT(made, IsOk());
    return made && *made ? **made : "";
  }
  Result<PackedRelease> apply(const Manifest& before, std::string_view delta, int level = kDefaultZstdLevel) {
    PackProgress progress;
    PackContents old(clone_, before);
    return pack_delta(clone_, before, old, as_bytes(delta), level, progress, {});
  }
  /// What every host fetches at first.
  void copy_packs(const Manifest& manifest) {
    for (const PackInfo& each : manifest.packs) {
      std::filesystem::copy_file(leader_.pack_path(each.root), clone_.pack_path(each.root));
    }
  }

  TempDir dir_;
  Store leader_ = Store::open(dir_ / "leader").value();
  Store clone_ = Store::open(dir_ / "clone").value();
  std::optional<Manifest> newest_;
};

}  // namespace

TEST_F(DeltaPackerTest, ACloneThatTakesDeltasHasThePacksAndTheManifestsOfTheLeader) {
  RandomHistory history(1);
  history.step();
  Manifest before = publish(history.tree());
  copy_packs(before);
  for (int i = 0; i < 40; ++i) {
    history.step();
    const Manifest after = publish(history.tree());

    const Manifest made = keep(clone_, apply(before, delta(before, after)));

    ASSERT_TRUE(encode_manifest(made) == encode_manifest(after)) << "release " << i;
    before = made;
  }
}

TEST_F(DeltaPackerTest, LargeFilesAreNotReadWhereTheyAreTheSame) {
  std::mt19937 random(2);
  const std::string large = random_bytes(random, 40 * kMiB);
  std::string changed = large;
  changed[20 * kMiB] = static_cast<char>(changed[20 * kMiB] ^ 1);
  const Manifest before = publish({{"large", {Node::Kind::file, large}}, {"other", {Node::Kind::file, "x\n"}}});
  copy_packs(before);
  const Manifest after = publish({{"large", {Node::Kind::file, changed}}, {"other", {Node::Kind::file, "x\n"}}});

  const std::string sent = delta(before, after);
  const Manifest made = keep(clone_, apply(before, sent));

  EXPECT_TRUE(encode_manifest(made) == encode_manifest(after));
  EXPECT_LT(sent.size(), 2000U);
}

TEST_F(DeltaPackerTest, AtAnotherLevelItIsAnotherRelease) {
  RandomHistory history(3);
  history.step();
  const Manifest before = publish(history.tree());
  copy_packs(before);
  std::mt19937 random(3);
  MadeTree tree = history.tree();
  tree["text"] = {Node::Kind::file, random_lines(random, 2000)};
  const Manifest after = publish(tree, 9);
  const std::string sent = delta(before, after);

  ASSERT_OK_AND_ASSIGN(const PackedRelease other, apply(before, sent, 1));
  EXPECT_FALSE(encode_manifest(other.manifest) == encode_manifest(after));
  ASSERT_OK_AND_ASSIGN(const PackedRelease same, apply(before, sent, 9));
  EXPECT_TRUE(encode_manifest(same.manifest) == encode_manifest(after));
}

TEST_F(DeltaPackerTest, ADamagedPackOfTheStoreIsNamed) {
  const Manifest before = publish({{"a", {Node::Kind::file, "one\ntwo\n"}}});
  copy_packs(before);
  const Manifest after = publish({{"a", {Node::Kind::file, "one\n2\n"}}});
  const std::string sent = delta(before, after);
  const Path pack = clone_.pack_path(before.packs.at(0).root);
  const std::string bytes = read_file(pack, kMiB).value();
  ASSERT_OK(replace_file(pack, as_bytes(bytes.substr(0, bytes.size() - 3) + "xyz")));

  EXPECT_THAT(apply(before, sent), FailsWith(ErrorCode::refused));

  std::filesystem::remove(pack);
  EXPECT_THAT(apply(before, sent), FailsWith(ErrorCode::not_found));
}

}  // namespace swarmout::test
