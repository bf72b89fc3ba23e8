#include "cli/line_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace swarmout {

bool LineLimit::has_room(bool debugging, MonotonicTime now) {
  Minute& minute = debugging ? debug_minute_ : minute_;
  if (minute.lines == 0 || now - minute.began >= std::chrono::minutes(1)) {
    left_out_before_ += minute.left_out;
    minute = {now, 0, 0};
  }
  if (minute.lines >= (debugging ? kDebugLinesAMinute : kLinesAMinute)) {
    ++minute.left_out;
    return false;
  }
  ++minute.lines;
  return true;
}

void LineLimit::remember(std::string_view line, MonotonicTime now) {
  if (sentences_.size() >= kRemembered && sentences_.find(line) == sentences_.end()) {
    sentences_.erase(std::min_element(sentences_.begin(), sentences_.end(),
                                      [](const auto& a, const auto& b) { return a.second.said < b.second.said; }));
  }
  sentences_[std::string(line)] = {now, 0};
}

std::optional<std::string> LineLimit::pass(std::string_view line, bool debugging, MonotonicTime now) {
  const auto known = sentences_.find(line);
  if (!debugging && known != sentences_.end() && now - known->second.said < kQuietFor) {
    ++known->second.unsaid;
    return std::nullopt;
  }
  if (!has_room(debugging, now)) {
    return std::nullopt;
  }
  std::string said(line);
  if (!debugging) {
    if (known != sentences_.end() && known->second.unsaid > 0) {
      said += fmt::format(" (and {} times since it was said last)", known->second.unsaid);
    }
    remember(line, now);
  }
  if (const auto left_out = std::exchange(left_out_before_, 0); left_out > 0) {
    said += fmt::format("\n{} lines were left out before: there were too many in a minute", left_out);
  }
  return said;
}

}  // namespace swarmout
