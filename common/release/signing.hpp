// Ed25519 signatures: of releases in minisign's format (https://jedisct1.github.io/minisign/), so that `minisign -V`
// can check what swarmout signed, and of short records in one line. Keys made by `minisign -G -W` work here. Wraps
// libsodium. Formats: docs/formats/keys.md.
//
// Three kinds of bytes are signed with one key: records for a line (text that begins with the magic word of its kind),
// digests of 64 bytes, and signatures with a comment behind them. None of them can be taken for another: no digest or
// signature that is any good begins like a record.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

inline constexpr std::string_view kPublicKeyFile = "swarmout.pub";
inline constexpr std::string_view kSecretKeyFile = "swarmout.key";
inline constexpr std::string_view kPublicKeyEnding = ".pub";
/// Of a keys directory: the key of today, and those of a change that is under way. More are a mistake.
inline constexpr std::size_t kMaxTrustedKeys = 16;

/// The bare signature: 64 bytes.
using SignatureBytes = std::array<unsigned char, 64>;
/// As keys are named in their records: eight bytes.
using KeyIdBytes = std::array<unsigned char, 8>;

/// One public key.
class VerifyKey {
public:
  /// Reads minisign's public key file. Errors: not_found; refused.
  [[nodiscard]] static Result<VerifyKey> load(const Path& file);
  /// From the line that `file` has it in. Errors: refused.
  [[nodiscard]] static Result<VerifyKey> parse(std::string_view base64, std::string_view file);

  /// As TrustedKeys::verify(), with this key alone.
  [[nodiscard]] Result<void> verify(std::string_view text, std::string_view signature) const;

  /// Is it the signature of just these bytes?
  [[nodiscard]] bool matches(std::string_view bytes, const SignatureBytes& bare) const;

  /// The text of a public key file.
  [[nodiscard]] std::string file_text() const;

  /// minisign's name of the key: 16 upper-case hexadecimal digits.
  [[nodiscard]] std::string id() const;
  [[nodiscard]] const KeyIdBytes& id_bytes() const { return id_; }

  friend bool operator==(const VerifyKey&, const VerifyKey&) = default;

private:
  friend class SigningKey;
  KeyIdBytes id_{};
  std::array<unsigned char, 32> key_{};
};

/// The public keys that this host trusts: several while a fleet changes its key. Copies are independent; const calls
/// may come from any thread.
class TrustedKeys {
public:
  struct Entry {
    VerifyKey key;
    Path file;  ///< where it was read
  };

  /// Trusts nothing.
  TrustedKeys() = default;
  explicit TrustedKeys(const VerifyKey& key) { entries_.push_back({key, {}}); }

  /// Every file in `directory` whose name ends in .pub, but begins with no dot. Errors: not_found: there is none;
  /// refused: one is damaged, two have the same id and are not the same, or there are more than kMaxTrustedKeys;
  /// temporary.
  [[nodiscard]] static Result<TrustedKeys> load(const Path& directory);

  /// `signature`: the four lines of a .minisig file. Errors: refused: of a key that is not trusted (says of which, and
  /// which are), damaged, or not over `text`.
  [[nodiscard]] Result<void> verify(std::string_view text, std::string_view signature) const;
  /// `line`: what Signer::sign_line() gives. Errors: as verify().
  [[nodiscard]] Result<void> verify_line(std::string_view text, std::string_view line) const;

  /// Null: not trusted.
  [[nodiscard]] const VerifyKey* find(std::string_view id) const;
  [[nodiscard]] bool has(std::string_view id) const { return find(id) != nullptr; }
  /// Sorted by their files' names, each key once.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// For people: "key A", "keys A and B".
  [[nodiscard]] std::string names() const;

  /// The same keys, whatever their files are called.
  [[nodiscard]] bool same_as(const TrustedKeys& other) const;

private:
  [[nodiscard]] static Result<TrustedKeys> load_once(const Path& directory);
  [[nodiscard]] Result<const VerifyKey*> choose(const KeyIdBytes& id) const;

  std::vector<Entry> entries_;
  Path directory_;
};

/// The id of the key that claims to have made `signature`, of either form; true of one that was verified. Empty: it is
/// no signature.
[[nodiscard]] std::string signed_with(std::string_view signature);

/// Whatever holds the secret half of a key. Calls may take as long as what is behind it needs, within its limit; one
/// object may be used by several threads.
class Signer {
public:
  virtual ~Signer() = default;

  /// The four lines of a .minisig file. `comment` is signed too, and shown by `minisign -V`. Errors: those of what is
  /// behind it; a key from a file has none.
  [[nodiscard]] Result<std::string> sign(std::string_view text, std::string_view comment) const;

  /// "KEYID BASE64", without a newline: the key's id, and the 64 bytes of an Ed25519 signature over `text`, which must
  /// begin with a word that says what it is. Errors: as sign().
  [[nodiscard]] Result<std::string> sign_line(std::string_view text) const;

  /// Its public half.
  [[nodiscard]] const VerifyKey& verify_key() const { return open_; }

protected:
  explicit Signer(const VerifyKey& open) : open_(open) {}
  Signer(Signer&&) = default;

private:
  [[nodiscard]] virtual Result<SignatureBytes> sign_bytes(std::string_view bytes) const = 0;

  VerifyKey open_;
};

/// A secret key from a file. Its bytes are in memory that is locked, left out of cores where the kernel can, and wiped
/// at the end. Only unencrypted files: nobody is there to type a password when cron runs.
class SigningKey final : public Signer {
public:
  /// Reads minisign's secret key file. Errors: not_found; refused: damaged, or protected by a password;
  /// cannot_write: the file is readable by others (like ssh, we will not use such a key).
  [[nodiscard]] static Result<SigningKey> load(const Path& file);

private:
  friend Result<bool> make_secret_key(const Path& file);
  struct Wipe {
    void operator()(unsigned char* bytes) const;
  };
  using Secret = std::unique_ptr<unsigned char, Wipe>;  ///< 64 bytes: seed and public key

  SigningKey(const KeyIdBytes& id, Secret secret);
  [[nodiscard]] static Secret secret_memory();
  [[nodiscard]] Result<SignatureBytes> sign_bytes(std::string_view bytes) const override;

  Secret secret_;
};

/// Makes a secret key file (0600, flushed) with a new key. False: there is one, which stays.
[[nodiscard]] Result<bool> make_secret_key(const Path& file);

/// Makes kPublicKeyFile (0644) and kSecretKeyFile (0600) in `directory`. Errors: cannot_write; usage, if one of them
/// exists.
[[nodiscard]] Result<void> make_key_pair(const Path& directory);

}  // namespace swarmout
