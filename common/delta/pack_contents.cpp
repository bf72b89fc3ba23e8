#include "common/delta/pack_contents.hpp"

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::size_t kKeptFrames = 8;  // 32 MiB

}  // namespace

PackContents::PackContents(const Store& store, const Manifest& manifest) : store_(store), manifest_(manifest) {
  for (std::uint32_t pack = 0; pack < manifest.packs.size(); ++pack) {
    Bytes offset = kPackHeader;
    const PackInfo& info = manifest.packs[pack];
    for (std::uint32_t i = info.first_frame; i < info.first_frame + info.frame_count; ++i) {
      pack_of_.push_back(pack);
      offset_of_.push_back(offset);
      offset += manifest.frames[i].packed_size;
    }
  }
}

Result<std::vector<std::byte>> PackContents::file(std::uint32_t node) {
  const Node& file = manifest_.nodes.at(node);
  INVARIANT(file.size <= kMaxWhole);
  std::vector<std::byte> content;
  content.reserve(file.size);
  for (const std::uint32_t ref : manifest_.refs_of(file)) {
    TRY(add_chunk(ref, content));
  }
  return content;
}

Result<std::vector<std::byte>> PackContents::chunk(std::uint32_t node, std::uint32_t index) {
  std::vector<std::byte> content;
  TRY(add_chunk(manifest_.refs_of(manifest_.nodes.at(node))[index], content));
  return content;
}

Result<void> PackContents::add_chunk(std::uint32_t ref, std::vector<std::byte>& to) {
  const auto after =
      std::upper_bound(manifest_.frames.begin(), manifest_.frames.end(), ref,
                       [](std::uint32_t chunk, const Frame& frame) { return chunk < frame.first_chunk; });
  INVARIANT(after != manifest_.frames.begin());
  const auto index = static_cast<std::uint32_t>(after - manifest_.frames.begin() - 1);
  TRY_ASSIGN(const std::vector<std::byte>* const content, frame(index));
  Bytes position = 0;
  for (std::uint32_t i = manifest_.frames[index].first_chunk; i < ref; ++i) {
    position += manifest_.chunks[i].size;
  }
  const ByteView chunk = ByteView(*content).subspan(position, manifest_.chunks[ref].size);
  const PackInfo& pack = manifest_.packs[pack_of_[index]];
  REFUSE_UNLESS(sha256(chunk) == manifest_.chunks[ref].digest, store_.pack_path(pack.root).native() + " is damaged");
  to.insert(to.end(), chunk.begin(), chunk.end());
  return {};
}

Result<const std::vector<std::byte>*> PackContents::frame(std::uint32_t index) {
  if (const auto found = frames_.find(index); found != frames_.end()) {
    return &found->second;
  }
  const std::uint32_t pack = pack_of_[index];
  auto reader = readers_.find(pack);
  if (reader == readers_.end()) {
    const PackInfo& info = manifest_.packs[pack];
    TRY_ASSIGN(PackReader opened, PackReader::open(store_.pack_path(info.root), info));
    reader = readers_.emplace(pack, std::move(opened)).first;
  }
  std::vector<std::byte> content;  // in the room of one that goes: new pages would cost as much as what is read
  if (read_.size() == kKeptFrames) {
    content = std::move(frames_.extract(read_.front()).mapped());
    read_.pop_front();
  }
  TRY(reader->second.read(manifest_.frames[index], offset_of_[index], codec_, packed_, content));
  read_.push_back(index);
  return &(frames_[index] = std::move(content));
}

}  // namespace swarmout
