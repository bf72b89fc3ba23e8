#include "common/delta/delta_packer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <unordered_map>
#include <vector>

namespace swarmout {

namespace {

/// Where the content of a file of the new tree is.
struct Part {
  bool kept = false;        ///< a chunk of the old tree, else in the scratch file
  std::uint32_t base = 0;   ///< kept: of which file
  std::uint32_t chunk = 0;  ///< kept
  Bytes offset = 0;
  Bytes size = 0;
};
struct Content {
  bool same = false;  ///< all of `base`
  bool whole = true;  ///< one part, which the packer cuts; else parts are chunks
  std::uint32_t base = 0;
  std::vector<Part> parts{};
};

/// Writes down what is new, and remembers where.
class Spill final : public DeltaSink {
public:
  static Result<Spill> open(const Path& file) {
    TRY_ASSIGN(Fd opened, open_file(file, O_RDWR | O_CREAT | O_EXCL, 0600));
    ::unlink(file.c_str());  // it is gone with its descriptor
    return Spill(std::move(opened), file);
  }

  Result<void> kept(std::uint32_t node, std::uint32_t base) override {
    contents_[node] = {true, false, base, {}};
    return {};
  }
  Result<void> whole(std::uint32_t node, std::vector<std::byte> content) override {
    TRY_ASSIGN(const Part part, write(content));
    contents_[node].parts.push_back(part);
    return {};
  }
  Result<void> chunk_kept(std::uint32_t node, std::uint32_t base, std::uint32_t chunk) override {
    large(node).parts.push_back({true, base, chunk, 0, 0});
    return {};
  }
  Result<void> chunk(std::uint32_t node, std::vector<std::byte> content) override {
    TRY_ASSIGN(const Part part, write(content));
    large(node).parts.push_back(part);
    return {};
  }
  Result<void> end_of_chunks(std::uint32_t node) override {
    large(node);
    return {};
  }

  /// Each file of the new tree has one.
  [[nodiscard]] const Content& of(std::uint32_t node) const { return contents_.at(node); }
  [[nodiscard]] Result<std::vector<std::byte>> read(const Part& part) const {
    std::vector<std::byte> content(part.size);
    TRY(pread_all(file_.get(), content, part.offset, path_.native()));
    return content;
  }

private:
  Spill(Fd file, Path path) : file_(std::move(file)), path_(std::move(path)) {}

  Content& large(std::uint32_t node) {
    Content& content = contents_[node];
    content.whole = false;
    return content;
  }
  Result<Part> write(ByteView content) {
    TRY(pwrite_all(file_.get(), content, size_, path_.native()));
    const Part part{false, 0, 0, size_, content.size()};
    size_ += content.size();
    return part;
  }

  Fd file_;
  Path path_;
  Bytes size_ = 0;
  std::unordered_map<std::uint32_t, Content> contents_;
};

/// Feeds a packer with a tree, in the order of its paths.
class Feeder {
public:
  Feeder(const Manifest& before, const DeltaReader& delta, const Spill& spill, Packer& packer)
      : before_(before), delta_(delta), spill_(spill), packer_(packer) {}

  Result<void> feed(const std::stop_token& stop) {
    for (std::uint32_t i = 0; i < delta_.nodes().size(); ++i) {
      const Node& node = delta_.nodes()[i];
      TRY(node.is_file() ? feed_file(node, spill_.of(i)) : packer_.entry(entry_of(node)));
      if (stop.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
    }
    return {};
  }

private:
  static TreeEntry entry_of(const Node& node) {
    TreeEntry entry;
    entry.path = node.path;
    entry.kind = node.kind == Node::Kind::directory ? TreeEntry::Kind::directory
                 : node.kind == Node::Kind::symlink ? TreeEntry::Kind::symlink
                                                    : TreeEntry::Kind::file;
    entry.executable = node.kind == Node::Kind::executable;
    entry.target = node.target;
    return entry;
  }

  Result<void> feed_file(const Node& node, const Content& content) {
    const bool executable = node.kind == Node::Kind::executable;
    if (content.same) {
      return packer_.unchanged(node.path, executable, before_.nodes[content.base].path);
    }
    return content.whole ? feed_whole(node, content) : feed_chunks(node, executable, content);
  }

  Result<void> feed_whole(const Node& node, const Content& content) {
    TRY_ASSIGN(const auto bytes, spill_.read(content.parts.at(0)));
    TreeEntry entry = entry_of(node);
    entry.size = bytes.size();
    TRY(packer_.entry(entry));
    return packer_.data(bytes);
  }

  Result<void> feed_chunks(const Node& node, bool executable, const Content& content) {
    TRY(packer_.begin_chunks(node.path, executable));
    for (const Part& part : content.parts) {
      if (part.kept) {
        TRY(packer_.unchanged_chunk(before_.nodes[part.base].path, part.chunk));
      } else {
        TRY_ASSIGN(const auto bytes, spill_.read(part));
        TRY(packer_.chunk(bytes));
      }
    }
    return {};
  }

  const Manifest& before_;
  const DeltaReader& delta_;
  const Spill& spill_;
  Packer& packer_;
};

}  // namespace

Result<PackedRelease> pack_delta(const Store& store, const Manifest& before, TreeContents& old, ByteView delta,
                                 int level, PackProgress& progress, const std::stop_token& stop) {
  TRY_ASSIGN(const DeltaReader reader, DeltaReader::open(delta, before));
  TRY_ASSIGN(Spill spill, Spill::open(store.scratch() / "new-content"));
  TRY(reader.apply(old, spill));
  Packer packer(store, before, progress, level);
  TRY(Feeder(before, reader, spill, packer).feed(stop));
  return packer.finish();
}

}  // namespace swarmout
