// Secret keys in files.

#include "common/base/private_files.hpp"
#include "common/release/signing.hpp"
#include "common/release/signing_files.hpp"
#include "common/release/signing_records.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <cstring>
#include <new>

namespace swarmout {

using namespace signing;

namespace {

/// A text that may be a secret.
struct SecretText {
  std::string text;
  SecretText() = default;
  explicit SecretText(std::string from) : text(std::move(from)) {}
  SecretText(const SecretText&) = delete;
  ~SecretText() { sodium_memzero(text.data(), text.size()); }
};

Result<Raw> read_secret_record(const Path& file) {
  TRY_ASSIGN(std::string content, read_file(file, kMaxKeyFile));
  const SecretText secret(std::move(content));
  const auto lines = lines_of(secret.text);
  REFUSE_UNLESS(lines.size() >= 2 && lines[0].starts_with(kComment),
                fmt::format("{} is not a minisign key file", file.native()));
  return from_base64(lines[1], kSecretRecord, file.native());
}

std::array<unsigned char, kChecksum> checksum_of(const Raw& record) {
  std::array<unsigned char, kChecksum> checksum{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, kChecksum);
  crypto_generichash_update(&state, record.data(), kAlgorithm);
  crypto_generichash_update(&state, record.data() + kSecretHeader, kKeyId + crypto_sign_SECRETKEYBYTES);
  crypto_generichash_final(&state, checksum.data(), kChecksum);
  sodium_memzero(&state, sizeof state);
  return checksum;
}

/// minisign 0.11 leaves the checksum of a key without a password empty. The second half of a key follows from the
/// first.
bool is_whole(const Raw& record) {
  const unsigned char* const stated = record.data() + kSecretRecord - kChecksum;
  if (sodium_is_zero(stated, kChecksum) == 0 && std::memcmp(stated, checksum_of(record).data(), kChecksum) != 0) {
    return false;
  }
  const unsigned char* const key = record.data() + kSecretHeader + kKeyId;
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_part{};
  Raw again(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(public_part.data(), again.data(), key);
  return sodium_memcmp(again.data(), key, again.size()) == 0;
}

}  // namespace

void SigningKey::Wipe::operator()(unsigned char* bytes) const {
  sodium_free(bytes);  // which wipes first
}

SigningKey::Secret SigningKey::secret_memory() {
  start_sodium();
  auto* const bytes = static_cast<unsigned char*>(sodium_malloc(crypto_sign_SECRETKEYBYTES));
  if (bytes == nullptr) {
    throw std::bad_alloc();
  }
  return Secret(bytes);
}

SigningKey::SigningKey(const KeyIdBytes& id, Secret secret)
    : Signer([&] {
        VerifyKey open;
        open.id_ = id;
        crypto_sign_ed25519_sk_to_pk(open.key_.data(), secret.get());
        return open;
      }()),
      secret_(std::move(secret)) {}

Result<SigningKey> SigningKey::load(const Path& file) {
  start_sodium();
  TRY(check_private(file));
  TRY_ASSIGN(const Raw record, read_secret_record(file));
  REFUSE_UNLESS(record.view().starts_with("Ed"), fmt::format("{} is not an Ed25519 secret key", file.native()));
  if (std::memcmp(record.data() + kAlgorithm, "\0\0", kAlgorithm) != 0) {
    return fail(ErrorCode::refused, fmt::format("{} is protected by a password", file.native()),
                "make one without: minisign -G -W");
  }
  REFUSE_UNLESS(is_whole(record), fmt::format("{} is damaged", file.native()));
  KeyIdBytes id{};
  std::memcpy(id.data(), record.data() + kSecretHeader, kKeyId);
  Secret secret = secret_memory();
  std::memcpy(secret.get(), record.data() + kSecretHeader + kKeyId, kSecretKey);
  return SigningKey(id, std::move(secret));
}

Result<SignatureBytes> SigningKey::sign_bytes(std::string_view bytes) const {
  SignatureBytes bare{};
  crypto_sign_detached(bare.data(), nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       secret_.get());
  return bare;
}

Result<bool> make_secret_key(const Path& file) {
  SigningKey::Secret secret = SigningKey::secret_memory();
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_part{};
  KeyIdBytes id{};
  randombytes_buf(id.data(), id.size());
  crypto_sign_keypair(public_part.data(), secret.get());

  Raw record(kSecretRecord);  // zeros: no password
  std::memcpy(record.data(), "Ed\0\0B2", 3 * kAlgorithm);
  std::memcpy(record.data() + kSecretHeader, id.data(), kKeyId);
  std::memcpy(record.data() + kSecretHeader + kKeyId, secret.get(), kSecretKey);
  const auto checksum = checksum_of(record);
  std::memcpy(record.data() + kSecretRecord - kChecksum, checksum.data(), kChecksum);

  const SigningKey key(id, std::move(secret));
  const SecretText base64(to_base64(record.view()));
  SecretText text;
  text.text.reserve(kMaxKeyFile);  // once: what it grew out of would not be wiped
  text.text.append(kComment).append("swarmout secret key ").append(key.verify_key().id());
  text.text.append("\n").append(base64.text).append("\n");
  return put_key_file(file, text.text, 0600, Existing::keep);
}

}  // namespace swarmout
