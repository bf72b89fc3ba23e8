#include "common/delta/text_group.hpp"

#include "common/delta/prefix_codec.hpp"
#include "common/delta/varints.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace swarmout {

namespace {

/// How many hunks each text has, and of each hunk what is kept, removed and added.
constexpr std::size_t kTextStreams = 4;
enum TextStream : std::size_t { hunks, kept, removed, added };
/// A hunk takes or adds a line, and a number that needs more than a byte says that there are more lines.
constexpr Bytes kMaxStream = kMaxGroup;

using Streams = std::array<std::string, kTextStreams>;

void append(std::vector<std::byte>& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

ByteView lines_of(ByteView text, const std::vector<std::uint32_t>& starts, std::size_t first, std::size_t end) {
  return text.subspan(starts[first], starts[end] - starts[first]);
}

/// What both sides have: the removed lines of a text and those around them, each once, in their order.
void add_context(std::vector<std::byte>& prefix, ByteView before, const std::vector<std::uint32_t>& starts,
                 const LineScript& script) {
  const std::size_t lines = starts.size() - 1;
  std::size_t at = 0;
  std::size_t taken = 0;  // lines before this are in, or too far from any hunk
  for (const LineHunk& hunk : script) {
    at += hunk.kept;
    const std::size_t from = std::max(taken, at - std::min(at, kContextLines));
    at += hunk.removed;
    const std::size_t to = std::min(lines, at + kContextLines);
    if (from < to) {
      append(prefix, lines_of(before, starts, from, to));
      taken = to;
    }
  }
}

void add_frame(std::string& to, ByteView frame) {
  add_varint(to, frame.size());
  to.append(as_text(frame));
}

/// The last line of all texts but the last one must end, so that it is seen where the next one begins.
bool ends_within_a_line(const TextChange& change) {
  if (change.script.empty() || change.script.back().added == 0 || change.after.empty()) {
    return false;
  }
  std::size_t consumed = 0;
  for (const LineHunk& hunk : change.script) {
    consumed += hunk.kept + hunk.removed;
  }
  return consumed == line_starts(change.before).size() - 1 && change.after.back() != std::byte{'\n'};
}

void add_added(std::vector<std::byte>& text, const TextChange& change) {
  const auto starts = line_starts(change.after);
  std::size_t at = 0;
  for (const LineHunk& hunk : change.script) {
    at += hunk.kept;
    append(text, lines_of(change.after, starts, at, at + hunk.added));
    at += hunk.added;
  }
  if (ends_within_a_line(change)) {
    text.push_back(std::byte{'\n'});
  }
}

/// Frames with their sizes before them.
class Frames {
public:
  explicit Frames(ByteView bytes) : left_(bytes) {}
  Result<ByteView> next() {
    std::uint64_t size = 0;
    std::size_t used = 0;
    for (unsigned shift = 0;; shift += 7) {
      REFUSE_UNLESS(used < left_.size() && shift < 35, "a group of a delta ends too early");
      const auto byte = static_cast<std::uint64_t>(left_[used++]);
      size |= (byte & 0x7fU) << shift;
      if (byte < 0x80) {
        break;
      }
    }
    REFUSE_UNLESS(size <= left_.size() - used, "a group of a delta ends too early");
    const ByteView frame = left_.subspan(used, static_cast<std::size_t>(size));
    left_ = left_.subspan(used + static_cast<std::size_t>(size));
    return frame;
  }
  [[nodiscard]] bool at_end() const { return left_.empty(); }

private:
  ByteView left_;
};

/// An old text, and what becomes of it.
struct Reading {
  ByteView before;
  std::vector<std::uint32_t> starts;
  LineScript script;
  bool open_end = false;  ///< its last line has no '\n'
};

Result<Reading> read_script(ByteView before, std::array<Varints, kTextStreams>& numbers) {
  Reading reading{before, line_starts(before), {}};
  const std::uint64_t lines = reading.starts.size() - 1;
  TRY_ASSIGN(const std::uint64_t count, numbers[hunks].next(2 * (lines + 1) + 1));
  reading.open_end = count % 2 == 1;
  std::uint64_t left = lines;
  for (std::uint64_t i = 0; i < count / 2; ++i) {
    LineHunk hunk;
    TRY_ASSIGN(const std::uint64_t skipped, numbers[kept].next(left));
    TRY_ASSIGN(const std::uint64_t gone, numbers[removed].next(left - skipped));
    TRY_ASSIGN(const std::uint64_t come, numbers[added].next(kMaxGroup));
    hunk.kept = static_cast<std::uint32_t>(skipped);
    hunk.removed = static_cast<std::uint32_t>(gone);
    hunk.added = static_cast<std::uint32_t>(come);
    left -= skipped + gone;
    reading.script.push_back(hunk);
  }
  REFUSE_UNLESS(!reading.open_end || (!reading.script.empty() && reading.script.back().added > 0 && left == 0),
                "a text of a delta ends where it cannot");
  return reading;
}

/// The next `lines` lines of what is left.
Result<ByteView> take_lines(ByteView& left, std::uint32_t lines) {
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < lines; ++i) {
    const void* const end = size < left.size() ? std::memchr(left.data() + size, '\n', left.size() - size) : nullptr;
    REFUSE_UNLESS(end != nullptr, "a delta has less text than lines");
    size = static_cast<std::size_t>(static_cast<const std::byte*>(end) - left.data()) + 1;
  }
  const ByteView taken = left.first(size);
  left = left.subspan(size);
  return taken;
}

Result<std::vector<std::byte>> apply(const Reading& reading, ByteView& text, Bytes& allowed) {
  std::vector<std::byte> after;
  std::size_t at = 0;
  const auto add = [&](ByteView bytes) -> Result<void> {
    REFUSE_UNLESS(bytes.size() <= allowed, "a delta makes more text than is allowed there");
    allowed -= bytes.size();
    append(after, bytes);
    return {};
  };
  for (const LineHunk& hunk : reading.script) {
    TRY(add(lines_of(reading.before, reading.starts, at, at + hunk.kept)));
    at += hunk.kept + hunk.removed;
    TRY_ASSIGN(const ByteView come, take_lines(text, hunk.added));
    TRY(add(come));
  }
  TRY(add(lines_of(reading.before, reading.starts, at, reading.starts.size() - 1)));
  if (reading.open_end) {
    after.pop_back();
  }
  return after;
}

}  // namespace

std::string encode_texts(const std::vector<TextChange>& changes, int level) {
  Streams numbers;
  std::vector<std::byte> prefix;
  std::vector<std::byte> text;
  for (const TextChange& change : changes) {
    add_varint(numbers[hunks], 2 * change.script.size() + (ends_within_a_line(change) ? 1 : 0));
    for (const LineHunk& hunk : change.script) {
      add_varint(numbers[kept], hunk.kept);
      add_varint(numbers[removed], hunk.removed);
      add_varint(numbers[added], hunk.added);
    }
    add_context(prefix, change.before, line_starts(change.before), change.script);
    add_added(text, change);
  }
  std::string group;
  for (const std::string& stream : numbers) {
    add_frame(group, compress_after({}, as_bytes(stream), level));
  }
  add_frame(group, compress_after(prefix, text, level));
  return group;
}

Result<std::vector<std::vector<std::byte>>> decode_texts(const std::vector<ByteView>& before, ByteView group,
                                                         Bytes limit) {
  Frames frames(group);
  std::array<std::vector<std::byte>, kTextStreams> streams;
  for (auto& stream : streams) {
    TRY_ASSIGN(const ByteView frame, frames.next());
    TRY_ASSIGN(stream, decompress_after({}, frame, kMaxStream));
  }
  std::array<Varints, kTextStreams> numbers{Varints(streams[hunks]), Varints(streams[kept]), Varints(streams[removed]),
                                            Varints(streams[added])};
  std::vector<Reading> readings;
  std::vector<std::byte> prefix;
  Bytes old = 0;
  for (const ByteView each : before) {
    old += each.size();
    REFUSE_UNLESS(old <= kMaxGroup, "a group of a delta is about too much text");
    TRY_ASSIGN(Reading reading, read_script(each, numbers));
    add_context(prefix, each, reading.starts, reading.script);
    readings.push_back(std::move(reading));
  }
  REFUSE_UNLESS(std::all_of(numbers.begin(), numbers.end(), [](const Varints& each) { return each.at_end(); }),
                "a group of a delta has more operations than texts");
  TRY_ASSIGN(const ByteView frame, frames.next());
  REFUSE_UNLESS(frames.at_end(), "something follows a group of a delta");
  TRY_ASSIGN(const std::vector<std::byte> text,
             decompress_after(prefix, frame, std::min(limit + before.size(), kMaxGroup)));
  std::vector<std::vector<std::byte>> after;
  ByteView left = text;
  Bytes allowed = limit + before.size();  // the ends that are taken away again
  for (const Reading& reading : readings) {
    TRY_ASSIGN(auto made, apply(reading, left, allowed));
    after.push_back(std::move(made));
  }
  REFUSE_UNLESS(left.empty(), "a delta has more text than lines");
  return after;
}

}  // namespace swarmout
