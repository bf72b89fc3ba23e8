#include "seeder/source/hg/hg_location.hpp"

#include "seeder/source/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

constexpr std::size_t kMaxHgName = 1000;
constexpr std::array kHgSchemes = {"http", "https", "ssh", "file"};
/// Files that hg would read as if they were repositories.
constexpr std::array kHgFiles = {"bundle:", "union:", "static-http:"};

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
}

}  // namespace

Result<HgLocation> parse_hg_location(const std::string& text) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::usage, fmt::format("hg+{} {}", quotable(text), why),
                "write hg+URL[#REVISION]: hg+https://host/repo, hg+ssh://host/path or hg+/path");
  };
  HgLocation location;
  const std::size_t hash = text.rfind('#');
  location.repository = text.substr(0, hash);
  location.revision = hash == std::string::npos ? "" : text.substr(hash + 1);
  if (location.repository.empty() || location.repository.starts_with('-') || location.revision.starts_with('-')) {
    return wrong("names no repository");
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return wrong("has control characters");
  }
  const auto begins = [&](const char* each) { return location.repository.starts_with(each); };
  const std::size_t colon = location.repository.find("://");
  const std::string scheme = location.repository.substr(0, std::min(colon, location.repository.size()));
  const bool known = std::find(kHgSchemes.begin(), kHgSchemes.end(), scheme) != kHgSchemes.end();
  if ((colon != std::string::npos && !known) || std::any_of(kHgFiles.begin(), kHgFiles.end(), begins)) {
    return wrong("is not a repository that Mercurial knows");
  }
  location.local = colon == std::string::npos || scheme == "file";
  return location;
}

Result<void> check_hg_name(const std::string& text) {
  if (text.starts_with('-')) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a Mercurial revision", text.substr(0, kMaxHgName)));
  }
  // "." and "null" are not of the repository; quotes would end the name.
  const bool name = !text.empty() && text.size() <= kMaxHgName && text != "." && text != "null" &&
                    text.find_first_of("\"\\:") == std::string::npos &&
                    std::none_of(text.begin(), text.end(), is_control) &&
                    text.find_first_not_of('0') != std::string::npos;
  return name ? Result<void>()
              : fail(ErrorCode::not_found,
                     fmt::format("\"{}\" is not the name of a changeset", quotable(text.substr(0, kMaxHgName))),
                     "give a branch, a tag, a bookmark or a hash");
}

bool is_full_node(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace swarmout
