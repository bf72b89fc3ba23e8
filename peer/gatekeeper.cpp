#include "peer/gatekeeper.hpp"

#include "common/base/failpoint.hpp"
#include "common/fleet/peer_record.hpp"
#include "peer/watched.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

std::optional<Digest> digest_or_none(const SignedDescriptor* release) {
  return release != nullptr ? std::optional(digest_of(*release)) : std::nullopt;
}

std::optional<Digest> published_in(const Wanted& wanted) {
  return wanted.published ? std::optional(digest_of(*wanted.published)) : std::nullopt;
}

WasActive before_of(const OnThisHost& here) {
  return here.whole && here.active != nullptr ? WasActive{here.tree, here.active->descriptor} : WasActive{};
}

std::string called(const GoOnce& order) {
  return fmt::format("`activate{}` of {}", order.release.empty() ? "" : " " + order.release, order.by);
}

}  // namespace

Gatekeeper::Gatekeeper(const PeerOptions& options, Clock& clock, Troubles& troubles, const Narrator& narrate)
    : options_(options), clock_(clock), troubles_(troubles), narrate_(narrate) {
  if (auto memory = load_hooks_record(options.state)) {
    memory_ = *std::move(memory);
  } else if (memory.error().code != ErrorCode::not_found) {
    troubles_.has(kOfOrders, memory.error());  // the hooks are asked again
  }
}

void Gatekeeper::look(const Wanted& wanted, const TrustedKeys& keys, const OnThisHost& here) {
  read_orders(wanted, here, keys);
  collect();
  const Wanted aimed_at = aims(wanted, here);
  if (run_ && which_ == Which::before && published_in(aimed_at) != digest_of(*about_)) {
    run_->stop();  // nobody wants to know any more
  }
  run_due(here);
  if (here.whole) {
    tell_watchers(false);  // somebody may have taken the link away
  }
  tell_of_refusal(aimed_at, here);
  tell_of_bad_order(wanted, here);
}

void Gatekeeper::tell_of_refusal(const Wanted& aims, const OnThisHost& here) {
  if (aims.published && is_refused(*aims.published, aims, here)) {
    troubles_.has(kOfHook, {ErrorCode::failed,
                            fmt::format("{} is not activated: its hook refused it: {}",
                                        release_title(aims.published->descriptor), memory_.says),
                            "`swarmout activate --again` asks it again"});
  } else {
    troubles_.well(kOfHook);
  }
}

/// It would become active but for its hook.
bool Gatekeeper::is_refused(const SignedDescriptor& goal, const Wanted& aims, const OnThisHost& here) const {
  Activation::Facts facts = this->facts(goal, aims, here);
  const bool refused = facts.hook == Activation::Hook::refuses;
  const bool stays = may_activate(facts).kind == Activation::Verdict::Kind::no;
  facts.hook = Activation::Hook::none;
  return refused && stays && may_activate(facts).kind == Activation::Verdict::Kind::yes;
}

/// As long as there is something that could wait for a better one.
void Gatekeeper::tell_of_bad_order(const Wanted& wanted, const OnThisHost& here) {
  if (bad_order_ && published_in(wanted) != digest_or_none(here.active)) {
    troubles_.has(kOfActivate, *bad_order_);
  } else {
    bad_order_.reset();
    troubles_.well(kOfActivate);
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

/// `activate`: there may be nothing that waits for it, and a hook is asked again only once. While this host is held it
/// does not stay, to go off when nobody thinks of it any more.
void Gatekeeper::take(const Wanted& wanted, const OnThisHost& here) {
  if (hold_) {
    refuse_order({ErrorCode::temporary, "this host is " + sentence_of(*hold_), "`swarmout resume --host` first"});
    return;
  }
  if (!wanted.published) {
    return;  // the share was not read yet
  }
  const bool fits = is_for(*go_once_, wanted.published->descriptor) ||
                    (wanted.staged && is_for(*go_once_, wanted.staged->descriptor));
  const bool arrived = here.whole && published_in(wanted) == digest_or_none(here.active) && !wanted.staged;
  if (arrived) {
    narrate_(fmt::format("{}: nothing waits for it", called(*go_once_)));
    forget_order();
    return;
  }
  if (!fits) {
    refuse_order(
        {ErrorCode::not_found, "that is not the release that waits",
         fmt::format("{} waits", release_title((wanted.staged ? *wanted.staged : *wanted.published).descriptor))});
    return;
  }
  bad_order_.reset();
  troubles_.solved(kOfActivate);
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

void Gatekeeper::refuse_order(const Error& why) {
  bad_order_ = Error{why.code, fmt::format("{} was not done: {}", called(*go_once_), why.message), why.hint};
  troubles_.solved(kOfActivate);  // what an earlier one said
  forget_order();
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
  facts.active_before = here.active != nullptr ? digest_of(*here.active) == facts.release
                                               : here.leads_to && here.leads_to(goal.descriptor);
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

HeldBack Gatekeeper::held_back(const Wanted& wanted, const OnThisHost& here) const {
  if (hold_) {
    return {sentence_of(*hold_)};
  }
  if (!wanted.published || published_in(wanted) == digest_or_none(here.active)) {
    return {};
  }
  const Activation::Verdict verdict = this->verdict(*wanted.published, wanted, here);
  const bool waits = verdict.kind == Activation::Verdict::Kind::wait && run_;
  const std::string why = waits ? hook_at_work() : verdict.kind == Activation::Verdict::Kind::no ? verdict.why : "";
  return why.empty() ? HeldBack{}
                     : HeldBack{fmt::format("release {}: {}", wanted.published->descriptor.position.value, why), waits};
}

std::string Gatekeeper::hook_at_work() const {
  return fmt::format("waits for the hook {} the activation of {}, at work since {}",
                     which_ == Which::before ? "before" : "after", release_title(about_->descriptor), utc(since_));
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
  troubles_.solved(kOfHook);
  if (memory_.refused == digest_of(release)) {  // by a hook that was taken away since
    remember({std::nullopt, "", memory_.due});
  }
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

void Gatekeeper::start(Which which, const SignedDescriptor& release, const Path& tree) {
  const bool before = which == Which::before;
  HookCall call;
  call.command = before ? options_.exec_before : options_.exec_after;
  call.environment = hook_environment(release.descriptor, tree, before_, options_.state, narrate_);
  call.directory = tree;
  call.output = options_.state / "hooks" / (before ? "before-activate" : "after-activate");
  call.timeout = options_.hook_timeout;
  which_ = which;
  about_ = release;
  since_ = clock_.wall();
  failpoint("before-hook");
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
  failpoint("after-hook");
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
                               fmt::format("the hook after the activation of {} has failed: {}",
                                           release_title(about_->descriptor), result.error().message),
                               result.error().hint});
}

void Gatekeeper::remember(Memory memory) {
  if (const auto saved = save(memory); !saved) {
    troubles_.has(kOfOrders, saved.error());
    memory_ = std::move(memory);  // at least until this service ends
  }
}

Result<void> Gatekeeper::save(const Memory& memory) {
  TRY(save_hooks_record(options_.state, memory));
  memory_ = memory;
  return {};
}

}  // namespace swarmout
