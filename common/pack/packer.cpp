#include "common/pack/packer.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace swarmout {

namespace {

/// The content of the one chunk in a release without any: a torrent of a manifest alone would be a single-file one,
/// which libtorrent lays out differently.
constexpr std::string_view kNothing = "nothing\n";

}  // namespace

Packer::Packer(const Store& store, std::optional<Manifest> basis, PackProgress& progress, int level, unsigned workers)
    : store_(store), progress_(progress), pipeline_(store.scratch(), level, workers) {
  if (basis) {
    manifest_ = *std::move(basis);
    manifest_.revision.clear();
    basis_nodes_ = std::exchange(manifest_.nodes, {});
    basis_refs_ = std::exchange(manifest_.refs, {});
    basis_packs_ = manifest_.packs.size();
    basis_frames_ = manifest_.frames.size();
    known_.reserve(manifest_.chunks.size() * 2);
    manifest_.nodes.reserve(basis_nodes_.size() + basis_nodes_.size() / 16);  // most trees are about as large as before
    manifest_.refs.reserve(basis_refs_.size() + basis_refs_.size() / 16);
    for (std::uint32_t i = 0; i < manifest_.chunks.size(); ++i) {
      known_.try_emplace(manifest_.chunks[i].digest, i);
    }
  }
}

Result<void> Packer::entry(const TreeEntry& entry) {
  INVARIANT(file_left_ == 0);
  Node node;
  node.path = entry.path;
  node.target = entry.kind == TreeEntry::Kind::symlink ? entry.target : "";
  node.first_ref = static_cast<std::uint32_t>(manifest_.refs.size());
  switch (entry.kind) {
    case TreeEntry::Kind::directory:
      node.kind = Node::Kind::directory;
      break;
    case TreeEntry::Kind::symlink:
      node.kind = Node::Kind::symlink;
      break;
    case TreeEntry::Kind::hardlink: {
      const Node& other = manifest_.nodes[index_of(entry.target)];
      node.kind = other.kind;
      node.target = other.target;
      node.size = other.size;
      node.first_ref = other.first_ref;
      node.ref_count = other.ref_count;
      break;
    }
    case TreeEntry::Kind::unchanged:
      return unchanged(entry.path, entry.executable, entry.target);
    case TreeEntry::Kind::file:
      node.kind = entry.executable ? Node::Kind::executable : Node::Kind::file;
      node.size = entry.size;
      file_left_ = entry.size;
      cut_by_content_ = entry.size > kMaxChunk;
      chunker_ = {};
      chunk_.reserve(std::min<Bytes>(entry.size, kMaxChunk));
      break;
  }
  manifest_.nodes.push_back(std::move(node));
  ++progress_.files;
  return {};
}

/// Of a file or link that came before. Only hard links ask, and most sources have none.
std::size_t Packer::index_of(const std::string& path) {
  for (; indexed_ < manifest_.nodes.size(); ++indexed_) {
    if (manifest_.nodes[indexed_].kind != Node::Kind::directory) {
      by_path_[manifest_.nodes[indexed_].path] = indexed_;
    }
  }
  const auto found = by_path_.find(path);
  INVARIANT(found != by_path_.end());  // the guard lets nothing else through
  return found->second;
}

Result<const Node*> Packer::file_of_basis(const std::string& path) const {
  const auto found = std::lower_bound(basis_nodes_.begin(), basis_nodes_.end(), path,
                                      [](const Node& node, const std::string& wanted) { return node.path < wanted; });
  if (found == basis_nodes_.end() || found->path != path || !found->is_file()) {
    return fail(ErrorCode::not_found, "the release before has no file " + path);
  }
  return &*found;
}

Result<void> Packer::unchanged(const std::string& path, bool executable, const std::string& base) {
  TRY_ASSIGN(const Node* const same, file_of_basis(base));
  TRY(begin_chunks(path, executable));
  for (std::uint32_t i = 0; i < same->ref_count; ++i) {
    TRY(add_chunk_of(*same, i));
  }
  return {};
}

Result<void> Packer::begin_chunks(const std::string& path, bool executable) {
  INVARIANT(file_left_ == 0);
  TreeEntry file;
  file.path = path;
  file.executable = executable;
  return entry(file);
}

Result<void> Packer::unchanged_chunk(const std::string& base, std::uint32_t index) {
  TRY_ASSIGN(const Node* const file, file_of_basis(base));
  if (index >= file->ref_count) {
    return fail(ErrorCode::not_found, "the release before has fewer chunks in " + base);
  }
  return add_chunk_of(*file, index);
}

Result<void> Packer::add_chunk_of(const Node& file, std::uint32_t index) {
  const Chunk& chunk = manifest_.chunks[basis_refs_[file.first_ref + index]];
  manifest_.nodes.back().size += chunk.size;
  return add_ref(known_.at(chunk.digest));  // it may be in two packs of the basis: what reads it finds the first
}

Result<void> Packer::chunk(ByteView content) {
  manifest_.nodes.back().size += content.size();
  progress_.read += content.size();
  TRY_ASSIGN(const std::uint32_t ref, place(content, sha256(content)));
  return add_ref(ref);
}

Result<void> Packer::data(ByteView bytes) {
  INVARIANT(bytes.size() <= file_left_);
  progress_.read += bytes.size();
  while (!bytes.empty()) {
    bool cut = false;
    const std::size_t step = cut_by_content_ ? chunker_.take(bytes, cut) : bytes.size();
    chunk_.insert(chunk_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(step));
    bytes = bytes.subspan(step);
    file_left_ -= step;
    if (cut || file_left_ == 0) {
      TRY(end_chunk());
    }
  }
  return {};
}

Result<void> Packer::end_chunk() {
  const Digest digest = sha256(chunk_);
  TRY_ASSIGN(const std::uint32_t ref, place(chunk_, digest));
  chunk_.clear();
  return add_ref(ref);
}

Result<void> Packer::add_ref(std::uint32_t chunk) {
  if (manifest_.refs.size() >= std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::failed, "the tree has more than four billion chunks");
  }
  manifest_.refs.push_back(chunk);
  ++manifest_.nodes.back().ref_count;
  return {};
}

Result<std::uint32_t> Packer::place(ByteView content, const Digest& digest) {
  if (const auto found = known_.find(digest); found != known_.end()) {
    return found->second;
  }
  if (!frame_.empty() && frame_.size() + content.size() > kMaxFrame) {
    TRY(end_frame());
  }
  if (frame_.empty()) {
    manifest_.frames.push_back({0, 0, static_cast<std::uint32_t>(manifest_.chunks.size()), 0});
  }
  const auto index = static_cast<std::uint32_t>(manifest_.chunks.size());
  manifest_.chunks.push_back({digest, static_cast<std::uint32_t>(content.size())});
  ++manifest_.frames.back().chunk_count;
  manifest_.frames.back().raw_size += static_cast<std::uint32_t>(content.size());
  frame_.insert(frame_.end(), content.begin(), content.end());
  known_[digest] = index;
  return index;
}

Result<void> Packer::end_frame() {
  if (frame_.empty()) {
    return {};
  }
  std::vector<std::byte> content = pipeline_.buffer();
  content.reserve(kMaxFrame);
  std::swap(content, frame_);
  TRY(pipeline_.submit(std::move(content)));
  progress_.packed = pipeline_.packed();
  return {};
}

std::vector<bool> Packer::live_chunks() const {
  std::vector<bool> live(manifest_.chunks.size(), false);
  for (const std::uint32_t ref : manifest_.refs) {
    live[ref] = true;
  }
  return live;
}

/// Content of the basis that no file uses any more is fetched by every new clone. When that is too much, the packs with
/// the most of it give up their live content to new frames.
Result<void> Packer::repack() {
  const std::vector<bool> live = live_chunks();
  struct Use {
    std::size_t pack;
    double dead;  ///< bytes, as they are in the pack
  };
  std::vector<Use> uses;
  auto total = static_cast<double>(pipeline_.packed());
  double dead = 0;
  for (std::size_t i = 0; i < basis_packs_; ++i) {
    const PackInfo& pack = manifest_.packs[i];
    Bytes raw = 0;
    Bytes used = 0;
    for (const Frame& frame : std::span(manifest_.frames).subspan(pack.first_frame, pack.frame_count)) {
      for (std::uint32_t chunk = frame.first_chunk; chunk < frame.first_chunk + frame.chunk_count; ++chunk) {
        raw += manifest_.chunks[chunk].size;
        used += live[chunk] ? manifest_.chunks[chunk].size : 0;
      }
    }
    if (used == 0) {
      continue;  // nobody refers to it: it leaves by itself
    }
    const auto size = static_cast<double>(pack.size);
    uses.push_back({i, size * (1 - static_cast<double>(used) / static_cast<double>(raw))});
    total += size;
    dead += uses.back().dead;
  }
  std::stable_sort(uses.begin(), uses.end(), [](const Use& a, const Use& b) { return a.dead > b.dead; });
  if (dead <= kMaxDead * total) {
    return {};
  }
  for (const Use& use : uses) {
    if (dead <= kMaxDead / 2 * total) {
      break;  // half of the limit, so that the next release does not repack again
    }
    TRY(move_chunks(use.pack, live));
    dead -= use.dead;
    total -= use.dead;
  }
  return {};
}

Result<void> Packer::move_chunks(std::size_t pack_index, const std::vector<bool>& live) {
  const PackInfo pack = manifest_.packs[pack_index];
  TRY_ASSIGN(const PackReader reader, PackReader::open(store_.pack_path(pack.root), pack));
  ZstdDecompressor codec;
  std::vector<std::byte> packed;
  std::vector<std::byte> content;
  std::unordered_map<std::uint32_t, std::uint32_t> moved;
  Bytes offset = kPackHeader;
  for (std::uint32_t i = pack.first_frame; i < pack.first_frame + pack.frame_count; ++i) {
    const Frame frame = manifest_.frames[i];  // a copy: place() adds frames
    TRY(reader.read(frame, offset, codec, packed, content));
    offset += frame.packed_size;
    std::size_t position = 0;
    for (std::uint32_t chunk = frame.first_chunk; chunk < frame.first_chunk + frame.chunk_count; ++chunk) {
      const Chunk old = manifest_.chunks[chunk];
      const ByteView bytes = ByteView(content).subspan(position, old.size);
      position += old.size;
      if (!live[chunk]) {
        continue;
      }
      REFUSE_UNLESS(sha256(bytes) == old.digest, store_.pack_path(pack.root).native() + " is damaged");
      known_.erase(old.digest);
      TRY_ASSIGN(moved[chunk], place(bytes, old.digest));
    }
  }
  for (std::uint32_t& ref : manifest_.refs) {
    if (const auto found = moved.find(ref); found != moved.end()) {
      ref = found->second;
    }
  }
  return {};
}

/// Leaves out packs that nothing refers to, adds the new ones, numbers everything anew and sorts the nodes.
Manifest Packer::compact(const std::vector<PackFile>& packs) const {
  const std::vector<bool> live = live_chunks();
  Manifest out;
  std::vector<std::uint32_t> renumbered(manifest_.chunks.size(), 0);
  const auto add_frame = [&](const Frame& frame, std::uint32_t packed_size) {
    const auto first = static_cast<std::uint32_t>(out.chunks.size());
    for (std::uint32_t i = frame.first_chunk; i < frame.first_chunk + frame.chunk_count; ++i) {
      renumbered[i] = static_cast<std::uint32_t>(out.chunks.size());
      out.chunks.push_back(manifest_.chunks[i]);
    }
    out.frames.push_back({packed_size, frame.raw_size, first, frame.chunk_count});
  };
  for (std::size_t i = 0; i < basis_packs_; ++i) {
    const PackInfo& pack = manifest_.packs[i];
    const auto frames = std::span(manifest_.frames).subspan(pack.first_frame, pack.frame_count);
    const bool used = std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
      return std::any_of(live.begin() + frame.first_chunk, live.begin() + frame.first_chunk + frame.chunk_count,
                         [](bool each) { return each; });
    });
    if (used) {
      out.packs.push_back({pack.root, pack.size, static_cast<std::uint32_t>(out.frames.size()), pack.frame_count});
      for (const Frame& frame : frames) {
        add_frame(frame, frame.packed_size);
      }
    }
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < packs.size(); ++i) {
    const auto first = static_cast<std::uint32_t>(out.frames.size());
    for (; next < pipeline_.frames().size() && pipeline_.frames()[next].pack == i; ++next) {
      add_frame(manifest_.frames[basis_frames_ + next], pipeline_.frames()[next].packed_size);
    }
    out.packs.push_back({packs[i].root, packs[i].size, first, static_cast<std::uint32_t>(out.frames.size()) - first});
  }
  out.nodes = manifest_.nodes;
  out.refs = manifest_.refs;
  for (std::uint32_t& ref : out.refs) {
    ref = renumbered[ref];
  }
  std::sort(out.nodes.begin(), out.nodes.end(), [](const Node& a, const Node& b) { return a.path < b.path; });
  return out;
}

Result<PackedRelease> Packer::finish() {
  INVARIANT(file_left_ == 0);
  // What is not compressed yet must count, and the same on machines with few and with many processors.
  TRY(end_frame());
  TRY(pipeline_.drain());
  TRY(repack());
  if (manifest_.refs.empty()) {
    known_.clear();
    TRY(place(as_bytes(kNothing), sha256(kNothing)));
  }
  TRY(end_frame());
  TRY_ASSIGN(std::vector<PackFile> packs, pipeline_.finish());
  progress_.packed = pipeline_.packed();
  PackedRelease release;
  release.manifest = compact(packs);
  release.packs = std::move(packs);
  return release;
}

}  // namespace swarmout
