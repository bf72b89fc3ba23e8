// The certificate by which the hosts of a fleet know each other: one for all of them, on the image.
//
// It is its own authority. A release made for it names it in its torrent ("ssl-cert" of the info dictionary, and so
// part of the info-hash); then only hosts that hold its key can exchange anything of that release. Wraps OpenSSL. See
// docs/decisions/0019-swarm-over-tls.md.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <string>

namespace swarmout {

inline constexpr std::string_view kCertificateFile = "swarm.crt";
inline constexpr std::string_view kCertificateKeyFile = "swarm.key";
inline constexpr Bytes kMaxCertificate = 16 * kKiB;

/// Both in PEM, without anything that may stand around them in the files.
struct SwarmCertificate {
  std::string certificate;
  std::string key;
  bool operator==(const SwarmCertificate&) const = default;
};

/// Makes kCertificateFile (0644) and kCertificateKeyFile (0600) in `directory`, which exists: P-256, valid on any date,
/// since a fleet must not stand still because a certificate has run out or a clock is wrong. Errors: cannot_write;
/// usage, if one of them exists.
[[nodiscard]] Result<void> make_swarm_certificate(const Path& directory);

/// Errors: not_found; refused: damaged, or the two do not belong together; cannot_write: others can read the key.
[[nodiscard]] Result<SwarmCertificate> load_swarm_certificate(const Path& directory);

}  // namespace swarmout
