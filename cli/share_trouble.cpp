#include "cli/share_trouble.hpp"

#include "common/base/duration.hpp"
#include "common/base/key_values.hpp"
#include "seeder/election/away.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

constexpr std::string_view kMagic = "swarmout-trouble 1";

/// In seconds since 1970.
struct Trouble {
  std::uint64_t since = 0;     ///< first failure in a row; 0: the last run was well
  std::uint64_t said = 0;      ///< the last line about any
  bool this_was_said = false;  ///< one of those since `since`
};

std::uint64_t seconds_of(WallTime time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

/// Nothing, if it was never written or is damaged.
Trouble load(const Path& file) {
  const auto text = read_file(file, 4 * kKiB);
  const auto values = text ? KeyValues::parse(*text, kMagic) : fail(ErrorCode::not_found, "");
  if (!values) {
    return {};
  }
  return {values->number("since").value_or(0), values->number("said").value_or(0),
          values->number("told").value_or(0) != 0};
}

bool save(const Path& file, const Trouble& trouble) {
  const std::string text = KeyValues(std::string(kMagic))
                               .add("since", trouble.since)
                               .add("said", trouble.said)
                               .add("told", std::uint64_t{trouble.this_was_said})
                               .text();
  return replace_file(file, as_bytes(text), 0644, Durability::cached).has_value();
}

}  // namespace

bool ShareTrouble::worth_saying(const Error& error, WallTime now) {
  if (!is_away(error)) {
    return true;
  }
  Trouble trouble = load(file_);
  const std::uint64_t second = seconds_of(now);
  const auto quiet = static_cast<std::uint64_t>(std::chrono::seconds(kQuietAfterTrouble).count());
  const bool said_lately = trouble.said != 0 && trouble.said <= second && second - trouble.said < quiet;
  trouble.since = trouble.since == 0 ? second : trouble.since;
  if (!said_lately) {
    trouble.said = second;
    trouble.this_was_said = true;
  }
  return !save(file_, trouble) || !said_lately;
}

std::optional<std::string> ShareTrouble::over(WallTime now) {
  Trouble trouble = load(file_);
  if (trouble.since == 0) {
    return std::nullopt;
  }
  const bool tell = trouble.this_was_said;
  const std::uint64_t second = seconds_of(now);
  const std::chrono::seconds lasted(second > trouble.since ? second - trouble.since : 0);
  trouble.since = 0;
  trouble.this_was_said = false;
  if (!save(file_, trouble) || !tell) {
    return std::nullopt;
  }
  return fmt::format("well again after {} of trouble", to_text(lasted));
}

}  // namespace swarmout
