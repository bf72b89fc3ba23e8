#include "seeder/source/git/git_revision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace swarmout {

namespace {

constexpr std::size_t kMaxRevision = 1024;
/// A longer way back is a mistake: it would fetch as much history.
constexpr std::size_t kMaxSteps = 1'000'000;
constexpr std::size_t kShortestHash = 4;  // git's own limit
constexpr std::string_view kPeeled = "^{}";

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// As git-check-ref-format(1) has it.
bool may_be_a_name(std::string_view text) {
  return !text.empty() && text.find("..") == std::string_view::npos && text.find("@{") == std::string_view::npos &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) {
           return c <= 0x20 || c == 0x7f ||
                  std::string_view("~^:?*[\\").find(static_cast<char>(c)) != std::string_view::npos;
         });
}

/// The number at the beginning of `rest`, which it is taken from; 1 if there is none.
std::optional<std::size_t> take_number(std::string_view& rest) {
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  std::size_t number = 1;
  if (digits > 0) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, number);
    if (error != std::errc() || number > kMaxSteps) {
      return std::nullopt;
    }
    rest.remove_prefix(digits);
  }
  return number;
}

/// How far up a suffix leads; nullopt, if it is none.
std::optional<std::size_t> steps_of(std::string_view rest) {
  std::size_t steps = 0;
  while (!rest.empty()) {
    const char kind = rest.front();
    rest.remove_prefix(1);
    if (kind == '^' && rest.starts_with('{')) {
      const std::size_t end = rest.find('}');
      const std::string_view what = rest.substr(0, end == std::string_view::npos ? 0 : end + 1);
      if (what != "{}" && what != "{commit}") {
        return std::nullopt;
      }
      rest.remove_prefix(what.size());
      continue;
    }
    const auto number = kind == '~' || kind == '^' ? take_number(rest) : std::nullopt;
    if (!number) {
      return std::nullopt;
    }
    steps += kind == '~' ? *number : *number == 0 ? 0 : 1;
    if (steps > kMaxSteps) {
      return std::nullopt;
    }
  }
  return steps;
}

/// Hash and ref of each line.
void each_ref(std::string_view listing, const std::function<void(std::string_view, std::string_view)>& visit) {
  while (!listing.empty()) {
    const std::size_t end = std::min(listing.find('\n'), listing.size());
    const std::string_view line = listing.substr(0, end);
    listing.remove_prefix(std::min(end + 1, listing.size()));
    const std::size_t tab = line.find('\t');
    if (tab != std::string_view::npos && is_full_hash(line.substr(0, tab))) {
      visit(line.substr(0, tab), line.substr(tab + 1));
    }
  }
}

/// In the order in which git looks.
std::vector<std::string> places_of(const std::string& name) {
  return {name,
          "refs/" + name,
          "refs/tags/" + name,
          "refs/heads/" + name,
          "refs/remotes/" + name,
          "refs/remotes/" + name + "/HEAD"};
}

}  // namespace

bool is_full_hash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && is_hex(text);
}

bool is_abbreviated_hash(std::string_view text) {
  return text.size() >= kShortestHash && text.size() < 64 && is_hex(text);
}

Result<GitRevision> parse_git_revision(const std::string& text) {
  if (text.starts_with('-')) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a git revision", text.substr(0, kMaxRevision)));
  }
  const std::size_t cut = std::min(text.find_first_of("~^"), text.size());
  GitRevision revision{text.substr(0, cut), text.substr(cut), 0};
  const auto steps = steps_of(revision.suffix);
  if (text.size() > kMaxRevision || !may_be_a_name(revision.base) || !steps) {
    return fail(ErrorCode::not_found, fmt::format("\"{}\" is not the name of a commit", text.substr(0, kMaxRevision)),
                "give a branch, a tag, a full ref, a commit, or one of them with ~N or ^N");
  }
  revision.steps = *steps;
  if (revision.steps == 0) {
    revision.suffix.clear();
  }
  if (revision.base == "@") {
    revision.base = "HEAD";
  }
  return revision;
}

std::vector<std::string> remote_patterns(const std::string& name) {
  std::vector<std::string> patterns;
  for (const std::string& place : places_of(name)) {
    patterns.push_back(place);
    patterns.push_back(place + std::string(kPeeled));
  }
  return patterns;
}

std::optional<std::string> remote_commit(std::string_view listing, const std::string& name) {
  const std::vector<std::string> places = places_of(name);
  std::optional<std::string> found;
  std::size_t best = 2 * places.size();
  each_ref(listing, [&](std::string_view hash, std::string_view ref) {
    const bool peeled = ref.ends_with(kPeeled);
    ref.remove_suffix(peeled ? kPeeled.size() : 0);
    const auto place = static_cast<std::size_t>(std::find(places.begin(), places.end(), ref) - places.begin());
    const std::size_t rank = 2 * place + (peeled ? 0 : 1);
    if (place < places.size() && rank < best) {
      best = rank;
      found = std::string(hash);
    }
  });
  return found;
}

std::vector<std::string> tips_beginning_with(std::string_view listing, std::string_view hash) {
  std::vector<std::string> found;
  std::string_view last_ref;
  std::string last_tag;  // replaced by what it points to, if the next line says so
  each_ref(listing, [&](std::string_view tip, std::string_view ref) {
    const bool peels_last = ref.ends_with(kPeeled) && ref.substr(0, ref.size() - kPeeled.size()) == last_ref;
    if (tip.starts_with(hash) || (peels_last && last_tag.starts_with(hash))) {
      if (peels_last && !found.empty() && found.back() == last_tag) {
        found.pop_back();
      }
      found.emplace_back(tip);
    }
    last_ref = ref;
    last_tag = tip;
  });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace swarmout
