#include "common/release/signing_source.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

Result<SigningKey> key_of_file(const Path& file) {
  return SigningKey::load(file).map_error([&](Error error) {
    if (error.code == ErrorCode::not_found) {
      error = {ErrorCode::usage, fmt::format("this host may not lead: there is no {}", file.native()),
               "run `swarmout init` once and put the key into the image"};
    }
    return error;
  });
}

}  // namespace

Result<LeaderKeys> load_leader_keys(const SigningSource& source) {
  const Path file = source.keys / kSecretKeyFile;
  TRY_ASSIGN(SigningKey key, key_of_file(file));
  TRY_ASSIGN(TrustedKeys trusted, TrustedKeys::load(source.keys));
  if (!trusted.has(key.verify_key().id())) {
    return fail(ErrorCode::refused,
                fmt::format("{} is key {}, and this host trusts {}: nobody would believe what it signs", file.native(),
                            key.verify_key().id(), trusted.names()),
                fmt::format("put its public half into {} on every host, or the right key here", source.keys.native()));
  }
  return LeaderKeys{std::make_unique<SigningKey>(std::move(key)), std::move(trusted)};
}

}  // namespace swarmout
