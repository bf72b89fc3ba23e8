#include "common/release/zstd_codec.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>

namespace swarmout {

struct ZstdCompressor::Context {
  ZSTD_CCtx* handle = ZSTD_createCCtx();
  std::vector<std::byte> buffer;  ///< for the worst case; clearing a new one for each frame cost an eighth of packing
  ~Context() { ZSTD_freeCCtx(handle); }
};

ZstdCompressor::ZstdCompressor(int level) : context_(std::make_unique<Context>()) {
  INVARIANT(context_->handle != nullptr);
  INVARIANT(ZSTD_isError(ZSTD_CCtx_setParameter(context_->handle, ZSTD_c_compressionLevel, level)) == 0);
}
ZstdCompressor::~ZstdCompressor() = default;
ZstdCompressor::ZstdCompressor(ZstdCompressor&&) noexcept = default;

std::vector<std::byte> ZstdCompressor::compress(ByteView content) {
  std::vector<std::byte>& buffer = context_->buffer;
  buffer.resize(std::max(buffer.size(), ZSTD_compressBound(content.size())));
  const std::size_t size =
      ZSTD_compress2(context_->handle, buffer.data(), buffer.size(), content.data(), content.size());
  INVARIANT(ZSTD_isError(size) == 0);
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
}

struct ZstdDecompressor::Context {
  ZSTD_DCtx* handle = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(handle); }
};

ZstdDecompressor::ZstdDecompressor() : context_(std::make_unique<Context>()) {
  INVARIANT(context_->handle != nullptr);
}
ZstdDecompressor::~ZstdDecompressor() = default;
ZstdDecompressor::ZstdDecompressor(ZstdDecompressor&&) noexcept = default;

Result<void> ZstdDecompressor::decompress(ByteView frame, std::span<std::byte> content) {
  const std::size_t whole = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  REFUSE_UNLESS(ZSTD_isError(whole) == 0 && whole == frame.size(), "not exactly one zstd frame");
  const std::size_t size =
      ZSTD_decompressDCtx(context_->handle, content.data(), content.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0) {
    return fail(ErrorCode::refused, fmt::format("damaged zstd frame: {}", ZSTD_getErrorName(size)));
  }
  REFUSE_UNLESS(size == content.size(),
                fmt::format("a zstd frame holds {} bytes where {} were stated", size, content.size()));
  return {};
}

Result<std::vector<std::byte>> ZstdDecompressor::decompress(ByteView frame, Bytes limit) {
  const unsigned long long stated = ZSTD_getFrameContentSize(frame.data(), frame.size());
  REFUSE_UNLESS(stated != ZSTD_CONTENTSIZE_ERROR && stated != ZSTD_CONTENTSIZE_UNKNOWN,
                "not a zstd frame that states its size");
  REFUSE_UNLESS(stated <= limit, fmt::format("a zstd frame states {} bytes, more than the {} allowed "
                                             "there",
                                             stated, limit));
  std::vector<std::byte> content(static_cast<std::size_t>(stated));
  TRY(decompress(frame, content));
  return content;
}

}  // namespace swarmout
