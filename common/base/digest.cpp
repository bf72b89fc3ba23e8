#include "common/base/digest.hpp"

#include <openssl/evp.h>

namespace swarmout {

namespace {

// EVP_sha256() is looked up again at every init; a fetched one is not. A release hashes a leaf every 16 KiB.
const EVP_MD* algorithm() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return -1;
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();
  Context() { INVARIANT(handle != nullptr && EVP_DigestInit_ex(handle, algorithm(), nullptr) == 1); }
  ~Context() { EVP_MD_CTX_free(handle); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView data) {
  INVARIANT(EVP_DigestUpdate(context_->handle, data.data(), data.size()) == 1);
}

Digest Sha256::finish() {
  Digest result;
  unsigned length = 0;
  auto* out = reinterpret_cast<unsigned char*>(result.bytes.data());
  INVARIANT(EVP_DigestFinal_ex(context_->handle, out, &length) == 1 && length == Digest::kSize);
  INVARIANT(EVP_DigestInit_ex(context_->handle, algorithm(), nullptr) == 1);
  return result;
}

Digest sha256(ByteView data) {
  thread_local Sha256 stream;
  stream.update(data);
  return stream.finish();
}

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text.push_back(kDigits[std::to_integer<unsigned>(byte) >> 4]);
    text.push_back(kDigits[std::to_integer<unsigned>(byte) & 15]);
  }
  return text;
}

std::string Digest::hex() const {
  return to_hex(bytes);
}

Result<Digest> Digest::from_hex(std::string_view text) {
  REFUSE_UNLESS(text.size() == 2 * kSize, "a SHA-256 digest has 64 hexadecimal digits");
  Digest result;
  for (std::size_t i = 0; i < kSize; ++i) {
    const int high = nibble(text[2 * i]);
    const int low = nibble(text[2 * i + 1]);
    REFUSE_UNLESS(high >= 0 && low >= 0, "a SHA-256 digest has only the digits 0-9 and a-f");
    result.bytes[i] = static_cast<std::byte>(high * 16 + low);
  }
  return result;
}

Result<Digest> Digest::from_bytes(ByteView raw) {
  REFUSE_UNLESS(raw.size() == kSize, "a SHA-256 digest has 32 bytes");
  Digest result;
  std::memcpy(result.bytes.data(), raw.data(), kSize);
  return result;
}

}  // namespace swarmout
