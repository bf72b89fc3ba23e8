#include "common/delta/recipe.hpp"

#include "common/delta/varints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

/// Counts of groups and steps; then of each step how many files were passed over, its kind, its base and its pieces.
enum Stream : std::size_t { counts, gaps, kinds, bases, pieces };
constexpr std::size_t kStreams = 5;

/// Codes of a base: as foretold by the path, none, or so far from the one after the base before.
constexpr std::uint64_t kForetold = 0;
constexpr std::uint64_t kNone = 1;
constexpr std::uint64_t kFar = 2;

const Node* file_called(const std::vector<Node>& nodes, const std::string& path) {
  const auto found = std::lower_bound(nodes.begin(), nodes.end(), path,
                                      [](const Node& node, const std::string& wanted) { return node.path < wanted; });
  return found != nodes.end() && found->path == path && found->is_file() ? &*found : nullptr;
}

std::uint32_t index_in(const std::vector<Node>& nodes, const Node* node) {
  return static_cast<std::uint32_t>(node - nodes.data());
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

/// Walks the files of a new tree as its steps do.
class Walk {
public:
  Walk(const std::vector<Node>& before, const std::vector<Node>& after) : before_(before), after_(after) { skip(); }

  [[nodiscard]] std::size_t node() const { return node_; }
  [[nodiscard]] bool at_end() const { return node_ == after_.size(); }
  void next() {
    ++node_;
    skip();
  }
  /// The base that the path foretells.
  [[nodiscard]] std::optional<std::uint32_t> foretold() const {
    const Node* const same = at_end() ? nullptr : file_called(before_, after_[node_].path);
    return same != nullptr ? std::optional(index_in(before_, same)) : std::nullopt;
  }

private:
  void skip() {
    while (node_ < after_.size() && !after_[node_].is_file()) {
      ++node_;
    }
  }

  const std::vector<Node>& before_;
  const std::vector<Node>& after_;
  std::size_t node_ = 0;
};

void add_pieces(std::string& to, const std::vector<RecipeStep::Piece>& all) {
  add_varint(to, all.size());
  std::int64_t expected = 0;
  for (const RecipeStep::Piece& each : all) {
    const std::int64_t far = each.kind == RecipeStep::Piece::Kind::alone ? 0 : each.chunk - expected;
    add_varint(to, zigzag(far) * 3 + static_cast<std::uint64_t>(each.kind));
    expected += far + (each.kind == RecipeStep::Piece::Kind::alone ? 0 : 1);
  }
}

Result<std::vector<RecipeStep::Piece>> read_pieces(Varints& from, std::uint32_t chunks) {
  constexpr std::uint64_t kMostPieces = 1U << 24U;  // 4 TiB of the smallest ones
  TRY_ASSIGN(const std::uint64_t count, from.next(kMostPieces));
  std::vector<RecipeStep::Piece> all;
  std::int64_t expected = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::uint64_t code, from.next(UINT32_MAX * std::uint64_t{6}));
    RecipeStep::Piece piece;
    piece.kind = static_cast<RecipeStep::Piece::Kind>(code % 3);
    if (piece.kind != RecipeStep::Piece::Kind::alone) {
      const std::int64_t chunk = expected + unzigzag(code / 3);
      REFUSE_UNLESS(chunk >= 0 && chunk < chunks, "a delta refers to a chunk that is not there");
      piece.chunk = static_cast<std::uint32_t>(chunk);
      expected = chunk + 1;
    }
    all.push_back(piece);
  }
  return all;
}

class Reader {
public:
  Reader(const std::array<ByteView, kStreams>& streams, const std::vector<Node>& before, const std::vector<Node>& after)
      : numbers_{Varints(streams[counts]), Varints(streams[gaps]), Varints(streams[kinds]), Varints(streams[bases]),
                 Varints(streams[pieces])},
        before_(before),
        walk_(before, after),
        most_(before.size() + after.size()) {}

  Result<Recipe> read() {
    Recipe recipe;
    TRY_ASSIGN(const std::uint64_t groups, numbers_[counts].next(most_));
    for (std::uint64_t i = 0; i < groups; ++i) {
      TRY_ASSIGN(const std::uint64_t texts, numbers_[counts].next(most_));
      recipe.text_groups.push_back(static_cast<std::uint32_t>(texts));
    }
    TRY_ASSIGN(const std::uint64_t steps, numbers_[counts].next(most_));
    for (std::uint64_t i = 0; i < steps; ++i) {
      TRY_ASSIGN(RecipeStep step, read_step());
      recipe.steps.push_back(std::move(step));
    }
    while (!walk_.at_end()) {
      TRY(pass_over());
    }
    REFUSE_UNLESS(std::all_of(numbers_.begin(), numbers_.end(), [](const Varints& each) { return each.at_end(); }),
                  "the recipe of a delta has more than its steps");
    return recipe;
  }

private:
  Result<void> pass_over() {
    REFUSE_UNLESS(!walk_.at_end() && walk_.foretold(), "a delta does not say where the content of a file comes from");
    walk_.next();
    return {};
  }

  Result<RecipeStep> read_step() {
    TRY_ASSIGN(const std::uint64_t gap, numbers_[gaps].next(UINT32_MAX));
    for (std::uint64_t i = 0; i < gap; ++i) {
      TRY(pass_over());
    }
    TRY_ASSIGN(const std::uint64_t kind, numbers_[kinds].next(static_cast<std::uint64_t>(RecipeStep::Kind::context)));
    RecipeStep step{static_cast<RecipeStep::Kind>(kind), static_cast<std::uint32_t>(walk_.node()), std::nullopt, {}};
    TRY_ASSIGN(const std::uint64_t code, numbers_[bases].next(UINT32_MAX * std::uint64_t{2}));
    TRY_ASSIGN(step.base, base(code));
    const bool context = step.kind == RecipeStep::Kind::context;
    REFUSE_UNLESS(step.base || (!context && step.kind != RecipeStep::Kind::moved), "a step of a delta has no base");
    REFUSE_UNLESS(context || !walk_.at_end(), "a delta has a step for a file that is not there");
    if (step.kind == RecipeStep::Kind::chunks) {
      TRY_ASSIGN(step.pieces, read_pieces(numbers_[pieces], step.base ? before_[*step.base].ref_count : 0));
    }
    if (!context) {
      walk_.next();
    }
    return step;
  }

  Result<std::optional<std::uint32_t>> base(std::uint64_t code) {
    if (code == kNone) {
      return std::nullopt;
    }
    std::int64_t index = 0;
    if (code == kForetold) {
      const auto foretold = walk_.foretold();
      REFUSE_UNLESS(foretold, "a step of a delta has no base");
      index = *foretold;
    } else {
      index = expected_ + unzigzag(code - kFar);
    }
    REFUSE_UNLESS(index >= 0 && index < static_cast<std::int64_t>(before_.size()) &&
                      before_[static_cast<std::size_t>(index)].is_file(),
                  "a step of a delta has a base that is not there");
    expected_ = index + 1;
    return static_cast<std::uint32_t>(index);
  }

  std::array<Varints, kStreams> numbers_;
  const std::vector<Node>& before_;
  Walk walk_;
  std::uint64_t most_;  ///< a step is about a file of one of the trees, and a group has a step
  std::int64_t expected_ = 0;
};

}  // namespace

std::string encode_recipe(const Recipe& recipe, const std::vector<Node>& before, const std::vector<Node>& after) {
  std::array<std::string, kStreams> streams;
  add_varint(streams[counts], recipe.text_groups.size());
  for (const std::uint32_t texts : recipe.text_groups) {
    add_varint(streams[counts], texts);
  }
  add_varint(streams[counts], recipe.steps.size());
  Walk walk(before, after);
  std::int64_t expected = 0;
  for (const RecipeStep& step : recipe.steps) {
    std::uint64_t gap = 0;
    for (; walk.node() != step.node; walk.next()) {
      INVARIANT(!walk.at_end());
      ++gap;
    }
    add_varint(streams[gaps], gap);
    add_varint(streams[kinds], static_cast<std::uint64_t>(step.kind));
    if (!step.base) {
      add_varint(streams[bases], kNone);
    } else {
      add_varint(streams[bases], step.base == walk.foretold() ? kForetold : kFar + zigzag(*step.base - expected));
      expected = std::int64_t{*step.base} + 1;
    }
    if (step.kind == RecipeStep::Kind::chunks) {
      add_pieces(streams[pieces], step.pieces);
    }
    if (step.kind != RecipeStep::Kind::context) {
      walk.next();
    }
  }
  std::string bytes;
  for (const std::string& stream : streams) {
    add_varint(bytes, stream.size());
  }
  for (const std::string& stream : streams) {
    bytes += stream;
  }
  return bytes;
}

Result<Recipe> decode_recipe(ByteView bytes, const std::vector<Node>& before, const std::vector<Node>& after) {
  Varints sizes(bytes);
  std::array<std::uint64_t, kStreams> lengths{};
  for (std::uint64_t& each : lengths) {
    TRY_ASSIGN(each, sizes.next(bytes.size()));
  }
  ByteView left = sizes.left();
  std::array<ByteView, kStreams> streams;
  for (std::size_t i = 0; i < kStreams; ++i) {
    REFUSE_UNLESS(lengths[i] <= left.size(), "the recipe of a delta ends too early");
    streams[i] = left.first(static_cast<std::size_t>(lengths[i]));
    left = left.subspan(static_cast<std::size_t>(lengths[i]));
  }
  REFUSE_UNLESS(left.empty(), "something follows the recipe of a delta");
  return Reader(streams, before, after).read();
}

}  // namespace swarmout
