#include "peer/lookout.hpp"

#include "common/base/failpoint.hpp"
#include "peer/holdings.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

namespace swarmout {

namespace {

/// Jitter, so that a thousand clones do not ask in step. With the look itself it stays within the interval.
constexpr int kLeastPercent = 75;
constexpr int kMostPercent = 95;

}  // namespace

Result<void> Lookout::look(bool waiting, const std::function<std::size_t()>& fleet) {
  read_keys();
  save();
  auto wanted = follower_.look();
  const bool often = (wanted && wanted->in_progress) || waiting;
  const auto interval = look_interval(options_.poll, often, often ? fleet() : 0);
  static thread_local std::minstd_rand random{std::random_device{}()};
  next_ = clock_.now() + interval * std::uniform_int_distribution<int>(kLeastPercent, kMostPercent)(random) / 100;
  if (!wanted) {
    troubles_.has(wanted.error().code == ErrorCode::refused ? kOfLog : kOfShare, wanted.error());
    return tl::unexpected(std::move(wanted).error());
  }
  for (const std::string_view each : {kOfShare, kOfLog, kOfSwarm, kOfDisk}) {
    troubles_.well(each);
  }
  has_or_well(kOfStage, wanted->bad_stage);
  has_or_well(kOfForeign, wanted->foreign);
  has_or_well(kOfAge, too_old(wanted->newest_word, options_.max_age, share_name_));
  if (!wanted->news.empty()) {
    spdlog::warn("{}", wanted->news);
  }
  wanted_ = *std::move(wanted);
  if (wanted_.staged) {
    failpoint("stage-seen");
  }
  return {};
}

void Lookout::hurry(std::size_t fleet) {
  next_ = std::min(next_, clock_.now() + look_interval(options_.poll, true, fleet));
}

std::chrono::milliseconds Lookout::pause(std::chrono::milliseconds longest) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - clock_.now());
  return std::clamp(left, std::chrono::milliseconds(1), longest);
}

void Lookout::remember(const std::optional<Digest>& active) {
  if (active == follower_.seen().release) {  // else it is saved when it becomes active
    activated();
  }
}

void Lookout::activated() {
  to_save_ = follower_.seen();
  save();
}

void Lookout::save() {
  if (!to_save_ || *to_save_ == saved_) {
    return;
  }
  if (const auto done = save_seen(options_.state, *to_save_); !done) {
    troubles_.has(kOfDisk, done.error());
    return;
  }
  failpoint("after-seen");
  saved_ = *to_save_;
}

void Lookout::has_or_well(std::string_view kind, const std::optional<Error>& error) {
  error ? troubles_.has(kind, *error) : troubles_.well(kind);
}

/// The keys of today: one that was added is trusted, and one that was taken away is not, from the next look on.
void Lookout::read_keys() {
  auto keys = TrustedKeys::load(options_.keys);
  if (!keys) {
    troubles_.has(kOfKeys, keys.error());
    return;
  }
  troubles_.well(kOfKeys);
  if (!keys->same_as(keys_)) {
    narrate_(fmt::format("this host trusts {} from here on", keys->names()));
    keys_ = *std::move(keys);
  }
}

}  // namespace swarmout
