#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/host.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "common/swarm/swarm_certificate.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

/// See docs/decisions/0047-tls-is-decided-by-who-installs.md.
constexpr const char* kDecide =
    "decide: swarm-tls=true in /etc/swarmout.conf of every host, or of none. Without it who reaches a host's port can\n"
    "read what the fleet has; with it all is encrypted, and two hosts on a fast line exchange half as much a second\n";

struct InitTargets {
  ShareAddress share;
  Path keys = kDefaultKeys;
};

/// True: made now.
Result<bool> have_keys(const Path& keys) {
  if (!path_exists(keys / kSecretKeyFile)) {
    TRY(make_key_pair(keys));
    return true;
  }
  if (!path_exists(keys / kPublicKeyFile)) {
    TRY(restore_public_key(keys));
    spdlog::info("{} was missing, and is made again from the secret key", (keys / kPublicKeyFile).native());
  }
  TRY_ASSIGN(const TrustedKeys trusted, TrustedKeys::load(keys));
  TRY_ASSIGN(const SigningKey secret, SigningKey::load(keys / kSecretKeyFile));
  if (!trusted.has(secret.verify_key().id())) {
    return fail(ErrorCode::refused, fmt::format("the two keys in {} do not belong together", keys.native()));
  }
  return false;
}

Result<bool> have_certificate(const Path& keys) {
  if (!path_exists(keys / kCertificateFile) || !path_exists(keys / kCertificateKeyFile)) {
    TRY(make_swarm_certificate(keys));
    return true;
  }
  TRY(load_swarm_certificate(keys));
  return false;
}

Result<void> run_init(const InitTargets& to, std::stop_token stop) {
  TRY_ASSIGN(const bool made_keys, have_keys(to.keys));
  TRY_ASSIGN(const bool made_certificate, have_certificate(to.keys));
  TRY_ASSIGN(const InitOutcome share, init_share(to.share, stop));
  TRY_ASSIGN(const VerifyKey key, VerifyKey::load(to.keys / kPublicKeyFile));
  const auto said = [](bool made) { return made ? "made" : "was there already"; };
  const char* const shared = share == InitOutcome::repaired ? "was there; what was missing in it is made again"
                                                            : said(share == InitOutcome::made);
  return print_result(fmt::format("share {} {}\nkey {} {} in {}\nswarm certificate {} in {}\n{}", to.share.url, shared,
                                  key.id(), said(made_keys), to.keys.native(), said(made_certificate), to.keys.native(),
                                  made_certificate ? kDecide : ""));
}

}  // namespace

Verb init_verb() {
  Verb verb{.name = "init",
            .about = "Make the share, the key pair and the swarm's certificate, once for the whole fleet"};
  const auto to = std::make_shared<InitTargets>();
  add_share_settings(verb, to->share);
  add_keys_setting(verb, to->keys);
  verb.run = [to](std::stop_token stop) { return run_init(*to, stop); };
  return verb;
}

}  // namespace swarmout
