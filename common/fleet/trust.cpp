#include "common/fleet/trust.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<SignedDescriptor> trusted(const LogEntry& commit, const TrustedKeys& keys) {
  SignedDescriptor release;
  release.text = commit.descriptor;
  release.signature = commit.signature;
  TRY(keys.verify(release.text, release.signature).map_error([&](Error error) {
    error.message = fmt::format("release {} is not trusted: {}", commit.position.value, error.message);
    return error;
  }));
  TRY_ASSIGN(release.descriptor, decode_descriptor(release.text));
  REFUSE_UNLESS(release.descriptor.position == commit.position,
                fmt::format("the descriptor in log entry {} was signed for release {}: a replay", commit.position.value,
                            release.descriptor.position.value));
  REFUSE_UNLESS(release.descriptor.revision == commit.revision,
                fmt::format("log entry {} gives release {} another name than the one that was signed",
                            commit.position.value, release.descriptor.revision));
  return release;
}

}  // namespace swarmout
