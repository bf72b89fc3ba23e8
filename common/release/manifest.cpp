#include "common/release/manifest.hpp"

#include "common/base/key_values.hpp"
#include "common/release/manifest.pb.h"
#include "common/release/pack.hpp"
#include "common/release/tree_path.hpp"
#include "common/release/zstd_codec.hpp"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include <limits>
#include <unordered_set>

namespace swarmout {

namespace {

constexpr std::uint32_t kVersion = 1;
constexpr int kManifestLevel = 9;  // written once, fetched by every clone

format::Node::Kind to_wire(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::file:
      return format::Node::FILE;
    case Node::Kind::executable:
      return format::Node::EXECUTABLE;
    case Node::Kind::symlink:
      return format::Node::SYMLINK;
    case Node::Kind::directory:
      return format::Node::DIRECTORY;
  }
  std::abort();
}

Result<Node::Kind> from_wire(format::Node::Kind kind) {
  for (const Node::Kind each : {Node::Kind::file, Node::Kind::executable, Node::Kind::symlink, Node::Kind::directory}) {
    if (to_wire(each) == kind) {
      return each;
    }
  }
  return fail(ErrorCode::refused, "the manifest has a node of an unknown kind");
}

Result<void> add_frame(const format::Frame& wire, Manifest& manifest) {
  REFUSE_UNLESS(wire.packed_size() > 0 && wire.packed_size() <= kMaxPackedFrame,
                "the manifest has a frame of an impossible size");
  REFUSE_UNLESS(wire.chunk_digests().size() == static_cast<std::size_t>(wire.chunk_sizes_size()) * Digest::kSize &&
                    wire.chunk_sizes_size() > 0,
                "the manifest has a frame whose chunks have no digests");
  Frame frame{wire.packed_size(), 0, static_cast<std::uint32_t>(manifest.chunks.size()),
              static_cast<std::uint32_t>(wire.chunk_sizes_size())};
  Bytes raw = 0;
  for (int i = 0; i < wire.chunk_sizes_size(); ++i) {
    const std::uint32_t size = wire.chunk_sizes(i);
    REFUSE_UNLESS(size > 0 && size <= kMaxChunk, "the manifest has a chunk of an impossible size");
    raw += size;
    REFUSE_UNLESS(raw <= kMaxFrame, "the manifest has a frame that would expand beyond the limit");
    const std::string_view digests = wire.chunk_digests();
    TRY_ASSIGN(
        const Digest digest,
        Digest::from_bytes(as_bytes(digests.substr(static_cast<std::size_t>(i) * Digest::kSize, Digest::kSize))));
    manifest.chunks.push_back({digest, size});
  }
  frame.raw_size = static_cast<std::uint32_t>(raw);
  manifest.frames.push_back(frame);
  return {};
}

Result<void> add_pack(const format::Pack& wire, Manifest& manifest) {
  PackInfo pack;
  TRY_ASSIGN(pack.root, Digest::from_bytes(as_bytes(wire.root())));
  REFUSE_UNLESS(wire.frames_size() > 0, "the manifest has an empty pack");
  pack.size = kPackHeader;
  pack.first_frame = static_cast<std::uint32_t>(manifest.frames.size());
  pack.frame_count = static_cast<std::uint32_t>(wire.frames_size());
  for (const format::Frame& frame : wire.frames()) {
    TRY(add_frame(frame, manifest));
    pack.size += frame.packed_size();
  }
  manifest.packs.push_back(pack);
  return {};
}

Result<void> add_node(const format::Node& wire, std::int64_t& last_chunk, Manifest& manifest) {
  Node node;
  node.path = wire.path();
  TRY_ASSIGN(node.kind, from_wire(wire.kind()));
  const auto complain = [&](std::string_view what) {
    return fail(ErrorCode::refused, fmt::format("the manifest's \"{}\" {}",
                                                escape_value(std::string_view(node.path).substr(0, 300)), what));
  };
  if (!is_safe_path(node.path)) {
    return complain("is not a path inside the tree");
  }
  if (!manifest.nodes.empty() && node.path <= manifest.nodes.back().path) {
    return complain("is there twice or out of order");
  }
  node.target = wire.target();
  if (node.kind == Node::Kind::symlink ? !is_safe_target(node.target) : !node.target.empty()) {
    return complain("has an impossible link target");
  }
  if (!node.is_file() && wire.chunk_steps_size() > 0) {
    return complain("has content but is not a file");
  }
  node.first_ref = static_cast<std::uint32_t>(manifest.refs.size());
  node.ref_count = static_cast<std::uint32_t>(wire.chunk_steps_size());
  for (const std::int64_t step : wire.chunk_steps()) {
    const auto count = static_cast<std::int64_t>(manifest.chunks.size());
    if (step < -count - 1 || step > count) {
      return complain("refers to a chunk that is not there");
    }
    last_chunk += 1 + step;
    if (last_chunk < 0 || last_chunk >= count) {
      return complain("refers to a chunk that is not there");
    }
    manifest.refs.push_back(static_cast<std::uint32_t>(last_chunk));
    node.size += manifest.chunks[static_cast<std::size_t>(last_chunk)].size;
  }
  manifest.nodes.push_back(std::move(node));
  return {};
}

template <typename Message>
Result<void> parse_into(Message& wire, std::string_view bytes) {
  TRY_ASSIGN(const auto message, ZstdDecompressor().decompress(as_bytes(bytes), kMaxManifest));
  REFUSE_UNLESS(wire.ParseFromArray(message.data(), static_cast<int>(message.size())), "the manifest is damaged");
  return {};
}

void reserve_for(const format::Manifest& wire, Manifest& manifest) {
  std::size_t frames = 0;
  std::size_t chunks = 0;
  for (const format::Pack& pack : wire.packs()) {
    frames += static_cast<std::size_t>(pack.frames_size());
    for (const format::Frame& frame : pack.frames()) {
      chunks += static_cast<std::size_t>(frame.chunk_sizes_size());
    }
  }
  manifest.frames.reserve(frames);
  manifest.chunks.reserve(chunks);
  manifest.refs.reserve(chunks);
  manifest.nodes.reserve(static_cast<std::size_t>(wire.nodes_size()));
}

Result<void> check_parents(const Manifest& manifest) {
  std::unordered_set<std::string_view> directories;
  for (const Node& node : manifest.nodes) {
    const std::size_t slash = node.path.rfind('/');
    if (slash != std::string::npos && !directories.contains(std::string_view(node.path).substr(0, slash))) {
      return fail(ErrorCode::refused, fmt::format("the manifest's \"{}\" is below something that is not a directory",
                                                  escape_value(std::string_view(node.path).substr(0, 300))));
    }
    if (node.kind == Node::Kind::directory) {
      directories.insert(node.path);
    }
  }
  return {};
}

}  // namespace

Bytes Manifest::tree_size() const {
  Bytes total = 0;
  for (const Node& node : nodes) {
    total += node.size;
  }
  return total;
}

Digest Manifest::tree_digest() const {
  Sha256 all;
  for (const Node& node : nodes) {
    const std::string line =
        fmt::format("{} {} {} {} ", static_cast<int>(node.kind), node.path.size(), node.target.size(), node.ref_count);
    all.update(as_bytes(line));
    all.update(as_bytes(node.path));
    all.update(as_bytes(node.target));
    for (const std::uint32_t ref : refs_of(node)) {
      all.update(chunks[ref].digest.view());
    }
  }
  return all.finish();
}

std::string encode_manifest(const Manifest& manifest) {
  google::protobuf::Arena arena;
  format::Manifest& wire = *google::protobuf::Arena::CreateMessage<format::Manifest>(&arena);
  wire.set_version(kVersion);
  wire.set_revision(manifest.revision);
  for (const PackInfo& pack : manifest.packs) {
    format::Pack& wire_pack = *wire.add_packs();
    wire_pack.set_root(std::string(as_text(pack.root.view())));
    for (const Frame& frame : std::span(manifest.frames).subspan(pack.first_frame, pack.frame_count)) {
      format::Frame& wire_frame = *wire_pack.add_frames();
      wire_frame.set_packed_size(frame.packed_size);
      std::string& digests = *wire_frame.mutable_chunk_digests();
      for (const Chunk& chunk : std::span(manifest.chunks).subspan(frame.first_chunk, frame.chunk_count)) {
        wire_frame.add_chunk_sizes(chunk.size);
        digests += as_text(chunk.digest.view());
      }
    }
  }
  std::int64_t last_chunk = -1;
  for (const Node& node : manifest.nodes) {
    format::Node& wire_node = *wire.add_nodes();
    wire_node.set_path(node.path);
    wire_node.set_kind(to_wire(node.kind));
    wire_node.set_target(node.target);
    for (const std::uint32_t ref : manifest.refs_of(node)) {
      wire_node.add_chunk_steps(static_cast<std::int64_t>(ref) - last_chunk - 1);
      last_chunk = ref;
    }
  }
  const std::string message = wire.SerializeAsString();
  const std::vector<std::byte> frame = ZstdCompressor(kManifestLevel).compress(as_bytes(message));
  return std::string(as_text(frame));
}

Result<std::vector<ListedPack>> packs_in_manifest(std::string_view bytes) {
  format::PackList wire;
  TRY(parse_into(wire, bytes));
  std::vector<ListedPack> packs;
  for (const format::ListedPack& each : wire.packs()) {
    ListedPack pack;
    TRY_ASSIGN(pack.root, Digest::from_bytes(as_bytes(each.root())));
    pack.size = kPackHeader;
    for (const format::ListedFrame& frame : each.frames()) {
      pack.size += frame.packed_size();
    }
    packs.push_back(pack);
  }
  return packs;
}

Result<std::vector<ListedPack>> KnownPacks::of(const Digest& manifest,
                                               const std::function<Result<std::string>()>& read) {
  const std::lock_guard lock(mutex_);
  asked_.insert(manifest);
  if (const auto known = packs_.find(manifest); known != packs_.end()) {
    return known->second;
  }
  TRY_ASSIGN(const std::string bytes, read());
  TRY_ASSIGN(auto packs, packs_in_manifest(bytes));
  return packs_.emplace(manifest, std::move(packs)).first->second;
}

void KnownPacks::begin_round() {
  const std::lock_guard lock(mutex_);
  std::erase_if(packs_, [this](const auto& each) { return !asked_.contains(each.first); });
  asked_.clear();
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  google::protobuf::Arena arena;
  format::Manifest& wire = *google::protobuf::Arena::CreateMessage<format::Manifest>(&arena);
  TRY(parse_into(wire, bytes));
  REFUSE_UNLESS(wire.version() == kVersion,
                fmt::format("the manifest has version {}, this program reads {}", wire.version(), kVersion));
  REFUSE_UNLESS(wire.revision().size() <= kMaxRevision, "the manifest's revision is too long");
  Manifest manifest;
  manifest.revision = wire.revision();
  reserve_for(wire, manifest);
  for (const format::Pack& pack : wire.packs()) {
    TRY(add_pack(pack, manifest));
  }
  REFUSE_UNLESS(manifest.chunks.size() < std::numeric_limits<std::uint32_t>::max(), "too many chunks");
  std::int64_t last_chunk = -1;
  for (const format::Node& node : wire.nodes()) {
    TRY(add_node(node, last_chunk, manifest));
  }
  TRY(check_parents(manifest));
  return manifest;
}

}  // namespace swarmout
