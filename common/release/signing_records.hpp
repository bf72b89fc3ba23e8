// minisign's packed records, and base64 of them: what the modules of signing have in common.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout::signing {

inline constexpr Bytes kMaxKeyFile = 4 * kKiB;
inline constexpr std::string_view kComment = "untrusted comment: ";
inline constexpr std::string_view kTrusted = "trusted comment: ";

// As byte offsets (minisign.h: SeckeyStruct, PubkeyStruct, SigStruct).
inline constexpr std::size_t kAlgorithm = 2;
inline constexpr std::size_t kKeyId = 8;
inline constexpr std::size_t kPublicRecord = kAlgorithm + kKeyId + 32;
inline constexpr std::size_t kSecretHeader = 3 * kAlgorithm + 32 + 8 + 8;  // algorithms, salt, two limits
inline constexpr std::size_t kSecretKey = 64;
inline constexpr std::size_t kChecksum = 32;
inline constexpr std::size_t kSecretRecord = kSecretHeader + kKeyId + kSecretKey + kChecksum;
inline constexpr std::size_t kSignatureRecord = kAlgorithm + kKeyId + 64;

/// Wiped when it goes: it may hold a secret.
class Raw {
public:
  Raw() = default;
  explicit Raw(std::size_t size) : bytes_(size) {}
  ~Raw();
  Raw(Raw&&) noexcept = default;
  Raw& operator=(Raw&&) = delete;

  [[nodiscard]] unsigned char* data() { return bytes_.data(); }
  [[nodiscard]] const unsigned char* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

private:
  std::vector<unsigned char> bytes_;
};

/// Before the first call of libsodium; cheap.
void start_sodium();

[[nodiscard]] std::string to_base64(std::string_view raw);
/// Of just `size` bytes. Errors: refused: "`what` is damaged".
[[nodiscard]] Result<Raw> from_base64(std::string_view text, std::size_t size, std::string_view what);

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// BLAKE2b-512: what is signed of a text that has a signature of its own file.
[[nodiscard]] std::string prehash(std::string_view text);

}  // namespace swarmout::signing
