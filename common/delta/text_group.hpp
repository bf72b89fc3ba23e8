// Several texts as line operations against older ones, in four streams and the text that was added.
//
// The decoder reads the operations first. They name lines of texts that it has, so it makes a prefix of the removed
// lines and those around them: the added text is compressed after that, and nothing of it travels. A far offset into
// all of the old content costs a match-finder about eleven bytes for each edit; the operations cost about one. Stored
// form: docs/formats/delta.md.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/delta/line_script.hpp"

#include <string>
#include <vector>

namespace swarmout {

/// Old and new texts of a group: bounds the memory of both sides.
inline constexpr Bytes kMaxGroup = 48 * kMiB;
/// Of an old text around what was removed: measured, more of them saves less than it costs in time.
inline constexpr std::size_t kContextLines = 3;

struct TextChange {
  ByteView before;    ///< empty: there is none
  ByteView after;     ///< of the encoder
  LineScript script;  ///< of the encoder: makes `after` of `before`
};

/// `level`: zstd's. All texts together have kMaxGroup bytes at most.
[[nodiscard]] std::string encode_texts(const std::vector<TextChange>& changes, int level);

/// The new texts, of as many old ones as the encoder had. Errors: refused: damaged, or made for other texts (as far as
/// that shows: check the texts); more than `limit` bytes of new text, which is looked at before memory is taken.
[[nodiscard]] Result<std::vector<std::vector<std::byte>>> decode_texts(const std::vector<ByteView>& before,
                                                                       ByteView group, Bytes limit);

}  // namespace swarmout
