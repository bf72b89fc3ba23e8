#include "seeder/delta/delta_maker.hpp"

#include "common/delta/prefix_codec.hpp"
#include "common/delta/text_group.hpp"
#include "common/delta/tree_listing.hpp"
#include "seeder/delta/base_finder.hpp"
#include "seeder/delta/line_diff.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace swarmout {

namespace {

/// For a guess of what is smaller.
constexpr int kTrialLevel = 3;
/// As much added text, of all of it, makes the other way worth a trial: few long lines, say.
constexpr std::size_t kTrialText = 4096;
constexpr std::size_t kTrialPart = 4;

using Content = std::vector<std::byte>;

struct Text {
  Content before;
  Content after;
  LineScript script;
};

Bytes added_bytes(const Text& text) {
  const auto starts = line_starts(text.after);
  Bytes size = 0;
  std::size_t at = 0;
  for (const LineHunk& hunk : text.script) {
    at += hunk.kept;
    size += starts[at + hunk.added] - starts[at];
    at += hunk.added;
  }
  return size;
}

/// One of many in a group costs less than alone: its four streams have no headers of their own.
bool is_smaller_as_text(const Text& text) {
  const Bytes added = added_bytes(text);
  if (text.before.empty() || added < kTrialText || added * kTrialPart < text.after.size()) {
    return true;
  }
  const std::string alone = encode_texts({{text.before, text.after, text.script}}, kTrialLevel);
  return alone.size() < compress_after(text.before, text.after, kTrialLevel).size();
}

/// The chunks of a file, by what is in them. Zeros and the like are in it many times.
class OldChunks {
public:
  OldChunks(const Manifest& manifest, std::span<const std::uint32_t> refs) {
    for (std::uint32_t i = 0; i < refs.size(); ++i) {
      places_[manifest.chunks[refs[i]].digest].push_back(i);
    }
  }

  /// The first one from `from` on, else the last: what comes behind it is then likely what comes behind the new one.
  [[nodiscard]] std::optional<std::uint32_t> find(const Digest& digest, std::uint32_t from) const {
    const auto found = places_.find(digest);
    if (found == places_.end()) {
      return std::nullopt;
    }
    const auto at = std::lower_bound(found->second.begin(), found->second.end(), from);
    return at != found->second.end() ? *at : found->second.back();
  }

private:
  std::unordered_map<Digest, std::vector<std::uint32_t>> places_;  ///< ascending
};

class DeltaMaker {
public:
  DeltaMaker(const Manifest& before, const Manifest& after, TreeContents& old, TreeContents& fresh,
             const DeltaOptions& options)
      : before_(before), after_(after), old_(old), fresh_(fresh), options_(options), finder_(before, after) {}

  Result<std::optional<std::string>> make(const std::stop_token& stop) {
    const std::string listing = encode_listing(after_.nodes);
    const std::string older = encode_listing(before_.nodes);
    if (listing.size() > kMaxListing || older.size() > kMaxListing) {
      return std::nullopt;
    }
    find_bases();
    if (new_for_sure() > options_.most_fresh) {
      return std::nullopt;  // before anything is read
    }
    auto gone = left_.begin();
    for (std::uint32_t node = 0; node < after_.nodes.size(); ++node) {
      if (!after_.nodes[node].is_file()) {
        continue;
      }
      for (; gone != left_.end() && before_.nodes[*gone].path < after_.nodes[node].path; ++gone) {
        TRY(add_context(*gone, node));
      }
      TRY(add_file(node));
      if (stop.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      if (made_ > options_.limit || fresh_bytes_ > options_.most_fresh) {
        return std::nullopt;
      }
    }
    for (; gone != left_.end(); ++gone) {
      TRY(add_context(*gone, static_cast<std::uint32_t>(after_.nodes.size())));
    }
    end_group();
    return write(older, listing);
  }

private:
  void find_bases() {
    bases_.resize(after_.nodes.size());
    std::set<std::uint32_t> used;
    for (std::uint32_t node = 0; node < after_.nodes.size(); ++node) {
      if (after_.nodes[node].is_file()) {
        bases_[node] = finder_.find(node);
        if (bases_[node]) {
          used.insert(bases_[node]->node);
        }
      }
    }
    std::copy_if(finder_.gone().begin(), finder_.gone().end(), std::back_inserter(left_),
                 [&](std::uint32_t each) { return !used.contains(each); });
  }

  /// Of files that have no base, and chunks of large ones that are in no old file.
  [[nodiscard]] Bytes new_for_sure() const {
    std::unordered_set<Digest> known;
    for (const Chunk& each : before_.chunks) {
      known.insert(each.digest);
    }
    Bytes size = 0;
    for (std::uint32_t node = 0; node < after_.nodes.size(); ++node) {
      const Node& file = after_.nodes[node];
      if (file.is_file() && (!bases_[node] || file.size > kMaxWhole)) {
        for (const std::uint32_t ref : after_.refs_of(file)) {
          size += known.contains(after_.chunks[ref].digest) ? 0 : after_.chunks[ref].size;
        }
      }
    }
    return size;
  }

  /// What is gone may have gone elsewhere, in parts.
  Result<void> add_context(std::uint32_t gone, std::uint32_t node) {
    const Node& file = before_.nodes[gone];
    if (file.size == 0 || file.size > kMaxWhole) {
      return {};
    }
    Text text;
    TRY_ASSIGN(text.before, old_.file(gone));
    if (looks_like_text(text.before)) {
      text.script = {{0, static_cast<std::uint32_t>(line_starts(text.before).size() - 1), 0}};
      add_text({RecipeStep::Kind::context, node, gone, {}}, std::move(text));
    }
    return {};
  }

  Result<void> add_file(std::uint32_t node) {
    const Node& file = after_.nodes[node];
    const auto& found = bases_[node];
    if (found && found->same) {
      if (before_.nodes[found->node].path != file.path) {
        recipe_.steps.push_back({RecipeStep::Kind::moved, node, found->node, {}});
      }
      return {};
    }
    const auto base = found ? std::optional(found->node) : std::nullopt;
    if (file.size > kMaxWhole || (base && before_.nodes[*base].size > kMaxWhole)) {
      return add_chunks(node, base);
    }
    Text text;
    TRY_ASSIGN(text.after, fresh_.file(node));
    if (base) {
      TRY_ASSIGN(text.before, old_.file(*base));
    }
    if (looks_like_text(text.before) && looks_like_text(text.after)) {
      if (auto script = line_diff(text.before, text.after)) {
        text.script = *std::move(script);
        if (is_smaller_as_text(text)) {
          add_text({RecipeStep::Kind::text, node, base, {}}, std::move(text));
          return {};
        }
      }
    }
    recipe_.steps.push_back({RecipeStep::Kind::whole, node, base, {}});
    fresh_bytes_ += text.after.size();
    add_frame(compress_after(text.before, text.after, level()));
    return {};
  }

  Result<void> add_chunks(std::uint32_t node, std::optional<std::uint32_t> base) {
    RecipeStep step{RecipeStep::Kind::chunks, node, base, {}};
    const auto old = base ? before_.refs_of(before_.nodes[*base]) : std::span<const std::uint32_t>();
    const OldChunks known(before_, old);
    const auto fresh = after_.refs_of(after_.nodes[node]);
    std::uint32_t next = 0;  // the old chunk that stands where this one does
    for (std::uint32_t i = 0; i < fresh.size(); ++i) {
      if (const auto same = known.find(after_.chunks[fresh[i]].digest, next)) {
        step.pieces.push_back({RecipeStep::Piece::Kind::copied, *same});
        next = *same + 1;
        continue;
      }
      TRY_ASSIGN(const Content content, fresh_.chunk(node, i));
      Content prefix;
      const bool beside = next < old.size();
      if (beside) {
        TRY_ASSIGN(prefix, old_.chunk(*base, next));
      }
      step.pieces.push_back(
          {beside ? RecipeStep::Piece::Kind::after : RecipeStep::Piece::Kind::alone, beside ? next : 0});
      fresh_bytes_ += content.size();
      add_frame(compress_after(prefix, content, level()));
      if (fresh_bytes_ > options_.most_fresh) {
        break;  // it comes to nothing
      }
      next += beside ? 1 : 0;
    }
    recipe_.steps.push_back(std::move(step));
    return {};
  }

  void add_text(RecipeStep step, Text text) {
    if (group_size_ + text.before.size() + text.after.size() > kMaxGroup) {
      end_group();
    }
    group_size_ += text.before.size() + text.after.size();
    fresh_bytes_ += added_bytes(text);
    recipe_.steps.push_back(std::move(step));
    texts_.push_back(std::move(text));
  }

  void end_group() {
    if (texts_.empty()) {
      return;
    }
    std::vector<TextChange> changes;
    for (const Text& each : texts_) {
      changes.push_back({each.before, each.after, each.script});
    }
    groups_.push_back(encode_texts(changes, level()));
    made_ += groups_.back().size();
    recipe_.text_groups.push_back(static_cast<std::uint32_t>(texts_.size()));
    texts_.clear();
    group_size_ = 0;
  }

  [[nodiscard]] int level() const {
    return fresh_bytes_ <= DeltaOptions::kPatient ? options_.level
                                                  : std::min(options_.level, DeltaOptions::kQuickLevel);
  }

  void add_frame(Content frame) {
    made_ += frame.size();
    frames_.push_back(std::move(frame));
  }

  Result<std::optional<std::string>> write(const std::string& older, const std::string& listing) {
    DeltaWriter writer(before_.tree_digest(), after_.tree_digest());
    writer.add_section(compress_after(as_bytes(older), as_bytes(listing), options_.level));
    const std::string recipe = encode_recipe(recipe_, before_.nodes, after_.nodes);
    writer.add_section(compress_after({}, as_bytes(recipe), options_.level));
    for (const std::string& each : groups_) {
      writer.add_section(as_bytes(each));
    }
    for (const Content& each : frames_) {
      writer.add_section(each);
    }
    return writer.size() <= options_.limit ? std::optional(writer.take()) : std::nullopt;
  }

  const Manifest& before_;
  const Manifest& after_;
  TreeContents& old_;
  TreeContents& fresh_;
  const DeltaOptions& options_;
  BaseFinder finder_;
  std::vector<std::optional<FoundBase>> bases_;  ///< by node
  std::vector<std::uint32_t> left_;              ///< files that are gone, and nobody's base
  Recipe recipe_;
  std::vector<Text> texts_;  ///< of the group that is being filled
  Bytes group_size_ = 0;
  std::vector<std::string> groups_;
  std::vector<Content> frames_;
  Bytes made_ = 0;
  Bytes fresh_bytes_ = 0;  ///< content so far that no old file has, as far as it shows
};

}  // namespace

Result<std::optional<std::string>> make_delta(const Manifest& before, const Manifest& after, TreeContents& old,
                                              TreeContents& fresh, const DeltaOptions& options,
                                              const std::stop_token& stop) {
  return DeltaMaker(before, after, old, fresh, options).make(stop);
}

}  // namespace swarmout
