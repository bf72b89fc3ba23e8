#include "seeder/source/git/git_stream.hpp"

#include "seeder/source/git/lfs_fill.hpp"
#include "seeder/source/tar_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

/// Where a submodule is.
class Below final : public TreeSink {
public:
  Below(const std::string& path, TreeSink& next) : path_(path), next_(next) {}
  Result<void> entry(const TreeEntry& entry) override {
    TreeEntry moved = entry;
    moved.path = path_ + '/' + entry.path;
    return next_.entry(moved);
  }
  Result<void> data(ByteView bytes) override { return next_.data(bytes); }

private:
  const std::string& path_;
  TreeSink& next_;
};

Result<void> stream_below(const GitTree& tree, const std::string& above, bool lfs, TreeSink& sink,
                          const std::stop_token& stop);

/// Hands on what is in the superproject, and gives each submodule before what comes behind it. A submodule is sorted as
/// a file in git's trees, but what is in it as in a directory: "lib", "lib-x" and then "lib/file".
class Splice final : public TreeSink {
public:
  Splice(const GitTree& tree, const std::string& above, bool lfs, TreeSink& next, const std::stop_token& stop)
      : tree_(tree), above_(above), lfs_(lfs), next_(next), stop_(stop) {
    for (const GitTree& each : tree.submodules) {
      names_.push_back(each.path);
    }
    std::sort(names_.begin(), names_.end());
  }

  Result<void> entry(const TreeEntry& entry) override {
    while (given_ < tree_.submodules.size() && tree_.submodules[given_].path + '/' < entry.path) {
      TRY(give(tree_.submodules[given_++]));
    }
    // As git archive has it: an empty directory.
    const bool is_submodule = entry.kind == TreeEntry::Kind::directory &&
                              std::binary_search(names_.begin(), names_.end(), std::string_view(entry.path));
    return is_submodule ? Result<void>() : next_.entry(entry);
  }
  Result<void> data(ByteView bytes) override { return next_.data(bytes); }
  /// After the stream.
  [[nodiscard]] Result<void> finish() {
    while (given_ < tree_.submodules.size()) {
      TRY(give(tree_.submodules[given_++]));
    }
    return {};
  }

private:
  Result<void> give(const GitTree& submodule) {
    TRY_ASSIGN(const auto use, submodule.module->use(stop_));
    TRY(next_.entry({TreeEntry::Kind::directory, submodule.path, false, 0, {}}));
    Below below(submodule.path, next_);
    return stream_below(submodule, above_ + submodule.path + '/', lfs_, below, stop_);
  }

  const GitTree& tree_;
  const std::string& above_;
  bool lfs_;
  TreeSink& next_;
  const std::stop_token& stop_;
  std::vector<std::string_view> names_;
  std::size_t given_ = 0;
};

Result<void> stream_below(const GitTree& tree, const std::string& above, bool lfs, TreeSink& sink,
                          const std::stop_token& stop) {
  Splice splice(tree, above, lfs, sink, stop);
  LfsStore store(*tree.mirror, tree.commit);
  LfsFill fill(store, above, splice, stop);
  TreeSink& first = lfs ? static_cast<TreeSink&>(fill) : splice;
  TRY(stream_tar(tree.mirror->command(tree.commit, {"archive", "--format=tar", tree.commit}),
                 fmt::format("git archive of {} from {}", tree.commit, tree.mirror->shown()), first, stop));
  TRY(fill.finish());
  return splice.finish();
}

}  // namespace

Result<void> stream_git_tree(const GitTree& tree, bool lfs, TreeSink& sink, std::stop_token stop) {
  return stream_below(tree, "", lfs, sink, stop);
}

}  // namespace swarmout
