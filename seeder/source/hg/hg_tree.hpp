// The files of a changeset, as its manifest has them; and the tar stream of `hg archive`, held against them.

#pragma once

#include "common/pack/tree_sink.hpp"
#include "seeder/source/content_ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

struct HgFile {
  std::string path;
  ContentId content{};  ///< its file node: of content and history
  bool executable = false;
  bool link = false;
};

/// Reads what `hg manifest --debug` prints, as it arrives.
class HgManifest {
public:
  /// Errors: refused: it is something else, or not in the order of paths.
  [[nodiscard]] Result<void> feed(std::string_view piece);
  [[nodiscard]] Result<std::vector<HgFile>> finish();

private:
  [[nodiscard]] Result<void> line(std::string_view text);

  std::string pending_;
  std::vector<HgFile> files_;
};

/// Hands on what `hg archive` gives of `files`, with those in their places that `before` has. Errors: refused: it gives
/// something else; what `next` returned.
class HgTreeSink final : public TreeSink {
public:
  /// Null: everything is to be read. All outlive it.
  HgTreeSink(const std::vector<HgFile>& files, const ContentIds* before, TreeSink& next);

  /// How many are to be read, and their paths.
  [[nodiscard]] std::vector<std::string_view> wanted() const;

  Result<void> entry(const TreeEntry& entry) override;
  Result<void> data(ByteView bytes) override;
  /// After the last one.
  [[nodiscard]] Result<void> finish();

private:
  [[nodiscard]] const Node* kept(const HgFile& file) const;
  [[nodiscard]] Result<void> send_kept_before(std::string_view path);

  const std::vector<HgFile>& files_;
  const ContentIds* before_;
  TreeSink& next_;
  std::size_t at_ = 0;
  bool dropping_ = false;
};

}  // namespace swarmout
