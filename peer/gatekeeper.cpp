#include "peer/gatekeeper.hpp"

#include "common/base/key_values.hpp"
#include "common/base/private_files.hpp"
#include "peer/run/changed_paths.hpp"
#include "peer/watched.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

constexpr std::string_view kHooksMagic = "swarmout-hooks 1";
constexpr Bytes kMaxHooksRecord = 8 * kKiB;

std::string hex_or_none(const std::optional<Digest>& digest) {
  return digest ? digest->hex() : "";
}

Result<std::optional<Digest>> digest_or_none(const KeyValues& record, std::string_view key) {
  TRY_ASSIGN(const std::string hex, record.get(key));
  return hex.empty() ? Result<std::optional<Digest>>(std::nullopt)
                     : Digest::from_hex(hex).map([](const Digest& digest) { return std::optional(digest); });
}

std::optional<Digest> digest_or_none(const SignedDescriptor* release) {
  return release != nullptr ? std::optional(digest_of(*release)) : std::nullopt;
}

std::optional<Digest> published_in(const Wanted& wanted) {
  return wanted.published ? std::optional(digest_of(*wanted.published)) : std::nullopt;
}

Gatekeeper::Before before_of(const OnThisHost& here) {
  return here.whole && here.active != nullptr ? Gatekeeper::Before{here.tree, here.active->descriptor}
                                              : Gatekeeper::Before{};
}

std::string named(const SignedDescriptor& release) {
  return fmt::format("release {} ({})", release.descriptor.position.value, release.descriptor.revision);
}

}  // namespace

Gatekeeper::Gatekeeper(const PeerOptions& options, Clock& clock, Troubles& troubles, const Narrator& narrate)
    : options_(options), clock_(clock), troubles_(troubles), narrate_(narrate) {
  load_memory();
}

void Gatekeeper::look(const Wanted& wanted, const TrustedKeys& keys, const OnThisHost& here) {
  read_orders(wanted, here, keys);
  collect();
  if (run_ && which_ == Which::before && published_in(aims(wanted, here)) != digest_of(*about_)) {
    run_->stop();  // nobody wants to know any more
  }
  run_due(here);
  if (here.whole) {
    tell_watchers(false);  // somebody may have taken the link away
  }
  if (memory_.refused && published_in(wanted) == memory_.refused) {
    troubles_.has(kOfHook,
                  {ErrorCode::failed,
                   fmt::format("{} is not activated: its hook refused it: {}", named(*wanted.published), memory_.says),
                   "`swarmout activate --again` asks it again"});
  } else {
    troubles_.well(kOfHook);
  }
}

void Gatekeeper::read_orders(const Wanted& wanted, const OnThisHost& here, const TrustedKeys& keys) {
  auto hold = load_host_hold(options_.state);
  if (hold && *hold && (*hold)->release) {
    const SignedDescriptor& release = *(*hold)->release;
    if (auto good = keys.verify(release.text, release.signature); !good) {
      hold = tl::unexpected(std::move(good).error());
    }
  }
  auto go = load_go_once(options_.state);
  for (const auto& error :
       {hold ? std::nullopt : std::optional(hold.error()), go ? std::nullopt : std::optional(go.error())}) {
    if (error) {
      troubles_.has(kOfOrders, *error);
    }
  }
  if (hold && go) {
    troubles_.well(kOfOrders);
  }
  // Somebody has held this host, and nobody knows on what: it stays.
  hold_ = hold ? *std::move(hold) : HostHold{std::nullopt, "the order is damaged", "somebody", "some time"};
  go_once_ = go ? *std::move(go) : std::nullopt;
  if (go_once_) {
    take(wanted, here);
  }
}

/// `activate`: there may be nothing that waits for it, and a hook is asked again only once.
void Gatekeeper::take(const Wanted& wanted, const OnThisHost& here) {
  if (!wanted.published) {
    return;  // the share was not read yet
  }
  const bool fits = is_for(*go_once_, wanted.published->descriptor) ||
                    (wanted.staged && is_for(*go_once_, wanted.staged->descriptor));
  const bool arrived = here.whole && published_in(wanted) == digest_or_none(here.active) && !wanted.staged;
  if (!fits || arrived) {
    narrate_(fmt::format("`activate{}` of {}: {}", go_once_->release.empty() ? "" : " " + go_once_->release,
                         go_once_->by, fits ? "nothing waits for it" : "that is not the release that waits"));
    forget_order();
    return;
  }
  if (go_once_->again) {
    GoOnce taken = *go_once_;
    taken.again = false;
    if (const auto saved = save_go_once(options_.state, taken); !saved) {
      troubles_.has(kOfOrders, saved.error());
      return;
    }
    go_once_ = taken;
    remember({std::nullopt, "", memory_.due});
  }
}

void Gatekeeper::forget_order() {
  go_once_.reset();
  if (const auto done = end_go_once(options_.state); !done) {
    troubles_.has(kOfOrders, done.error());
  }
}

Wanted Gatekeeper::aims(const Wanted& wanted, const OnThisHost& here) const {
  Wanted aims = wanted;
  if (hold_ && hold_->release) {
    const bool there = here.whole && digest_or_none(here.active) == digest_of(*hold_->release);
    if (!there) {
      aims.published = hold_->release;
      aims.staged.reset();
    }
  }
  return aims;
}

Activation::Hook Gatekeeper::hook_of(const Digest& release) const {
  if (run_) {
    return Activation::Hook::at_work;
  }
  if (options_.exec_before.empty() || agreed_ == release) {
    return Activation::Hook::none;
  }
  return memory_.refused == release ? Activation::Hook::refuses : Activation::Hook::not_yet;
}

Activation::Facts Gatekeeper::facts(const SignedDescriptor& goal, const Wanted& aims, const OnThisHost& here) const {
  Activation::Facts facts;
  facts.release = digest_of(goal);
  facts.published = published_in(aims);
  facts.active_before = digest_or_none(here.active) == facts.release;
  if (hold_) {
    facts.held_here = {hold_->release ? std::optional(digest_of(*hold_->release)) : std::nullopt, sentence_of(*hold_)};
  }
  facts.when = options_.activate;
  facts.time = local_minutes(clock_.wall());
  facts.let_go = go_once_ && is_for(*go_once_, goal.descriptor);
  facts.hook = hook_of(facts.release);
  facts.hook_says = memory_.says;
  return facts;
}

Activation::Verdict Gatekeeper::verdict(const SignedDescriptor& goal, const Wanted& aims,
                                        const OnThisHost& here) const {
  return may_activate(facts(goal, aims, here));
}

std::string Gatekeeper::held_back(const Wanted& wanted, const OnThisHost& here) const {
  if (hold_) {
    return sentence_of(*hold_);
  }
  if (!wanted.published || published_in(wanted) == digest_or_none(here.active)) {
    return "";
  }
  const Activation::Verdict verdict = this->verdict(*wanted.published, wanted, here);
  return verdict.kind == Activation::Verdict::Kind::no
             ? fmt::format("release {}: {}", wanted.published->descriptor.position.value, verdict.why)
             : "";
}

void Gatekeeper::ask(const SignedDescriptor& release, const Path& tree, const OnThisHost& here) {
  before_ = before_of(here);
  start(Which::before, release, tree);
}

Result<void> Gatekeeper::switching(const SignedDescriptor& release, const OnThisHost& here) {
  before_ = before_of(here);
  if (options_.exec_after.empty()) {
    return {};
  }
  Memory next = memory_;
  next.due = digest_of(release);
  return save(next);
}

void Gatekeeper::switched(const SignedDescriptor& release, const Path& tree) {
  agreed_.reset();
  tell_watchers(true);
  if (go_once_ && is_for(*go_once_, release.descriptor)) {
    forget_order();
  }
  if (!options_.exec_after.empty()) {
    start(Which::after, release, tree);
  }
}

/// What is wrong with one shall not look like the other's.
void Gatekeeper::tell_watchers(bool switched) const {
  const auto said = [&](std::string_view what, const Result<void>& done) {
    done ? troubles_.solved(what) : troubles_.has(what, done.error());
  };
  if (!options_.link.empty()) {
    said(kOfLink, keep_link(options_.link, options_.dest));
  }
  if (switched && !options_.touch.empty()) {
    said(kOfTouch, touch_file(options_.touch));
  }
}

/// A hook that was due, or at work, when this service ended.
void Gatekeeper::run_due(const OnThisHost& here) {
  if (run_ || !memory_.due || here.active == nullptr) {
    return;
  }
  if (digest_of(*here.active) != *memory_.due || options_.exec_after.empty()) {
    remember({memory_.refused, memory_.says, std::nullopt});
  } else if (here.whole) {
    before_ = {};
    start(Which::after, *here.active, here.tree);
  }
}

/// As `run` tells its command; what has changed is in a file that the next hook's takes the place of.
std::vector<std::pair<std::string, std::string>> Gatekeeper::told(const Descriptor& release, const Path& tree) const {
  std::vector<std::pair<std::string, std::string>> variables{
      {"SWARMOUT_RELEASE", std::to_string(release.position.value)},
      {"SWARMOUT_REVISION", release.revision},
      {"SWARMOUT_DIR", tree.native()}};
  if (before_.tree.empty() || !path_exists(before_.tree)) {
    return variables;
  }
  variables.emplace_back("SWARMOUT_PREVIOUS_DIR", before_.tree.native());
  const Path changed = options_.state / "hooks" / "changed";
  const auto written =
      changes_between(*before_.release, release, options_.state).and_then([&](const std::string& records) {
        return replace_file(changed, as_bytes(records), 0600, Durability::cached);
      });
  if (written) {
    variables.emplace_back("SWARMOUT_CHANGED", changed.native());
  } else {
    narrate_(fmt::format("no SWARMOUT_CHANGED for the hook: {}", to_string(written.error())));
  }
  return variables;
}

void Gatekeeper::start(Which which, const SignedDescriptor& release, const Path& tree) {
  const bool before = which == Which::before;
  HookCall call;
  call.command = before ? options_.exec_before : options_.exec_after;
  call.environment = told(release.descriptor, tree);
  call.directory = tree;
  call.output = options_.state / "hooks" / (before ? "before-activate" : "after-activate");
  call.timeout = options_.hook_timeout;
  which_ = which;
  about_ = release;
  run_ = std::make_unique<HookRun>(std::move(call));
}

void Gatekeeper::collect() {
  if (!run_) {
    return;
  }
  const auto result = run_->result();
  if (!result) {
    return;
  }
  run_.reset();
  const Digest release = digest_of(*about_);
  const bool interrupted = !*result && result->error().code == ErrorCode::temporary;
  if (interrupted) {
    return;
  }
  if (which_ == Which::after) {
    remember({memory_.refused, memory_.says, std::nullopt});
    after_ended(*result);
  } else if (*result) {
    agreed_ = release;
    remember({std::nullopt, "", memory_.due});
  } else {
    remember({release, result->error().message, memory_.due});
  }
}

void Gatekeeper::after_ended(const Result<void>& result) {
  if (result) {
    troubles_.solved(kOfAfterHook);
    return;
  }
  troubles_.has(kOfAfterHook, {ErrorCode::failed,
                               fmt::format("the hook after the activation of {} has failed: {}", named(*about_),
                                           result.error().message),
                               result.error().hint});
}

void Gatekeeper::remember(Memory memory) {
  if (const auto saved = save(memory); !saved) {
    troubles_.has(kOfOrders, saved.error());
    memory_ = std::move(memory);  // at least until this service ends
  }
}

Result<void> Gatekeeper::save(const Memory& memory) {
  TRY(make_private_directory(memory_file().parent_path()));
  const std::string text = KeyValues(std::string(kHooksMagic))
                               .add("refused", hex_or_none(memory.refused))
                               .add("says", memory.says)
                               .add("due", hex_or_none(memory.due))
                               .text();
  TRY(replace_file(memory_file(), as_bytes(text)));
  memory_ = memory;
  return {};
}

void Gatekeeper::load_memory() {
  const auto loaded = [&]() -> Result<Memory> {
    TRY_ASSIGN(const std::string text, read_file(memory_file(), kMaxHooksRecord));
    TRY_ASSIGN(const KeyValues record, KeyValues::parse(text, kHooksMagic));
    Memory memory;
    TRY_ASSIGN(memory.refused, digest_or_none(record, "refused"));
    TRY_ASSIGN(memory.says, record.get("says"));
    TRY_ASSIGN(memory.due, digest_or_none(record, "due"));
    return memory;
  }();
  if (loaded) {
    memory_ = *loaded;
  } else if (loaded.error().code != ErrorCode::not_found) {
    troubles_.has(kOfOrders, loaded.error());  // the hooks are asked again
  }
}

}  // namespace swarmout
