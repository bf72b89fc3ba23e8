// Deltas against one small tree that has a file of several chunks.

#include "common/delta/prefix_codec.hpp"
#include "common/delta/text_group.hpp"
#include "common/delta/tree_listing.hpp"
#include "common/delta/varints.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/delta_trees.hpp"

#include <set>

namespace swarmout::fuzz {

namespace {

/// What a fuzzer's time allows; without it each of some thousand frames of a few bytes could be of 4 MiB.
constexpr Bytes kMostMade = 64 * kMiB;

struct OldTree {
  test::MadeTree tree = test::tree_before_delta();
  Manifest manifest = test::manifest_of(tree);
  std::vector<std::vector<std::string_view>> chunks{};
};

const OldTree& old_tree() {
  static const OldTree old = [] {
    OldTree made;
    for (const Node& node : made.manifest.nodes) {
      made.chunks.push_back(node.is_file() ? test::chunks_of(made.tree.at(node.path).content)
                                           : std::vector<std::string_view>());
    }
    return made;
  }();
  return old;
}

std::vector<std::byte> copy_of(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

/// Asked only for what is there.
class OldContents final : public TreeContents {
public:
  Result<std::vector<std::byte>> file(std::uint32_t node) override {
    check(node < old_tree().manifest.nodes.size() && old_tree().manifest.nodes[node].is_file(), "a base is a file");
    check(old_tree().manifest.nodes[node].size <= kMaxWhole, "and not read as a whole if it is large");
    return copy_of(old_tree().tree.at(old_tree().manifest.nodes[node].path).content);
  }
  Result<std::vector<std::byte>> chunk(std::uint32_t node, std::uint32_t index) override {
    check(node < old_tree().chunks.size() && index < old_tree().chunks[node].size(), "a chunk is there");
    return copy_of(old_tree().chunks[node][index]);
  }
};

/// Told each file once, and nothing that is not there.
class CheckedSink final : public DeltaSink {
public:
  explicit CheckedSink(const std::vector<Node>& nodes) : nodes_(nodes) {}

  Result<void> kept(std::uint32_t node, std::uint32_t base) override {
    check(base < old_tree().manifest.nodes.size() && old_tree().manifest.nodes[base].is_file(), "a base is a file");
    return told(node, 0);
  }
  Result<void> whole(std::uint32_t node, std::vector<std::byte> content) override {
    check(content.size() <= kMaxWhole, "a whole file is capped");
    return told(node, content.size());
  }
  Result<void> chunk_kept(std::uint32_t node, std::uint32_t base, std::uint32_t chunk) override {
    check(!told_.contains(node), "chunks come before their end");
    check(base < old_tree().chunks.size() && chunk < old_tree().chunks[base].size(), "a chunk is there");
    return {};
  }
  Result<void> chunk(std::uint32_t node, std::vector<std::byte> content) override {
    check(!told_.contains(node), "chunks come before their end");
    check(!content.empty() && content.size() <= kMaxChunk, "a chunk is one that a packer could cut");
    return count(content.size());
  }
  Result<void> end_of_chunks(std::uint32_t node) override { return told(node, 0); }

  void expect_all() const {
    for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
      check(nodes_[node].is_file() == told_.contains(node), "each file is told once");
    }
  }

private:
  Result<void> told(std::uint32_t node, Bytes size) {
    check(node < nodes_.size() && nodes_[node].is_file() && told_.insert(node).second, "a file is told once");
    return count(size);
  }
  Result<void> count(Bytes size) {
    made_ += size;
    REFUSE_UNLESS(made_ <= kMostMade, "more than a fuzzer wants to see");
    return {};
  }

  const std::vector<Node>& nodes_;
  std::set<std::uint32_t> told_;
  Bytes made_ = 0;
};

void apply(std::string_view bytes) {
  const auto reader = DeltaReader::open(as_bytes(bytes), old_tree().manifest);
  if (!reader) {
    return;
  }
  const auto again = decode_listing(encode_listing(reader->nodes()));
  check(again && again->size() == reader->nodes().size(), "a listing that was read can be written and read");
  OldContents contents;
  CheckedSink sink(reader->nodes());
  if (reader->apply(contents, sink)) {
    sink.expect_all();
  }
}

/// The next part of an input: two bytes say how long it is. It ends where the input does.
std::string_view take_part(std::string_view& input) {
  const auto byte = [&](std::size_t at) -> std::size_t {
    return at < input.size() ? static_cast<unsigned char>(input[at]) : 0;
  };
  const std::size_t size = byte(0) + (byte(1) << 8U);
  input.remove_prefix(std::min<std::size_t>(2, input.size()));
  const std::string_view part = input.substr(0, size);
  input.remove_prefix(part.size());
  return part;
}

std::vector<std::byte> frame_of(std::string_view content) {
  return compress_after({}, as_bytes(content), 1);
}

/// A text group of five parts.
std::string group_of(std::string_view parts) {
  std::string group;
  for (int i = 0; i < 5; ++i) {
    const auto frame = frame_of(take_part(parts));
    add_varint(group, frame.size());
    group += as_text(frame);
  }
  return group;
}

}  // namespace

void delta(std::string_view input) {
  apply(input);
}

/// The same before it is compressed, which hides it from a fuzzer: listing, recipe, then sections; one whose first byte
/// is 't' is a text group, else it is a frame.
void delta_parts(std::string_view input) {
  DeltaWriter writer(old_tree().manifest.tree_digest(), Digest{});
  writer.add_section(frame_of(take_part(input)));
  writer.add_section(frame_of(take_part(input)));
  while (!input.empty()) {
    const std::string_view part = take_part(input);
    if (part.starts_with('t')) {
      writer.add_section(as_bytes(group_of(part.substr(1))));
    } else {
      writer.add_section(frame_of(part.substr(std::min<std::size_t>(1, part.size()))));
    }
  }
  apply(writer.take());
}

void delta_texts(std::string_view input) {
  const std::vector<ByteView> before{
      as_bytes(std::string_view("one\ntwo\nthree\n")), {}, as_bytes(std::string_view("four\nfive"))};
  constexpr Bytes kLimit = kMiB;
  const auto texts = decode_texts(before, as_bytes(group_of(input)), kLimit);
  if (texts) {
    Bytes size = 0;
    for (const auto& each : *texts) {
      size += each.size();
    }
    check(texts->size() == before.size() && size <= kLimit + before.size(), "texts are capped");
  }
}

}  // namespace swarmout::fuzz
