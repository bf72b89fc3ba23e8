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
      if (next_) {
        now_ = std::exchange(next_, nullptr);
      }
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
  }
}

void Rounds::reload() {
  service_reloads();
  auto prepared = prepare_();
  const auto changed = [&] {
    const std::lock_guard lock(mutex_);
    return prepared && (*prepared)->given != (next_ ? next_ : now_)->given;
  };
  if (prepared && !changed()) {
    ask_for_look();
    return;
  }
  const auto possible = prepared ? (*prepared)->verb->rehearse() : Result<void>(tl::unexpected(prepared.error()));
  if (!possible) {
    say(to_string(possible.error()), Level::error);
    say("the settings are as they were: with those in the file it could not go on");
    ask_for_look();
    return;
  }
  const std::lock_guard lock(mutex_);
  say("going on with changed settings");
  next_ = *std::move(prepared);
  round_.request_stop();
}

}  // namespace swarmout
