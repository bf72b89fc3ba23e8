#include "common/fleet/troubles.hpp"

#include "common/base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

std::string lasted(MonotonicTime began, MonotonicTime now) {
  return to_text(std::chrono::duration_cast<std::chrono::milliseconds>(now - began));
}

}  // namespace

void Troubles::has(std::string_view kind, const Error& error) {
  const MonotonicTime now = clock_.now();
  const auto [found, begins] = troubles_.try_emplace(std::string(kind));
  Trouble& trouble = found->second;
  if (begins) {
    trouble.began = now;
  }
  const bool news = trouble.said.insert(error.code).second;
  if (news || now - trouble.last_said >= kRemindEvery) {
    say_(Line::trouble,
         news ? to_string(error) : fmt::format("for {} now: {}", lasted(trouble.began, now), to_string(error)));
    trouble.last_said = now;
    trouble.error = error;  // current() stays the same sentence: a record that changes is a write on the share
  }
  trouble.last_seen = now;
}

void Troubles::well(std::string_view kind) {
  const auto found = troubles_.find(kind);
  if (found != troubles_.end() && clock_.now() - found->second.last_seen >= kCalm) {
    end(found);
  }
}

void Troubles::solved(std::string_view kind) {
  if (const auto found = troubles_.find(kind); found != troubles_.end()) {
    end(found);
  }
}

void Troubles::end(ByKind::iterator trouble) {
  say_(Line::over, fmt::format("over after {}: {}", lasted(trouble->second.began, trouble->second.last_seen),
                               trouble->second.error.message));
  troubles_.erase(trouble);
}

std::string Troubles::current() const {
  const auto last = std::max_element(troubles_.begin(), troubles_.end(),
                                     [](const auto& a, const auto& b) { return a.second.began < b.second.began; });
  return last == troubles_.end() ? std::string() : last->second.error.message;
}

}  // namespace swarmout
