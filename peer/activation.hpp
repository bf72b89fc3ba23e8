// May this host activate this release now? The one place that says so: what holds a release back belongs in here.

#pragma once

#include "common/base/digest.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

struct Activation {
  /// When a host goes to a new release by itself.
  struct When {
    enum class Kind {
      now,
      hold,    ///< when somebody says `activate`
      window,  ///< between two times of the day, or when somebody says `activate`
    } kind = Kind::now;
    std::chrono::minutes from{};  ///< since midnight, local time
    std::chrono::minutes to{};    ///< before `from`: on the next day
    bool operator==(const When&) const = default;
  };

  /// Somebody holds this host, whatever the fleet does.
  struct HeldHere {
    std::optional<Digest> release;  ///< on this one; nothing: on what is active
    std::string why;                ///< in words: who, since when, the reason
  };

  /// What the hook before an activation says of the release.
  enum class Hook {
    none,     ///< there is none, or it has agreed
    not_yet,  ///< it was not asked
    at_work,  ///< it is being asked, or another one of this host's is at work
    refuses,
  };

  struct Facts {
    Digest release;                   ///< the one that is asked about
    std::optional<Digest> published;  ///< the release that the fleet should be on
    bool active_before = false;       ///< it was activated last: only its tree is made anew, or its link set back
    std::optional<HeldHere> held_here{};
    When when{};
    std::chrono::minutes time{};  ///< since midnight, local time
    bool let_go = false;          ///< somebody said `activate`
    Hook hook = Hook::none;
    std::string hook_says{};  ///< why it refuses
  };

  struct Verdict {
    enum class Kind {
      yes,
      ask,   ///< once its hook has agreed
      wait,  ///< for what comes by itself, soon
      no,    ///< until a time comes, or a person does something
    } kind = Kind::wait;
    std::string why{};  ///< of no and wait: what this host says of itself
    bool operator==(const Verdict&) const = default;
  };
};

/// Pure.
[[nodiscard]] Activation::Verdict may_activate(const Activation::Facts& facts);

/// "now", "hold", "22:00-04:30". Nothing: it is none of these.
[[nodiscard]] std::optional<Activation::When> parse_when(std::string_view text);
[[nodiscard]] std::string to_text(const Activation::When& when);
/// Of a window: from its first minute to the one before its last.
[[nodiscard]] bool is_within(const Activation::When& window, std::chrono::minutes time);
/// Since midnight, by the time zone of this host.
[[nodiscard]] std::chrono::minutes local_minutes(std::chrono::system_clock::time_point time);

/// Why `current` does not follow the fleet; nothing: it does.
struct HeldBack {
  std::string why{};
  bool passing = false;  ///< it ends by itself: a hook is at work
};

}  // namespace swarmout
