#include "common/delta/delta_file.hpp"

#include "common/delta/prefix_codec.hpp"
#include "common/delta/text_group.hpp"
#include "common/delta/tree_listing.hpp"
#include "common/delta/varints.hpp"

#include <algorithm>
#include <cstring>

namespace swarmout {

namespace {

constexpr std::string_view kMagic{"swdelta\1", 8};
constexpr Bytes kMaxRecipe = 64 * kMiB;  // eight bytes a step of the largest trees

Result<Digest> take_digest(ByteView& left) {
  Digest digest;
  REFUSE_UNLESS(left.size() >= digest.bytes.size(), "a delta ends too early");
  std::memcpy(digest.bytes.data(), left.data(), digest.bytes.size());
  left = left.subspan(digest.bytes.size());
  return digest;
}

Result<std::vector<ByteView>> sections_in(ByteView left) {
  std::vector<ByteView> sections;
  while (!left.empty()) {
    Varints numbers(left);
    TRY_ASSIGN(const std::uint64_t size, numbers.next(kMaxDelta));
    left = numbers.left();
    REFUSE_UNLESS(size <= left.size(), "a delta ends too early");
    sections.push_back(left.first(static_cast<std::size_t>(size)));
    left = left.subspan(static_cast<std::size_t>(size));
  }
  return sections;
}

bool is_text(const RecipeStep& step) {
  return step.kind == RecipeStep::Kind::text || step.kind == RecipeStep::Kind::context;
}

}  // namespace

DeltaWriter::DeltaWriter(const Digest& before, const Digest& after) {
  bytes_ = kMagic;
  bytes_.append(as_text(before.view()));
  bytes_.append(as_text(after.view()));
}

void DeltaWriter::add_section(ByteView section) {
  add_varint(bytes_, section.size());
  bytes_.append(as_text(section));
}

Result<DeltaReader> DeltaReader::open(ByteView bytes, const Manifest& before) {
  REFUSE_UNLESS(bytes.size() <= kMaxDelta, "a delta is too large");
  REFUSE_UNLESS(as_text(bytes).starts_with(kMagic), "not a delta of a version this program reads");
  ByteView left = bytes.subspan(kMagic.size());
  DeltaReader reader(before);
  TRY_ASSIGN(const Digest from, take_digest(left));
  TRY_ASSIGN(reader.makes_, take_digest(left));
  if (from != before.tree_digest()) {
    return fail(ErrorCode::not_found, "a delta begins at another tree than this host has");
  }
  TRY_ASSIGN(reader.sections_, sections_in(left));
  REFUSE_UNLESS(reader.sections_.size() >= 2, "a delta ends too early");
  TRY_ASSIGN(const auto listing,
             decompress_after(as_bytes(encode_listing(before.nodes)), reader.sections_[0], kMaxListing));
  TRY_ASSIGN(reader.nodes_, decode_listing(as_text(listing)));
  TRY_ASSIGN(const auto recipe, decompress_after({}, reader.sections_[1], kMaxRecipe));
  TRY_ASSIGN(reader.recipe_, decode_recipe(recipe, before.nodes, reader.nodes_));
  return reader;
}

Result<void> DeltaReader::apply(TreeContents& old, DeltaSink& sink) const {
  TRY(apply_kept(sink));
  TRY_ASSIGN(const std::size_t used, apply_texts(old, sink));
  return apply_frames(used, old, sink);
}

Result<ByteView> DeltaReader::section(std::size_t index) const {
  REFUSE_UNLESS(index < sections_.size(), "a delta ends too early");
  return sections_[index];
}

/// What has no step, or was moved.
Result<void> DeltaReader::apply_kept(DeltaSink& sink) const {
  auto step = recipe_.steps.begin();
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    while (step != recipe_.steps.end() && step->kind == RecipeStep::Kind::context && step->node <= node) {
      ++step;
    }
    if (!nodes_[node].is_file()) {
      continue;
    }
    if (step != recipe_.steps.end() && step->node == node) {
      if (step->kind == RecipeStep::Kind::moved) {
        TRY(sink.kept(node, *step->base));
      }
      ++step;
      continue;
    }
    const auto same = std::lower_bound(before_->nodes.begin(), before_->nodes.end(), nodes_[node].path,
                                       [](const Node& each, const std::string& path) { return each.path < path; });
    TRY(sink.kept(node, static_cast<std::uint32_t>(same - before_->nodes.begin())));
  }
  return {};
}

/// How many sections were used.
Result<std::size_t> DeltaReader::apply_texts(TreeContents& old, DeltaSink& sink) const {
  std::size_t used = 2;
  auto step = recipe_.steps.begin();
  for (const std::uint32_t texts : recipe_.text_groups) {
    std::vector<const RecipeStep*> steps;
    for (; step != recipe_.steps.end() && steps.size() < texts; ++step) {
      if (is_text(*step)) {
        steps.push_back(&*step);
      }
    }
    REFUSE_UNLESS(steps.size() == texts, "a delta has fewer texts than its groups");
    std::vector<std::vector<std::byte>> contents;
    Bytes size = 0;
    for (const RecipeStep* const each : steps) {
      std::vector<std::byte> content;
      if (each->base) {
        size += before_->nodes[*each->base].size;
        REFUSE_UNLESS(before_->nodes[*each->base].size <= kMaxWhole && size <= kMaxGroup,
                      "a group of a delta is about too much text");
        TRY_ASSIGN(content, old.file(*each->base));
      }
      contents.push_back(std::move(content));
    }
    const std::vector<ByteView> before(contents.begin(), contents.end());
    TRY_ASSIGN(const ByteView group, section(used++));
    TRY_ASSIGN(auto made, decode_texts(before, group, kMaxGroup));
    for (std::size_t i = 0; i < steps.size(); ++i) {
      REFUSE_UNLESS(made[i].size() <= kMaxWhole, "a delta makes a text that is too large");
      if (steps[i]->kind == RecipeStep::Kind::text) {
        TRY(sink.whole(steps[i]->node, std::move(made[i])));
      }
    }
  }
  REFUSE_UNLESS(std::none_of(step, recipe_.steps.end(), is_text), "a delta has more texts than its groups");
  return used;
}

Result<void> DeltaReader::apply_frames(std::size_t section, TreeContents& old, DeltaSink& sink) const {
  for (const RecipeStep& step : recipe_.steps) {
    if (step.kind == RecipeStep::Kind::whole) {
      std::vector<std::byte> prefix;
      if (step.base) {
        REFUSE_UNLESS(before_->nodes[*step.base].size <= kMaxWhole, "a delta is about a file that is too large");
        TRY_ASSIGN(prefix, old.file(*step.base));
      }
      TRY_ASSIGN(const ByteView frame, this->section(section++));
      TRY_ASSIGN(auto content, decompress_after(prefix, frame, kMaxWhole));
      TRY(sink.whole(step.node, std::move(content)));
    } else if (step.kind == RecipeStep::Kind::chunks) {
      TRY(apply_pieces(step, section, old, sink));
    }
  }
  REFUSE_UNLESS(section == sections_.size(), "something follows a delta");
  return {};
}

Result<void> DeltaReader::apply_pieces(const RecipeStep& step, std::size_t& section, TreeContents& old,
                                       DeltaSink& sink) const {
  for (const RecipeStep::Piece& piece : step.pieces) {
    if (piece.kind == RecipeStep::Piece::Kind::copied) {
      TRY(sink.chunk_kept(step.node, *step.base, piece.chunk));
      continue;
    }
    std::vector<std::byte> prefix;
    if (piece.kind == RecipeStep::Piece::Kind::after) {
      TRY_ASSIGN(prefix, old.chunk(*step.base, piece.chunk));
    }
    TRY_ASSIGN(const ByteView frame, this->section(section++));
    TRY_ASSIGN(auto content, decompress_after(prefix, frame, kMaxChunk));
    REFUSE_UNLESS(!content.empty(), "a delta has an empty chunk");
    TRY(sink.chunk(step.node, std::move(content)));
  }
  return sink.end_of_chunks(step.node);
}

}  // namespace swarmout
