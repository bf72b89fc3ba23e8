#include "common/archive/tar_header.hpp"

#include <algorithm>
#include <cstring>

namespace swarmout {

namespace {

/// Fields of ustar: offset and width.
struct Field {
  std::size_t at;
  std::size_t width;
};
constexpr Field kMode{100, 8};
constexpr Field kUser{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kSum{148, 8};
constexpr std::size_t kType = 156;
constexpr Field kMagic{257, 8};
constexpr Field kMajor{329, 8};
constexpr Field kMinor{337, 8};

constexpr Bytes kMaxOctal = 077777777777;  // 8 GiB less one
constexpr char kBase256 = static_cast<char>(0x80);

/// Digits up to the last byte of the field, which is NUL.
void put_octal(TarHeader& header, Field field, Bytes value) {
  for (std::size_t i = field.width - 1; i > 0; --i) {
    header[field.at + i - 1] = static_cast<char>('0' + value % 8);
    value /= 8;
  }
}

void put_size(TarHeader& header, Bytes size) {
  if (size <= kMaxOctal) {
    return put_octal(header, kSize, size);
  }
  for (std::size_t i = kSize.width; i > 1; --i) {
    header[kSize.at + i - 1] = static_cast<char>(size % 256);
    size /= 256;
  }
  header[kSize.at] = kBase256;
}

/// What it says if it is well formed; whether it is, is seen when the header is compared.
Bytes size_field(const TarHeader& header) {
  const bool binary = header[kSize.at] == kBase256;
  Bytes size = 0;
  for (std::size_t i = binary ? 1 : 0; i < kSize.width - (binary ? 0 : 1); ++i) {
    const auto byte = static_cast<unsigned char>(header[kSize.at + i]);
    size = binary ? size * 256 + byte : size * 8 + (byte - '0');  // unsigned: nonsense gives another header
  }
  return size;
}

}  // namespace

TarHeader tar_header(std::string_view name, Bytes size) {
  INVARIANT(!name.empty() && name.size() <= kMaxTarName);
  TarHeader header{};
  std::copy(name.begin(), name.end(), header.begin());
  put_octal(header, kMode, 0444);
  put_octal(header, kUser, 0);
  put_octal(header, kGroup, 0);
  put_size(header, size);
  put_octal(header, kTime, 0);
  header[kType] = '0';
  std::memcpy(header.data() + kMagic.at,
              "ustar\0"
              "00",
              kMagic.width);
  put_octal(header, kMajor, 0);
  put_octal(header, kMinor, 0);
  // The sum is that of the header with spaces in its place, six digits, NUL, space.
  std::fill_n(header.begin() + kSum.at, kSum.width, ' ');
  unsigned sum = 0;
  for (const char each : header) {
    sum += static_cast<unsigned char>(each);
  }
  put_octal(header, {kSum.at, kSum.width - 1}, sum);
  header[kSum.at + kSum.width - 2] = '\0';
  return header;
}

std::string_view name_in_header(const TarHeader& header) {
  const std::string_view field(header.data(), kMaxTarName);
  return field.substr(0, field.find('\0'));
}

std::optional<Bytes> size_in_header(const TarHeader& header, std::string_view name) {
  const Bytes size = size_field(header);
  return tar_header(name, size) == header ? std::optional(size) : std::nullopt;
}

}  // namespace swarmout
