// What is not well with a process for now, and how often that is said: once when it begins, again each hour, and once
// when it is over.
//
// What comes and goes is one trouble: it is over when it has been well for kCalm. Who only wants to know what is wrong
// asks current().

#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace swarmout {

/// One thread.
class Troubles {
public:
  static constexpr std::chrono::hours kRemindEvery{1};
  static constexpr std::chrono::seconds kCalm{60};

  enum class Line { trouble, over };
  using Say = std::function<void(Line, const std::string&)>;

  Troubles(Clock& clock, Say say) : clock_(clock), say_(std::move(say)) {}

  /// `kind`: what is in trouble: "share", "release". Of one kind, another sentence is news only with another code.
  void has(std::string_view kind, const Error& error);
  /// It was well this time. To be called each time: that is also when reminders come.
  void well(std::string_view kind);
  /// What was tried has succeeded: it is over at once.
  void solved(std::string_view kind);

  /// Of the one that began last, as it was said; empty: none.
  [[nodiscard]] std::string current() const;

private:
  struct Trouble {
    Error error;
    std::set<ErrorCode> said;
    MonotonicTime began{};
    MonotonicTime last_said{};
    MonotonicTime last_seen{};
  };
  using ByKind = std::map<std::string, Trouble, std::less<>>;
  void end(ByKind::iterator trouble);

  Clock& clock_;
  Say say_;
  ByKind troubles_;
};

}  // namespace swarmout
