// zstd frames: one piece of content in, one independent frame out, and back. Wraps libzstd.
//
// The same content, level and library version give the same bytes (packing is deterministic).
// A codec is used by one thread at a time; its buffers are reused.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <memory>
#include <vector>

namespace swarmout {

inline constexpr int kDefaultZstdLevel = 3;
inline constexpr int kMaxZstdLevel = 22;

class ZstdCompressor {
public:
  explicit ZstdCompressor(int level = kDefaultZstdLevel);
  ~ZstdCompressor();
  ZstdCompressor(ZstdCompressor&&) noexcept;

  /// One frame that states its content size. Cannot fail on memory that exists.
  [[nodiscard]] std::vector<std::byte> compress(ByteView content);

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

class ZstdDecompressor {
public:
  ZstdDecompressor();
  ~ZstdDecompressor();
  ZstdDecompressor(ZstdDecompressor&&) noexcept;

  /// Fills `content` exactly from exactly one frame. Errors: refused: damaged, more than one frame, or content of
  /// another size than `content`; nothing is written beyond it.
  [[nodiscard]] Result<void> decompress(ByteView frame, std::span<std::byte> content);

  /// For content whose size only the frame states. Errors: refused; also if it states more than `limit`
  /// (checked before allocating) or nothing.
  [[nodiscard]] Result<std::vector<std::byte>> decompress(ByteView frame, Bytes limit);

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace swarmout
