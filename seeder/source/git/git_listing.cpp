#include "seeder/source/git/git_listing.hpp"

#include "seeder/source/git/git_revision.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

namespace swarmout {

namespace {

/// A line of `git ls-tree -z` is longer than its path by this at most.
constexpr std::size_t kMaxTreeLine = 8 * kKiB;

template <typename Number>
bool read_number(std::string_view text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

/// "MODE TYPE HASH\tPATH", or with a size behind spaces after the hash, which is "-" if there is none.
std::optional<GitListed> parse_listed(std::string_view line) {
  const std::size_t tab = std::min(line.find('\t'), line.size());
  std::string_view words = line.substr(0, tab);
  const auto take = [&words] {
    const std::size_t end = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(words.find_first_not_of(' ', end), words.size()));
    return word;
  };
  GitListed listed;
  const std::string_view mode = take();
  take();
  listed.hash = take();
  listed.path = line.substr(std::min(tab + 1, line.size()));
  const bool sized = words.empty() || words == "-" || read_number(words, listed.size, 10);
  return read_number(mode, listed.mode, 8) && is_full_hash(listed.hash) && sized && !listed.path.empty()
             ? std::optional(listed)
             : std::nullopt;
}

}  // namespace

Result<void> list_git_tree(const GitMirror& mirror, const std::string& commit, GitSizes sizes,
                           const std::function<Result<void>(const GitListed&)>& visit, std::stop_token stop) {
  std::vector<std::string> arguments = {"ls-tree", "-r", "-z", "--full-tree", commit};
  if (sizes == GitSizes::wanted) {
    arguments.insert(arguments.begin() + 1, "-l");
  }
  TRY_ASSIGN(Subprocess child, Subprocess::start(mirror.command(commit, std::move(arguments))));
  std::vector<std::byte> buffer(64 * kKiB);
  std::string pending;
  while (true) {
    TRY_ASSIGN(const std::size_t got, child.read(buffer, stop));
    if (got == 0) {
      break;
    }
    pending += as_text(std::span(buffer).first(got));
    std::size_t start = 0;
    for (std::size_t end = 0; (end = pending.find('\0', start)) != std::string::npos; start = end + 1) {
      const auto listed = parse_listed(std::string_view(pending).substr(start, end - start));
      REFUSE_UNLESS(listed, "git ls-tree prints something else than expected");
      TRY(visit(*listed));
    }
    pending.erase(0, start);
    REFUSE_UNLESS(pending.size() <= kMaxTreeLine, "a path in the repository is too long");
  }
  TRY_ASSIGN(const int status, child.wait(stop));
  if (status != 0) {
    return fail(ErrorCode::failed,
                fmt::format("cannot list {}: git ended with status {}: {}", commit, status, child.last_words()));
  }
  return {};
}

}  // namespace swarmout
