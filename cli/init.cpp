#include "cli/verbs.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_certificate.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

void setup_init(CLI::App& app, Action& chosen) {
  auto* const verb =
      app.add_subcommand("init", "Make the share, the key pair and the swarm's certificate, once for the whole fleet");
  auto options = std::make_shared<CommonOptions>();
  add_share_option(*verb, *options);
  add_setting(*verb, "--keys", options->keys, "Where the key pair is, or is made");
  verb->callback([&chosen, options] {
    chosen = [options](std::stop_token stop) -> Result<void> {
      const Path keys = options->keys;
      const bool have = path_exists(keys / kPublicKeyFile) && path_exists(keys / kSecretKeyFile);
      if (have) {
        TRY_ASSIGN(const VerifyKey open, VerifyKey::load(keys / kPublicKeyFile));
        TRY_ASSIGN(const SigningKey secret, SigningKey::load(keys / kSecretKeyFile));
        if (secret.verify_key().id() != open.id()) {
          return fail(ErrorCode::refused, fmt::format("the two keys in {} do not belong together", keys.native()));
        }
      } else if (path_exists(keys / kSecretKeyFile)) {
        TRY(restore_public_key(keys));
        spdlog::info("{} was missing, and is made again from the secret key", (keys / kPublicKeyFile).native());
      } else {
        TRY(make_key_pair(keys));
      }
      const bool have_certificate = path_exists(keys / kCertificateFile) && path_exists(keys / kCertificateKeyFile);
      if (have_certificate) {
        TRY(load_swarm_certificate(keys));
      } else {
        TRY(make_swarm_certificate(keys));
      }
      TRY_ASSIGN(const InitOutcome outcome, init_share(options->share, stop));
      TRY_ASSIGN(const VerifyKey key, VerifyKey::load(keys / kPublicKeyFile));
      const auto said = [](bool there) { return there ? "was there already" : "made"; };
      const char* const share = outcome == InitOutcome::repaired ? "was there; what was missing in it is made again"
                                                                 : said(outcome == InitOutcome::there);
      fmt::print("share {} {}\nkey {} {} in {}\nswarm certificate {} in {}\n", options->share.url, share, key.id(),
                 said(have), keys.native(), said(have_certificate), keys.native());
      return {};
    };
  });
}

}  // namespace swarmout
