#include "common/delta/prefix_codec.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <memory>

namespace swarmout {

namespace {

constexpr int kLeastWindow = 10;  // ZSTD_WINDOWLOG_MIN
constexpr int kMostWindow = 27;   // ZSTD_WINDOWLOG_LIMIT_DEFAULT: larger ones a decoder has to be told to take

int window_for(std::size_t bytes) {
  return std::clamp(static_cast<int>(std::bit_width(bytes)), kLeastWindow, kMostWindow);
}

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  INVARIANT(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)) == 0);
}

}  // namespace

std::vector<std::byte> compress_after(ByteView prefix, ByteView content, int level) {
  INVARIANT(prefix.size() + content.size() <= kMaxPrefixed);
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  INVARIANT(context != nullptr);
  set(context.get(), ZSTD_c_compressionLevel, level);
  set(context.get(), ZSTD_c_windowLog, window_for(prefix.size() + content.size()));
  INVARIANT(ZSTD_isError(ZSTD_CCtx_refPrefix(context.get(), prefix.data(), prefix.size())) == 0);
  std::vector<std::byte> frame(ZSTD_compressBound(content.size()));
  const std::size_t size = ZSTD_compress2(context.get(), frame.data(), frame.size(), content.data(), content.size());
  INVARIANT(ZSTD_isError(size) == 0);
  frame.resize(size);
  return frame;
}

Result<std::vector<std::byte>> decompress_after(ByteView prefix, ByteView frame, Bytes limit) {
  const unsigned long long stated = ZSTD_getFrameContentSize(frame.data(), frame.size());
  REFUSE_UNLESS(stated != ZSTD_CONTENTSIZE_ERROR && stated != ZSTD_CONTENTSIZE_UNKNOWN,
                "not a zstd frame that states its size");
  REFUSE_UNLESS(stated <= limit,
                fmt::format("a zstd frame states {} bytes, more than the {} allowed there", stated, limit));
  const std::size_t whole = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  REFUSE_UNLESS(ZSTD_isError(whole) == 0 && whole == frame.size(), "not exactly one zstd frame");
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  INVARIANT(context != nullptr);
  INVARIANT(ZSTD_isError(ZSTD_DCtx_refPrefix(context.get(), prefix.data(), prefix.size())) == 0);
  std::vector<std::byte> content(static_cast<std::size_t>(stated));
  const std::size_t size =
      ZSTD_decompressDCtx(context.get(), content.data(), content.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0) {
    return fail(ErrorCode::refused, fmt::format("damaged zstd frame: {}", ZSTD_getErrorName(size)));
  }
  REFUSE_UNLESS(size == content.size(),
                fmt::format("a zstd frame holds {} bytes where {} were stated", size, content.size()));
  return content;
}

}  // namespace swarmout
