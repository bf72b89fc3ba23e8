#include "common/release/signing_records.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

namespace swarmout::signing {

Raw::~Raw() {
  if (!bytes_.empty()) {
    sodium_memzero(bytes_.data(), bytes_.size());
  }
}

void start_sodium() {
  static const bool started = sodium_init() >= 0;
  INVARIANT(started);
}

std::string to_base64(std::string_view raw) {
  std::string text(sodium_base64_encoded_len(raw.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(raw.data()), raw.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // sodium's terminator
  return text;
}

Result<Raw> from_base64(std::string_view text, std::size_t size, std::string_view what) {
  // The decoder takes bytes beyond ASCII for '+' and '/'.
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c > 0 && c < 0x7f; });
  REFUSE_UNLESS(ascii, fmt::format("{} is damaged", what));
  // No room for more than is wanted: a longer text is an error of the decoder.
  Raw raw(size);
  std::size_t got = 0;
  const bool decoded = sodium_base642bin(raw.data(), raw.size(), text.data(), text.size(), nullptr, &got, nullptr,
                                         sodium_base64_VARIANT_ORIGINAL) == 0;
  REFUSE_UNLESS(decoded && got == size, fmt::format("{} is damaged", what));
  return raw;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string prehash(std::string_view text) {
  std::string hash(crypto_generichash_BYTES_MAX, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
  return hash;
}

}  // namespace swarmout::signing
