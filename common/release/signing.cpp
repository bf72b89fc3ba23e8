#include "common/release/signing.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <cstring>
#include <vector>

namespace swarmout {

namespace {

constexpr Bytes kMaxKeyFile = 4 * kKiB;
constexpr std::string_view kComment = "untrusted comment: ";
constexpr std::string_view kTrusted = "trusted comment: ";

// minisign's packed records, as byte offsets (minisign.h: SeckeyStruct, PubkeyStruct, SigStruct).
constexpr std::size_t kAlgorithm = 2;
constexpr std::size_t kKeyId = 8;
constexpr std::size_t kPublicRecord = kAlgorithm + kKeyId + crypto_sign_PUBLICKEYBYTES;
constexpr std::size_t kSecretHeader = 3 * kAlgorithm + 32 + 8 + 8;  // algorithms, salt, two limits
constexpr std::size_t kChecksum = 32;
constexpr std::size_t kSecretRecord = kSecretHeader + kKeyId + crypto_sign_SECRETKEYBYTES + kChecksum;
constexpr std::size_t kSignatureRecord = kAlgorithm + kKeyId + crypto_sign_BYTES;

using Raw = std::vector<unsigned char>;

void start_sodium() {
  static const bool started = sodium_init() >= 0;
  INVARIANT(started);
}

std::string to_base64(const Raw& raw) {
  std::string text(sodium_base64_encoded_len(raw.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), raw.data(), raw.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // sodium's terminator
  return text;
}

Result<Raw> from_base64(std::string_view text, std::size_t size, std::string_view what) {
  Raw raw(size + 1);
  std::size_t got = 0;
  const bool decoded = sodium_base642bin(raw.data(), raw.size(), text.data(), text.size(), nullptr, &got, nullptr,
                                         sodium_base64_VARIANT_ORIGINAL) == 0;
  REFUSE_UNLESS(decoded && got == size, fmt::format("{} is damaged", what));
  raw.resize(size);
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

Result<Raw> read_key(const Path& file, std::size_t size) {
  TRY_ASSIGN(std::string text, read_file(file, kMaxKeyFile));
  const auto lines = lines_of(text);
  REFUSE_UNLESS(lines.size() >= 2 && lines[0].starts_with(kComment),
                fmt::format("{} is not a minisign key file", file.native()));
  auto raw = from_base64(lines[1], size, file.native());
  sodium_memzero(text.data(), text.size());
  return raw;
}

Raw prehash(std::string_view text) {
  Raw hash(crypto_generichash_BYTES_MAX);
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  return hash;
}

Raw checksum_of(const Raw& record) {
  Raw checksum(kChecksum);
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, kChecksum);
  crypto_generichash_update(&state, record.data(), kAlgorithm);
  crypto_generichash_update(&state, record.data() + kSecretHeader, kKeyId + crypto_sign_SECRETKEYBYTES);
  crypto_generichash_final(&state, checksum.data(), kChecksum);
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
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> again{};
  crypto_sign_seed_keypair(public_part.data(), again.data(), key);
  const bool same = sodium_memcmp(again.data(), key, again.size()) == 0;
  sodium_memzero(again.data(), again.size());
  return same;
}

std::string key_name(const std::array<unsigned char, 8>& id) {
  std::string name;
  for (auto byte = id.rbegin(); byte != id.rend(); ++byte) {  // minisign prints it little-endian
    name += fmt::format("{:02X}", *byte);
  }
  return name;
}

}  // namespace

Result<VerifyKey> VerifyKey::load(const Path& file) {
  start_sodium();
  TRY_ASSIGN(const Raw record, read_key(file, kPublicRecord));
  REFUSE_UNLESS(std::memcmp(record.data(), "Ed", kAlgorithm) == 0,
                fmt::format("{} is not an Ed25519 public key", file.native()));
  VerifyKey key;
  std::memcpy(key.id_.data(), record.data() + kAlgorithm, kKeyId);
  std::memcpy(key.key_.data(), record.data() + kAlgorithm + kKeyId, key.key_.size());
  return key;
}

std::string VerifyKey::file_text() const {
  Raw open{'E', 'd'};
  open.insert(open.end(), id_.begin(), id_.end());
  open.insert(open.end(), key_.begin(), key_.end());
  return fmt::format("{}minisign public key {}\n{}\n", kComment, id(), to_base64(open));
}

std::string VerifyKey::id() const {
  return key_name(id_);
}

Result<void> VerifyKey::verify(std::string_view text, std::string_view signature) const {
  start_sodium();
  const auto lines = lines_of(signature);
  REFUSE_UNLESS(lines.size() == 4 && lines[0].starts_with(kComment) && lines[2].starts_with(kTrusted),
                "not a minisign signature");
  TRY_ASSIGN(const Raw record, from_base64(lines[1], kSignatureRecord, "the signature"));
  TRY_ASSIGN(const Raw global, from_base64(lines[3], crypto_sign_BYTES, "the signature"));
  REFUSE_UNLESS(std::memcmp(record.data(), "ED", kAlgorithm) == 0, "the signature is not a prehashed one");
  if (std::memcmp(record.data() + kAlgorithm, id_.data(), kKeyId) != 0) {
    std::array<unsigned char, 8> other{};
    std::memcpy(other.data(), record.data() + kAlgorithm, kKeyId);
    return fail(ErrorCode::refused,
                fmt::format("signed with key {}, but this host trusts key {}", key_name(other), id()),
                "put the right swarmout.pub into the image, or find out who signed this");
  }
  const unsigned char* const bare = record.data() + kAlgorithm + kKeyId;
  const Raw hash = prehash(text);
  REFUSE_UNLESS(crypto_sign_verify_detached(bare, hash.data(), hash.size(), key_.data()) == 0,
                "the signature does not match");
  Raw whole(bare, bare + crypto_sign_BYTES);
  const std::string_view comment = lines[2].substr(kTrusted.size());
  whole.insert(whole.end(), comment.begin(), comment.end());
  REFUSE_UNLESS(crypto_sign_verify_detached(global.data(), whole.data(), whole.size(), key_.data()) == 0,
                "the signature's comment does not match");
  return {};
}

SigningKey::~SigningKey() {
  sodium_memzero(key_.data(), key_.size());
}

Result<SigningKey> SigningKey::load(const Path& file) {
  start_sodium();
  TRY(check_private(file));
  TRY_ASSIGN(Raw record, read_key(file, kSecretRecord));
  REFUSE_UNLESS(std::memcmp(record.data(), "Ed", kAlgorithm) == 0,
                fmt::format("{} is not an Ed25519 secret key", file.native()));
  if (std::memcmp(record.data() + kAlgorithm, "\0\0", kAlgorithm) != 0) {
    return fail(ErrorCode::refused, fmt::format("{} is protected by a password", file.native()),
                "make one without: minisign -G -W");
  }
  REFUSE_UNLESS(is_whole(record), fmt::format("{} is damaged", file.native()));
  SigningKey key;
  std::memcpy(key.id_.data(), record.data() + kSecretHeader, kKeyId);
  std::memcpy(key.key_.data(), record.data() + kSecretHeader + kKeyId, key.key_.size());
  sodium_memzero(record.data(), record.size());
  return key;
}

std::string SigningKey::sign(std::string_view text, std::string_view comment) const {
  start_sodium();
  INVARIANT(comment.find('\n') == std::string_view::npos);
  const Raw hash = prehash(text);
  Raw record{'E', 'D'};
  record.insert(record.end(), id_.begin(), id_.end());
  Raw bare(crypto_sign_BYTES);
  crypto_sign_detached(bare.data(), nullptr, hash.data(), hash.size(), key_.data());
  record.insert(record.end(), bare.begin(), bare.end());
  Raw whole = bare;
  whole.insert(whole.end(), comment.begin(), comment.end());
  Raw global(crypto_sign_BYTES);
  crypto_sign_detached(global.data(), nullptr, whole.data(), whole.size(), key_.data());
  return fmt::format("{}signature from swarmout\n{}\n{}{}\n{}\n", kComment, to_base64(record), kTrusted, comment,
                     to_base64(global));
}

VerifyKey SigningKey::verify_key() const {
  VerifyKey key;
  key.id_ = id_;
  crypto_sign_ed25519_sk_to_pk(key.key_.data(), key_.data());
  return key;
}

Result<void> restore_public_key(const Path& directory) {
  TRY_ASSIGN(const SigningKey key, SigningKey::load(directory / kSecretKeyFile));
  return replace_file(directory / kPublicKeyFile, as_bytes(key.verify_key().file_text()), 0644);
}

Result<void> make_key_pair(const Path& directory) {
  start_sodium();
  for (const std::string_view name : {kPublicKeyFile, kSecretKeyFile}) {
    if (path_exists(directory / name)) {
      return fail(
          ErrorCode::usage, fmt::format("{} exists already", (directory / name).native()),
          "put its other half beside it again, or remove it and make a new pair, which all hosts must have then");
    }
  }
  TRY(make_directories(directory));
  SigningKey key;
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_part{};
  randombytes_buf(key.id_.data(), key.id_.size());
  crypto_sign_keypair(public_part.data(), key.key_.data());

  Raw secret(kSecretHeader);  // zeros: no password
  std::memcpy(secret.data(), "Ed\0\0B2", 3 * kAlgorithm);
  secret.insert(secret.end(), key.id_.begin(), key.id_.end());
  secret.insert(secret.end(), key.key_.begin(), key.key_.end());
  const Raw checksum = checksum_of(secret);
  secret.insert(secret.end(), checksum.begin(), checksum.end());
  const std::string secret_text =
      fmt::format("{}swarmout secret key {}\n{}\n", kComment, key_name(key.id_), to_base64(secret));
  sodium_memzero(secret.data(), secret.size());
  TRY(replace_file(directory / kSecretKeyFile, as_bytes(secret_text), 0600));
  return replace_file(directory / kPublicKeyFile, as_bytes(key.verify_key().file_text()), 0644);
}

}  // namespace swarmout
