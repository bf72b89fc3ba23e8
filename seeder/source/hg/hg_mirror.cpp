#include "seeder/source/hg/hg_mirror.hpp"

#include "common/base/digest.hpp"
#include "common/base/private_files.hpp"
#include "common/base/remove_tree.hpp"
#include "seeder/source/credentials.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace swarmout {

namespace {

constexpr const char* kHgCredentials =
    "put what it asks for into [auth] in the hgrc of the user of swarmout (hg help config.auth); or use ssh with a key";
/// How hg ends.
constexpr int kFoundDamage = 1;
constexpr int kAborted = 255;
constexpr std::array kUnknown = {"unknown revision", "ambiguous identifier", "no match found", "no node"};

/// A directory of this host, by a name that stays right where hg runs.
std::string absolute_path(const HgLocation& location) {
  std::error_code ignored;
  return location.repository.find("://") == std::string::npos
             ? std::filesystem::absolute(location.repository, ignored).native()
             : location.repository;
}

bool says_unknown(const ToolOutcome& outcome) {
  return std::any_of(kUnknown.begin(), kUnknown.end(),
                     [&](const char* each) { return outcome.words.find(each) != std::string::npos; });
}

}  // namespace

HgMirror::HgMirror(HgLocation location, const Path& state)
    : location_(std::move(location)),
      shown_(quotable(location_.repository)),
      directory_(std::filesystem::absolute(state) / "hg"),
      repository_(directory_ / sha256(location_.repository).hex().substr(0, 16)) {
  location_.repository = absolute_path(location_);
}

HgPlace HgMirror::place() const {
  return {directory_, repository_, lock_ ? lock_->get() : -1};
}

Result<std::unique_ptr<HgMirror::Use>> HgMirror::use(std::stop_token stop) {
  TRY(make_private_directory(directory_, Closing::quiet));
  TRY_ASSIGN(lock_, wait_for_turn(repository_.native() + ".lock", stop));
  auto used = std::make_unique<Use>(*this);
  TRY(prepare(std::move(stop)));
  return used;
}

/// Makes it, or puts right what a killed hg has left: locks, since we have the lock on all of it, and half of a pull.
Result<void> HgMirror::prepare(std::stop_token stop) const {
  if (path_exists(repository_ / ".hg/store/00changelog.i") || path_exists(repository_ / ".hg/requires")) {
    for (const char* const left : {".hg/wlock", ".hg/store/lock"}) {
      TRY(remove_tree(repository_ / left));
    }
    if (!path_exists(repository_ / ".hg/store/journal")) {
      return {};
    }
    TRY_ASSIGN(const ToolOutcome outcome, run_hg_here(place(), {"recover", "--no-verify"}, stop));
    if (outcome.status == 0) {
      return {};
    }
    spdlog::warn("the mirror of {} in {} is damaged; it is made anew", shown_, repository_.native());
  }
  TRY(remove_tree(repository_));
  TRY(make_private_directory(repository_, Closing::quiet));
  TRY_ASSIGN(const ToolOutcome outcome, run_hg_here(place(), {"init", "--", repository_.native()}, std::move(stop)));
  if (outcome.status != 0) {
    return tl::unexpected(tool_failure(outcome, "hg cannot make " + repository_.native(), repository_));
  }
  return {};
}

Error HgMirror::failure(const ToolOutcome& outcome, const std::string& what) const {
  const bool asks = outcome.words.find("authorization") != std::string::npos;
  return tool_failure(outcome, fmt::format("hg cannot {} {}", what, shown_), repository_, asks ? kHgCredentials : "");
}

tl::unexpected<Error> HgMirror::not_there(const std::string& name) const {
  return fail(ErrorCode::not_found, fmt::format("{} has no changeset {}", shown_, name),
              name == "default" ? "name a branch, a tag or a bookmark: hg+URL#NAME"
                                : "give a branch, a tag, a bookmark or a hash");
}

/// Of a repository of this host hg would take an expression, which quotes make a name.
Result<std::string> HgMirror::lookup(const std::string& name, std::stop_token stop) const {
  const std::string quoted = location_.local ? '"' + name + '"' : name;
  TRY_ASSIGN(const ToolOutcome outcome,
             run_hg_on_upstream(place(), location_, {"identify", "--template", "{node}\\n", "--rev", quoted},
                                std::move(stop)));
  if (outcome.status != 0) {
    return says_unknown(outcome) ? Result<std::string>(not_there(name)) : tl::unexpected(failure(outcome, "ask"));
  }
  std::string node = outcome.output.substr(0, outcome.output.find('\n'));
  REFUSE_UNLESS(is_full_node(node), fmt::format("hg says no hash of {} in {}", name, shown_));
  if (node.find_first_not_of('0') == std::string::npos) {  // nothing is committed there
    return not_there(name);
  }
  return node;
}

Result<bool> HgMirror::has(const std::string& node, std::stop_token stop) const {
  TRY_ASSIGN(const ToolOutcome outcome,
             run_hg_here(place(), {"log", "--template", "{node}", "--rev", node}, std::move(stop)));
  return outcome.status == 0 && outcome.output == node;
}

Result<std::vector<HgFile>> HgMirror::list(const std::string& node, std::stop_token stop) const {
  HgManifest manifest;
  TRY_ASSIGN(const ToolOutcome outcome, run_hg_here(place(), {"manifest", "--debug", "--rev", node}, std::move(stop),
                                                    [&](std::string_view piece) { return manifest.feed(piece); }));
  if (outcome.status != 0) {
    return tl::unexpected(failure(outcome, fmt::format("list {} of", node)));
  }
  return manifest.finish();
}

Result<std::vector<HgFile>> HgMirror::bring_once(const std::string& node, std::stop_token stop) {
  TRY_ASSIGN(const bool here, has(node, stop));
  if (!here) {
    // What hg says of its steps shows that it moves. A repository that was made anew upstream is no relative of ours.
    TRY_ASSIGN(const ToolOutcome outcome, run_hg_on_upstream(place(), location_,
                                                             {"--repository", place().repository.native(), "pull",
                                                              "--debug", "--force", "--rev", node},
                                                             stop, [&](std::string_view piece) -> Result<void> {
                                                               said_ += piece.size();
                                                               return {};
                                                             }));
    if (outcome.status != 0) {
      return tl::unexpected(failure(outcome, "fetch from"));
    }
    TRY_ASSIGN(const bool now, has(node, stop));
    if (!now) {
      return not_there(node);
    }
  }
  return list(node, std::move(stop));
}

Result<std::vector<HgFile>> HgMirror::bring(const std::string& node, std::stop_token stop) {
  auto brought = bring_once(node, stop);
  if (brought || (brought.error().code != ErrorCode::failed && brought.error().code != ErrorCode::refused)) {
    return brought;
  }
  TRY_ASSIGN(const bool here, has(node, stop));
  if (!here) {
    TRY(lookup(node, stop));  // is it there at all? else that is what is to be said
  }
  TRY_ASSIGN(const bool damaged, remove_if_damaged(stop));
  if (!damaged) {
    return brought;
  }
  spdlog::warn("the mirror of {} in {} is damaged; it is made anew", shown_, repository_.native());
  TRY(prepare(stop));
  return bring_once(node, std::move(stop));
}

Result<bool> HgMirror::remove_if_damaged(std::stop_token stop) const {
  TRY_ASSIGN(const ToolOutcome outcome, run_hg_here(place(), {"verify", "--quiet"}, std::move(stop)));
  if (outcome.status != kFoundDamage && outcome.status != kAborted) {  // one that was ended has found nothing
    return false;
  }
  TRY(remove_tree(repository_));
  return true;
}

Command HgMirror::command(std::vector<std::string> arguments) const {
  return hg_command(place(), std::move(arguments));
}

Bytes HgMirror::size() const {
  Bytes total = said_;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator(repository_ / ".hg/store", ignored)) {
    std::error_code gone;
    const auto size = each.is_regular_file(gone) ? each.file_size(gone) : 0;
    total += gone ? 0 : size;
  }
  return total;
}

}  // namespace swarmout
