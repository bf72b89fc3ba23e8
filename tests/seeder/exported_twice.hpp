// An export that only reads what has changed, beside one of everything: both must give the same, bit for bit.

#pragma once

#include "seeder/export.hpp"
#include "seeder/seal.hpp"
#include "seeder/source/tree_guard.hpp"
#include "tests/seeder/epoch_fixture.hpp"
#include "tests/support/random_history.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <string>

namespace swarmout::test {

class ExportedTwice : public EpochTest {
protected:
  /// Puts the difference to what it was given last on the disk: what is the same is not touched.
  void write(const MadeTree& tree) {
    for (auto each = written_.rbegin(); each != written_.rend(); ++each) {
      const auto now = tree.find(each->first);
      if (now == tree.end() || now->second.kind != each->second.kind || now->second.content != each->second.content) {
        std::filesystem::remove_all(tree_ / each->first);
      }
    }
    for (const auto& [path, entry] : tree) {
      const auto before = written_.find(path);
      if (before != written_.end() && before->second == entry && std::filesystem::exists(symlink_status(path))) {
        continue;
      }
      if (entry.kind == Node::Kind::directory) {
        std::filesystem::create_directories(tree_ / path);
      } else if (entry.kind == Node::Kind::symlink) {
        write_symlink(tree_ / path, entry.content);
      } else {
        write_file(tree_ / path, entry.content, entry.kind == Node::Kind::executable);
      }
    }
    written_ = tree;
  }

  /// Exports as a leader does, compares with an export of everything against the same basis, and publishes it. `other`
  /// is the same source, opened anew.
  void export_and_compare(Source& source, Source& other, const std::string& revision) {
    const auto basis = newest_basis_manifest();
    begin();
    const auto exported = export_tree(epoch_, source, revision);
    ASSERT_THAT(exported, IsOk());
    read_ = status_.pack.read;
    files_ = status_.pack.files;

    PackProgress progress;
    Packer packer(store_, basis, progress, options_.level);
    TreeGuard guard(packer);
    ASSERT_OK(other.stream(revision, guard, {}));
    ASSERT_OK(guard.finish());
    const auto whole = packer.finish();
    ASSERT_THAT(whole, IsOk());
    EXPECT_EQ(encode_manifest(exported->packed.manifest), encode_manifest(whole->manifest));
    ASSERT_EQ(exported->packed.packs.size(), whole->packs.size());
    for (std::size_t i = 0; i < whole->packs.size(); ++i) {
      EXPECT_EQ(exported->packed.packs[i].root, whole->packs[i].root);
    }
    publish(exported->packed, revision);
  }

  /// The same without comparing, published or not.
  Result<Exported> export_once(Source& source, const std::string& revision) {
    begin();
    auto exported = export_tree(epoch_, source, revision);
    read_ = status_.pack.read;
    return exported;
  }
  void publish(PackedRelease packed, const std::string& revision) {
    SealInput input;
    input.packed = std::move(packed);
    input.position = Position{2 * ++published_};
    input.revision = revision;
    input.source = options_.source;
    input.created = fmt::format("2026-11-24T11:{:02}:{:02}Z", published_ / 60, published_ % 60);
    const auto sealed = seal(std::move(input), store_, key_);
    ASSERT_THAT(sealed, IsOk());
    ASSERT_OK(store_.record(sealed->release));
    newest_ = sealed->release.descriptor;
  }
  /// Whether the export before took only what differs.
  [[nodiscard]] bool took_changes() const {
    return said_.size() == 1 && said_[0].find("what differs from") != std::string::npos;
  }

  Path tree_ = temp_ / "tree";
  Descriptor newest_;
  Bytes read_ = 0;  ///< of content, by the last export
  std::uint64_t files_ = 0;

private:
  std::filesystem::file_status symlink_status(const std::string& path) const {
    return std::filesystem::symlink_status(tree_ / path);
  }
  std::optional<Manifest> newest_basis_manifest() const {
    if (published_ == 0) {
      return std::nullopt;
    }
    return decode_manifest(store_.manifest_bytes(newest_.manifest).value()).value();
  }
  void begin() {
    said_.clear();
    status_.pack.read = 0;
    status_.pack.files = 0;
  }

  MadeTree written_;
  std::uint64_t published_ = 0;
};

/// A history with what random ones seldom have: names that sort around '/', kinds that change at one path, directories
/// that go with all that is in them, files that are cut into chunks.
class AwkwardHistory {
public:
  explicit AwkwardHistory(unsigned seed) : random_(seed), history_(seed) {}

  MadeTree step() {
    history_.step();
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (random_() % 3 == 0) {
        kinds_[i] = random_() % 6;
      }
    }
    if (large_.empty() || random_() % 10 == 0) {
      large_ = random_bytes(random_, 5 * kMiB + random_() % kMiB);
    } else if (random_() % 3 == 0) {
      large_.insert(random_() % large_.size(), "an insertion");
    }
    MadeTree tree = history_.tree();
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      put(tree, std::string("z") + kNames[i], kinds_[i]);
    }
    tree["large"] = {Node::Kind::file, large_};
    tree["large.twin"] = {random_() % 2 == 0 ? Node::Kind::file : Node::Kind::executable, large_};
    return tree;
  }

private:
  static constexpr std::array kNames = {"", "-", ".", "0", "a"};

  static void put(MadeTree& tree, const std::string& path, std::size_t kind) {
    switch (kind) {
      case 0:
        tree[path] = {Node::Kind::file, "content of " + path};
        break;
      case 1:
        tree[path] = {Node::Kind::executable, ""};
        break;
      case 2:
        tree[path] = {Node::Kind::symlink, "content of " + path};  // as the file: the same object of git
        break;
      case 3:
        tree[path] = {Node::Kind::directory, ""};
        tree[path + "/deep"] = {Node::Kind::directory, ""};
        tree[path + "/deep/er"] = {Node::Kind::directory, ""};
        tree[path + "/deep/er/file"] = {Node::Kind::file, "deep in " + path};
        break;
      case 4:
        tree[path] = {Node::Kind::directory, ""};
        tree[path + "/deep"] = {Node::Kind::symlink, "er"};
        break;
      default:
        break;  // not there
    }
  }

  std::mt19937 random_;
  RandomHistory history_;
  std::array<std::size_t, kNames.size()> kinds_{};
  std::string large_;
};

}  // namespace swarmout::test
