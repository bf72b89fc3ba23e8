#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/host.hpp"
#include "common/release/signing_files.hpp"
#include "common/release/signing_pair.hpp"
#include "common/release/signing_source.hpp"
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
  std::string sign_command;
};

/// The id of the key that is to sign, and what was done for it.
struct KeysAtHand {
  std::string id;
  const char* were;
};

/// The pair of a fleet is made once; two who do it at the same time have the same one.
Result<KeysAtHand> have_keys(const InitTargets& to) {
  const char* were = "was there already";
  if (to.sign_command.empty()) {
    TRY_ASSIGN(const PairWas pair, ensure_key_pair(to.keys));
    if (pair == PairWas::half) {
      spdlog::warn("{} was missing, and is made again from the secret key", (to.keys / kPublicKeyFile).native());
    }
    were = pair == PairWas::missing ? "made" : were;
  }
  TRY_ASSIGN(const LeaderKeys keys, load_leader_keys({to.keys, to.sign_command}));
  return KeysAtHand{keys.signer->verify_key().id(), were};
}

Result<bool> have_certificate(const Path& keys) {
  const Fd lock = lock_keys(keys);  // two files: of two who make them at once, the second finds both
  if (!path_exists(keys / kCertificateFile) || !path_exists(keys / kCertificateKeyFile)) {
    TRY(make_swarm_certificate(keys));
    return true;
  }
  TRY(load_swarm_certificate(keys));
  return false;
}

Result<void> run_init(const InitTargets& to, std::stop_token stop) {
  TRY_ASSIGN(const KeysAtHand keys, have_keys(to));
  TRY_ASSIGN(const bool made_certificate, have_certificate(to.keys));
  TRY_ASSIGN(const InitOutcome share, init_share(to.share, stop));
  const auto said = [](bool made) { return made ? "made" : "was there already"; };
  const char* const shared = share == InitOutcome::repaired ? "was there; what was missing in it is made again"
                                                            : said(share == InitOutcome::made);
  return print_result(fmt::format("share {} {}\nkey {} {} in {}\nswarm certificate {} in {}\n{}", to.share.url, shared,
                                  keys.id, keys.were, to.keys.native(), said(made_certificate), to.keys.native(),
                                  made_certificate ? kDecide : ""));
}

}  // namespace

Verb init_verb() {
  Verb verb{.name = "init",
            .about = "Make the share, the key pair and the swarm's certificate, once for the whole fleet"};
  const auto to = std::make_shared<InitTargets>();
  add_share_settings(verb, to->share);
  add_keys_setting(verb, to->keys);
  add_sign_setting(verb, to->sign_command);
  verb.run = [to](std::stop_token stop) { return run_init(*to, stop); };
  return verb;
}

}  // namespace swarmout
