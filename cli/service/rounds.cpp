#include "cli/service/rounds.hpp"

#include "cli/output.hpp"
#include "cli/service/service_manager.hpp"

#include <utility>

namespace swarmout {

Rounds::Rounds(std::unique_ptr<PreparedVerb> first, Prepare prepare)
    : prepare_(std::move(prepare)), now_(std::move(first)) {}

Result<void> Rounds::run(const std::stop_token& stop) {
  while (true) {
    const PreparedVerb* verb = nullptr;
    std::stop_token token;
    {
      const std::lock_guard lock(mutex_);
      round_ = std::stop_source();
      token = round_.get_token();
      verb = now_.get();
    }
    Result<void> done;
    {
      const std::stop_callback pass_on(stop, [this] {
        const std::lock_guard lock(mutex_);
        round_.request_stop();
      });
      done = verb->verb->run(token);
    }
    const std::lock_guard lock(mutex_);
    if (next_ == nullptr || stop.stop_requested()) {
      return done;
    }
    now_ = std::exchange(next_, nullptr);
  }
}

void Rounds::reload() {
  service_reloads();
  auto prepared = prepare_();
  if (!prepared) {
    say(to_string(prepared.error()));
    say("the settings are as they were: what was changed has a mistake");
    ask_for_look();
    return;
  }
  const std::lock_guard lock(mutex_);
  if ((*prepared)->given == now_->given) {
    ask_for_look();
    return;
  }
  say("going on with changed settings");
  next_ = *std::move(prepared);
  round_.request_stop();
}

}  // namespace swarmout
