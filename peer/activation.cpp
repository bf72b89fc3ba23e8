#include "peer/activation.hpp"

#include <fmt/format.h>
#include <time.h>

#include <cstdlib>

namespace swarmout {

namespace {

using Answer = Activation::Verdict::Kind;
using When = Activation::When;

constexpr std::chrono::minutes kDay{24 * 60};

std::optional<int> two_digits(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 2 && digit(text[0]) && digit(text[1]) ? std::optional(10 * (text[0] - '0') + text[1] - '0')
                                                              : std::nullopt;
}

/// "HH:MM", to 24:00.
std::optional<std::chrono::minutes> time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') {
    return std::nullopt;
  }
  const auto hours = two_digits(text.substr(0, 2));
  const auto minutes = two_digits(text.substr(3));
  if (!hours || !minutes || *minutes > 59) {
    return std::nullopt;
  }
  const auto time = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return time <= kDay ? std::optional<std::chrono::minutes>(time) : std::nullopt;
}

std::string clock_text(std::chrono::minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

/// Nothing: it may go by itself.
std::optional<Activation::Verdict> by_the_clock(const Activation::Facts& facts) {
  switch (facts.when.kind) {
    case When::Kind::now:
      return std::nullopt;
    case When::Kind::hold:
      return Activation::Verdict{Answer::no, "waits for `swarmout activate`"};
    case When::Kind::window:
      return is_within(facts.when, facts.time)
                 ? std::nullopt
                 : std::optional(
                       Activation::Verdict{Answer::no, fmt::format("waits for its hours, {}", to_text(facts.when))});
  }
  std::abort();
}

Activation::Verdict by_the_hook(const Activation::Facts& facts) {
  switch (facts.hook) {
    case Activation::Hook::none:
      return {Answer::yes, {}};
    case Activation::Hook::not_yet:
      return {Answer::ask, {}};
    case Activation::Hook::at_work:
      return {Answer::wait, "a hook is at work"};
    case Activation::Hook::refuses:
      return {Answer::no, "its hook refused it: " + facts.hook_says};
  }
  std::abort();
}

}  // namespace

Activation::Verdict may_activate(const Activation::Facts& facts) {
  if (facts.active_before) {
    return {Answer::yes, {}};
  }
  if (facts.held_here && facts.held_here->release != facts.release) {
    return {Answer::no, facts.held_here->why};
  }
  if (!facts.held_here) {  // else a person has said that it is to be this one
    if (facts.published != facts.release) {
      return {Answer::wait, "it is not published"};
    }
    if (const auto later = by_the_clock(facts); later && !facts.let_go) {
      return *later;
    }
  }
  return by_the_hook(facts);
}

std::optional<When> parse_when(std::string_view text) {
  if (text == "now") {
    return When{};
  }
  if (text == "hold") {
    return When{When::Kind::hold, {}, {}};
  }
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto from = time_of_day(text.substr(0, dash));
  const auto to = time_of_day(text.substr(dash + 1));
  if (!from || !to || *from == *to || *from == kDay) {
    return std::nullopt;
  }
  return When{When::Kind::window, *from, *to};
}

std::string to_text(const When& when) {
  switch (when.kind) {
    case When::Kind::now:
      return "now";
    case When::Kind::hold:
      return "hold";
    case When::Kind::window:
      return clock_text(when.from) + '-' + clock_text(when.to);
  }
  std::abort();
}

bool is_within(const When& window, std::chrono::minutes time) {
  return window.from < window.to ? time >= window.from && time < window.to : time >= window.from || time < window.to;
}

std::chrono::minutes local_minutes(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return std::chrono::hours(local.tm_hour) + std::chrono::minutes(local.tm_min);
}

}  // namespace swarmout
