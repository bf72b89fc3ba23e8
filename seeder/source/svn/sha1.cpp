#include "seeder/source/svn/sha1.hpp"

#include <openssl/evp.h>

namespace swarmout {

struct Sha1::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();
  Context() { INVARIANT(handle != nullptr && EVP_DigestInit_ex(handle, EVP_sha1(), nullptr) == 1); }
  ~Context() { EVP_MD_CTX_free(handle); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Sha1::Sha1() : context_(std::make_unique<Context>()) {}
Sha1::~Sha1() = default;

void Sha1::update(ByteView data) {
  INVARIANT(EVP_DigestUpdate(context_->handle, data.data(), data.size()) == 1);
}

std::array<std::byte, 20> Sha1::finish() {
  std::array<std::byte, 20> result{};
  unsigned length = 0;
  auto* out = reinterpret_cast<unsigned char*>(result.data());
  INVARIANT(EVP_DigestFinal_ex(context_->handle, out, &length) == 1 && length == result.size());
  return result;
}

}  // namespace swarmout
