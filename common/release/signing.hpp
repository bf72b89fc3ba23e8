// Ed25519 signatures in minisign's format (https://jedisct1.github.io/minisign/), so that `minisign -V` can check what
// swarmout signed, and keys made by `minisign -G -W` work here. Wraps libsodium.
//
// Only unencrypted secret keys: nobody is there to type a password when cron runs.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <array>
#include <string>
#include <string_view>

namespace swarmout {

inline constexpr std::string_view kPublicKeyFile = "swarmout.pub";
inline constexpr std::string_view kSecretKeyFile = "swarmout.key";

class VerifyKey {
public:
  /// Reads minisign's public key file. Errors: not_found; refused.
  [[nodiscard]] static Result<VerifyKey> load(const Path& file);

  /// Errors: refused: another key's signature, a damaged one, or not over `text`.
  [[nodiscard]] Result<void> verify(std::string_view text, std::string_view signature) const;

  /// The text of a public key file.
  [[nodiscard]] std::string file_text() const;

  /// minisign's name of the key: 16 upper-case hexadecimal digits.
  [[nodiscard]] std::string id() const;

private:
  friend class SigningKey;
  std::array<unsigned char, 8> id_{};
  std::array<unsigned char, 32> key_{};
};

class SigningKey {
public:
  SigningKey() = default;
  ~SigningKey();
  SigningKey(SigningKey&&) = default;
  SigningKey(const SigningKey&) = delete;

  /// Reads minisign's secret key file. Errors: not_found; refused: damaged, or protected by a password;
  /// cannot_write: the file is readable by others (like ssh, we will not use such a key).
  [[nodiscard]] static Result<SigningKey> load(const Path& file);

  /// The four lines of a .minisig file. `comment` is signed too, and shown by `minisign -V`.
  [[nodiscard]] std::string sign(std::string_view text, std::string_view comment) const;

  [[nodiscard]] VerifyKey verify_key() const;

private:
  friend Result<void> make_key_pair(const Path& directory);
  std::array<unsigned char, 8> id_{};
  std::array<unsigned char, 64> key_{};
};

/// Makes kPublicKeyFile again, from kSecretKeyFile. Errors: as SigningKey::load(); cannot_write.
[[nodiscard]] Result<void> restore_public_key(const Path& directory);

/// Makes kPublicKeyFile (0644) and kSecretKeyFile (0600) in `directory`. Errors: cannot_write; usage, if one of them
/// exists.
[[nodiscard]] Result<void> make_key_pair(const Path& directory);

}  // namespace swarmout
