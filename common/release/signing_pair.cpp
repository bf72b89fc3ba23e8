#include "common/release/signing_pair.hpp"

#include "common/release/signing_files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

/// What is there of a pair: the key that the public file has, and the public half of the secret file.
struct Pair {
  std::optional<VerifyKey> open;
  std::optional<VerifyKey> secret;
};

template <typename T>
Result<std::optional<T>> if_there(Result<T> loaded) {
  if (!loaded && loaded.error().code == ErrorCode::not_found) {
    return std::optional<T>();
  }
  return std::move(loaded).map([](T&& value) { return std::optional<T>(std::move(value)); });
}

Result<Pair> look_at(const Path& directory, std::string_view open, std::string_view secret) {
  Pair pair;
  // In this order: a pair is made the other way round, so that of a whole one both are seen.
  TRY_ASSIGN(pair.open, if_there(VerifyKey::load(directory / open)));
  TRY_ASSIGN(const auto key, if_there(SigningKey::load(directory / secret)));
  if (key) {
    pair.secret = key->verify_key();
  }
  return pair;
}
Result<Pair> current_pair(const Path& directory) {
  return look_at(directory, kPublicKeyFile, kSecretKeyFile);
}

/// A change is under way, and both halves of the next key are the same.
Result<Pair> next_pair(const Path& directory) {
  TRY_ASSIGN(const Pair next, look_at(directory, kNextPublicKeyFile, kNextSecretKeyFile));
  REFUSE_UNLESS(!next.open || !next.secret || *next.open == *next.secret,
                fmt::format("{} and {} in {} do not belong together", kNextPublicKeyFile, kNextSecretKeyFile,
                            directory.native()));
  return next;
}

/// The public half of what `secret` has now, beside it.
Result<VerifyKey> put_public_half(const Path& directory, std::string_view open, std::string_view secret) {
  TRY_ASSIGN(const SigningKey key, SigningKey::load(directory / secret));
  TRY_ASSIGN(const bool put, put_key_file(directory / open, key.verify_key().file_text(), 0644, Existing::keep));
  if (!put) {
    TRY_ASSIGN(const VerifyKey there, VerifyKey::load(directory / open));
    REFUSE_UNLESS(there == key.verify_key(),
                  fmt::format("{} and {} in {} do not belong together", open, secret, directory.native()));
  }
  return key.verify_key();
}

/// False: another process has done it at this moment.
Result<bool> rename_key(const Path& directory, std::string_view from, std::string_view to) {
  const bool renamed = std::rename((directory / from).c_str(), (directory / to).c_str()) == 0;
  if (!renamed && errno != ENOENT) {
    return fail_errno("cannot replace", (directory / to).native(), errno);
  }
  TRY(sync_directory(directory));
  return renamed;
}

}  // namespace

Result<PairWas> ensure_key_pair(const Path& directory) {
  TRY(make_directories(directory));
  const Fd lock = lock_keys(directory);
  TRY_ASSIGN(const Pair pair, current_pair(directory));
  if (pair.secret) {
    auto trusted = TrustedKeys::load(directory);
    if (trusted && trusted->has(pair.secret->id())) {
      return PairWas::there;
    }
    if (!trusted && trusted.error().code != ErrorCode::not_found) {
      return tl::unexpected(trusted.error());
    }
    TRY(put_public_half(directory, kPublicKeyFile, kSecretKeyFile));
    return PairWas::half;
  }
  if (pair.open) {
    return fail(
        ErrorCode::usage,
        fmt::format("{} exists already, without its {}", (directory / kPublicKeyFile).native(), kSecretKeyFile),
        "put that beside it again, or say what signs (--sign-command), or remove it and make a new pair, which all "
        "hosts must have then");
  }
  TRY_ASSIGN(const bool made, make_secret_key(directory / kSecretKeyFile));
  TRY(put_public_half(directory, kPublicKeyFile, kSecretKeyFile));
  return made ? PairWas::missing : PairWas::there;
}

Result<RotationStep> begin_rotation(const Path& directory) {
  const Fd lock = lock_keys(directory);
  TRY_ASSIGN(const Pair current, current_pair(directory));
  if (!current.secret) {
    return fail(ErrorCode::usage, fmt::format("there is no {}", (directory / kSecretKeyFile).native()),
                "a change of keys begins where that is; with --sign-command put the new public key beside the old one "
                "as swarmout-next.pub");
  }
  TRY_ASSIGN(const TrustedKeys trusted, TrustedKeys::load(directory));
  REFUSE_UNLESS(trusted.has(current.secret->id()),
                fmt::format("{} is key {}, which is not trusted here", (directory / kSecretKeyFile).native(),
                            current.secret->id()));
  TRY_ASSIGN(const Pair next, next_pair(directory));
  if (next.open && !next.secret) {
    return *next.open == *current.secret
               ? fail(ErrorCode::usage, fmt::format("the change to key {} is not at its end", next.open->id()),
                      "`swarmout keys rotate end` first")
               : fail(ErrorCode::usage,
                      fmt::format("{} has no {} beside it", (directory / kNextPublicKeyFile).native(),
                                  kNextSecretKeyFile),
                      "a change was begun elsewhere: go on there, or remove the file if nobody signs with its key");
  }
  const bool whole = next.open && next.secret;
  TRY(make_secret_key(directory / kNextSecretKeyFile));
  TRY_ASSIGN(const VerifyKey key, put_public_half(directory, kNextPublicKeyFile, kNextSecretKeyFile));
  return RotationStep{!whole, key.id()};
}

Result<RotationStep> switch_rotation(const Path& directory) {
  const Fd lock = lock_keys(directory);
  TRY_ASSIGN(const Pair current, current_pair(directory));
  TRY_ASSIGN(const Pair next, next_pair(directory));
  if (!next.secret) {
    if (next.open && current.secret && *next.open == *current.secret) {
      return RotationStep{false, next.open->id()};
    }
    return fail(ErrorCode::usage, fmt::format("no change of keys is begun in {}", directory.native()),
                "`swarmout keys rotate begin`");
  }
  if (!next.open) {
    return fail(ErrorCode::usage,
                fmt::format("{} has no {} beside it: nobody trusts that key yet",
                            (directory / kNextSecretKeyFile).native(), kNextPublicKeyFile),
                "`swarmout keys rotate begin` makes it again; every host must have it before the switch");
  }
  TRY(TrustedKeys::load(directory));  // with both of them
  TRY_ASSIGN(const bool renamed, rename_key(directory, kNextSecretKeyFile, kSecretKeyFile));
  return RotationStep{renamed, next.open->id()};
}

Result<std::optional<VerifyKey>> key_after_rotation(const Path& directory) {
  TRY_ASSIGN(const Pair current, current_pair(directory));
  TRY_ASSIGN(const Pair next, next_pair(directory));
  if (next.secret) {
    return fail(ErrorCode::usage, fmt::format("the old key still signs: {} is there", kNextSecretKeyFile),
                "`swarmout keys rotate switch` first, once every host has swarmout-next.pub");
  }
  if (next.open && current.secret && *current.secret != *next.open) {
    return fail(ErrorCode::usage,
                fmt::format("{} is key {}, not {} of {}", (directory / kSecretKeyFile).native(), current.secret->id(),
                            next.open->id(), kNextPublicKeyFile),
                "switch to the new key first: put its secret half there");
  }
  return next.open;
}

Result<RotationStep> end_rotation(const Path& directory) {
  const Fd lock = lock_keys(directory);
  TRY_ASSIGN(const auto key, key_after_rotation(directory));
  if (!key) {
    TRY_ASSIGN(const VerifyKey alone, VerifyKey::load(directory / kPublicKeyFile));
    return RotationStep{false, alone.id()};
  }
  TRY_ASSIGN(const bool renamed, rename_key(directory, kNextPublicKeyFile, kPublicKeyFile));
  return RotationStep{renamed, key->id()};
}

Result<void> make_key_pair(const Path& directory) {
  for (const std::string_view name : {kPublicKeyFile, kSecretKeyFile}) {
    if (path_exists(directory / name)) {
      return fail(ErrorCode::usage, fmt::format("{} exists already", (directory / name).native()),
                  "a key that is there is never replaced");
    }
  }
  return ensure_key_pair(directory).map([](PairWas) {});
}

}  // namespace swarmout
