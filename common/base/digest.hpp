// SHA-256 as a value and as a stream. Wraps OpenSSL, which uses the CPU's SHA instructions.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace swarmout {

struct Digest {
  static constexpr std::size_t kSize = 32;
  std::array<std::byte, kSize> bytes{};

  auto operator<=>(const Digest&) const = default;

  /// 64 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  [[nodiscard]] ByteView view() const { return bytes; }

  /// Errors: refused, if `text` is not exactly 64 lower-case hexadecimal digits.
  [[nodiscard]] static Result<Digest> from_hex(std::string_view text);
  /// Errors: refused, if `raw` is not 32 bytes long.
  [[nodiscard]] static Result<Digest> from_bytes(ByteView raw);
};

[[nodiscard]] Digest sha256(ByteView data);
[[nodiscard]] inline Digest sha256(std::string_view data) {
  return sha256(as_bytes(data));
}

/// Hashes a stream. Reusable: finish() returns to the empty state. One thread at a time.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView data);
  [[nodiscard]] Digest finish();

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Lower-case hexadecimal of any bytes.
[[nodiscard]] std::string to_hex(ByteView bytes);

}  // namespace swarmout

template <>
struct std::hash<swarmout::Digest> {
  std::size_t operator()(const swarmout::Digest& digest) const noexcept {
    std::size_t value;  // a digest is uniformly distributed already
    std::memcpy(&value, digest.bytes.data(), sizeof value);
    return value;
  }
};
