#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/host.hpp"
#include "common/base/key_values.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/trust.hpp"
#include "common/release/signing_pair.hpp"
#include "common/release/signing_source.hpp"
#include "common/share/open_share.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

namespace swarmout {

namespace {

/// One of a few words.
struct OneOf {
  std::vector<std::string> choices;

  [[nodiscard]] std::string words() const { return joined("|"); }
  [[nodiscard]] std::string allowed() const { return "one of " + joined(", "); }
  [[nodiscard]] bool read(std::string_view text, std::string& value) const {
    const auto found = std::find(choices.begin(), choices.end(), text);
    if (found == choices.end()) {
      return false;
    }
    value = *found;
    return true;
  }
  [[nodiscard]] std::string written(const std::string& value) const { return value; }

private:
  [[nodiscard]] std::string joined(std::string_view between) const {
    std::string text;
    for (const std::string& each : choices) {
      text += (text.empty() ? "" : std::string(between)) + each;
    }
    return text;
  }
};

struct KeysTargets {
  std::string action;
  std::string step;
  ShareAddress share;
  Path keys = kDefaultKeys;
  std::string sign_command;
  bool force = false;
};

std::string since(const Path& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? utc(wall_time(std::chrono::seconds(info.st_mtim.tv_sec))) : "unknown";
}

/// Which key signs here, in words for the table; and why none does.
struct SignsHere {
  std::string id;
  std::string how;
};

SignsHere signs_here(const KeysTargets& to) {
  auto keys = load_leader_keys({to.keys, to.sign_command});
  if (keys) {
    const std::string by = to.sign_command.empty() ? (to.keys / kSecretKeyFile).native() : "--sign-command";
    return {keys->signer->verify_key().id(), fmt::format("key {} signs here: {}", keys->signer->verify_key().id(), by)};
  }
  return {"", fmt::format("nothing signs here: {}", keys.error().message)};
}

Result<void> show(const KeysTargets& to) {
  TRY_ASSIGN(const TrustedKeys trusted, TrustedKeys::load(to.keys));
  const SignsHere here = signs_here(to);
  std::string text = fmt::format("{:<16}  {:<5}  {:<20}  {}\n", "KEY", "SIGNS", "SINCE", "FILE");
  for (const TrustedKeys::Entry& each : trusted.entries()) {
    const bool next = each.file.filename() == kNextPublicKeyFile && path_exists(to.keys / kNextSecretKeyFile);
    text += fmt::format("{:<16}  {:<5}  {:<20}  {}\n", each.key.id(),
                        each.key.id() == here.id ? "yes"
                        : next                   ? "next"
                                                 : "no",
                        since(each.file), each.file.native());
  }
  return print_result(printable_lines(text + here.how) + '\n');
}

/// Nobody needs the old key any more: the newest release is signed with one that stays.
Result<void> newest_is_of(const VerifyKey& key, const KeysTargets& to, std::stop_token stop) {
  if (to.share.url.empty()) {
    return fail(ErrorCode::usage,
                "without --share it cannot be seen whether the newest release has the new key's "
                "signature",
                "give --share, or --force if you know");
  }
  TRY_ASSIGN(const auto share, open_share(to.share, stop));
  TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(to.keys));  // the old one, too
  LogReader reader(*share, keys);
  TRY_ASSIGN(const LogView* const log, reader.refresh());
  const LogEntry* const newest = log->current_release();
  if (newest == nullptr) {
    return {};
  }
  if (const auto release = trusted(*newest, TrustedKeys(key)); !release) {
    return fail(ErrorCode::temporary, fmt::format("the old key is still needed: {}", release.error().message),
                log->hold() ? "the fleet is held; after `swarmout resume` the next run of `seed` publishes it anew"
                            : "the next run of `seed` on a host that signs with the new key publishes it anew; end the "
                              "change then");
  }
  return {};
}

Result<std::string> rotate(const KeysTargets& to, std::stop_token stop) {
  if (to.step == "begin") {
    TRY_ASSIGN(const RotationStep step, begin_rotation(to.keys));
    return fmt::format("key {} {} in {}\nnow give {} to every host; then `swarmout keys rotate switch`\n", step.key,
                       step.done ? "made" : "was made before", to.keys.native(), kNextPublicKeyFile);
  }
  if (to.step == "switch") {
    TRY_ASSIGN(const RotationStep step, switch_rotation(to.keys));
    return fmt::format(
        "key {} {} in {}\nnow give {} to every other host that leads; once a release is published with "
        "it, `swarmout keys rotate end` on every host\n",
        step.key, step.done ? "signs from here on" : "signs already", to.keys.native(), kSecretKeyFile);
  }
  if (to.step == "end") {
    TRY_ASSIGN(const auto key, key_after_rotation(to.keys));
    if (key && !to.force) {
      TRY(newest_is_of(*key, to, std::move(stop)));
    }
    TRY_ASSIGN(const RotationStep step, end_rotation(to.keys));
    return fmt::format("key {} {} in {}\n", step.key,
                       step.done ? "has taken the old one's place" : "was the only one already", to.keys.native());
  }
  return fail(ErrorCode::usage, "which step? begin, switch or end", "see docs/operations.md, changing the key");
}

Result<void> run_keys(const KeysTargets& to, std::stop_token stop) {
  if (to.action == "show") {
    return to.step.empty() ? show(to) : fail(ErrorCode::usage, "keys show takes no step");
  }
  TRY_ASSIGN(const std::string done, rotate(to, std::move(stop)));
  return print_result(printable_lines(done));
}

}  // namespace

Verb keys_verb() {
  Verb verb{.name = "keys", .about = "Show which keys this host trusts and signs with; change the fleet's key"};
  const auto to = std::make_shared<KeysTargets>();
  add_setting(verb, to->action, OneOf{{"show", "rotate"}},
              {.name = "action", .help = "show, or rotate", .scope = Scope::argument, .required = true});
  verb.settings.back().words = "ACTION";
  add_setting(verb, to->step, OneOf{{"begin", "switch", "end"}},
              {.name = "step", .help = "Of a change of keys: begin, switch, end", .scope = Scope::argument});
  verb.settings.back().words = "STEP";
  add_optional_share_settings(verb, to->share);
  add_keys_setting(verb, to->keys);
  add_sign_setting(verb, to->sign_command);
  add_setting(
      verb, to->force, Flag{},
      {.name = "force", .help = "End a change without a look at the newest release", .scope = Scope::command_line});
  verb.run = [to](std::stop_token stop) { return run_keys(*to, std::move(stop)); };
  return verb;
}

}  // namespace swarmout
