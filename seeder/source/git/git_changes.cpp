#include "seeder/source/git/git_changes.hpp"

#include "common/release/tree_path.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/git/git_contents.hpp"
#include "seeder/source/git/git_listing.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace swarmout {

namespace {

constexpr std::uint32_t kExecutable = 0100;  // as git archive has it

bool is_file_mode(std::uint32_t mode) {
  return (mode & kGitKindOfMode) == kGitFileMode;
}
/// The content of an unchanged file stays where it is; a link's is needed.
bool is_to_be_read(const GitChange& change) {
  const bool kept = change.same_content && is_file_mode(change.old_mode) && is_file_mode(change.mode);
  return !kept && (is_file_mode(change.mode) || (change.mode & kGitKindOfMode) == kGitLinkMode);
}

bool is_of_submodule(const GitChange& change) {
  return (change.mode & kGitKindOfMode) == kGitSubmoduleMode || (change.old_mode & kGitKindOfMode) == kGitSubmoduleMode;
}

/// The next word, up to and without `end`.
std::optional<std::string_view> take_word(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view word = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return word;
}

std::optional<std::uint32_t> mode_of(std::optional<std::string_view> word) {
  std::uint32_t mode = 0;
  if (!word || word->empty()) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(word->data(), word->data() + word->size(), mode, 8);
  return error == std::errc() && end == word->data() + word->size() ? std::optional(mode) : std::nullopt;
}

bool is_expected(const GitChange& change, const Node* before) {
  if (before == nullptr) {
    return change.old_mode == 0;
  }
  switch (change.old_mode & kGitKindOfMode) {
    case kGitFileMode:
      return before->kind == ((change.old_mode & kExecutable) != 0 ? Node::Kind::executable : Node::Kind::file);
    case kGitLinkMode:
      return before->kind == Node::Kind::symlink;
    case kGitSubmoduleMode:
      return before->kind == Node::Kind::directory;
    default:
      return false;
  }
}

/// One pass over the tree before and the changes, both in the order of full paths. Errors of git, and what cannot be,
/// are `refused`, and said to be git's; those of the sink are not.
class GitMerge {
public:
  GitMerge(const GitStep& step, const std::vector<Node>& past, TreeSink& sink, GitContents& contents,
           const std::stop_token& stop)
      : step_(step), past_(past), sink_(sink), contents_(contents), stop_(stop) {}

  Result<void> run(const std::vector<GitChange>& changes) {
    if (step_.submodules_then) {
      find_parents();
    }
    auto change = changes.begin();
    for (const Node& node : past_) {
      if (node.kind == Node::Kind::directory && (!step_.submodules_then || parents_.contains(node.path))) {
        continue;  // the guard announces it, if something is still in it
      }
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      for (; change != changes.end() && change->path < node.path; ++change) {
        TRY(give(*change, nullptr));
      }
      if (change != changes.end() && change->path == node.path) {
        TRY(give(*change++, &node));
      } else {
        TRY(keep(node));
      }
    }
    for (; change != changes.end(); ++change) {
      TRY(give(*change, nullptr));
    }
    return contents_.end();
  }

  /// Whether the error came from the sink, and is one of the export.
  [[nodiscard]] bool sink_failed() const { return sink_failed_ || contents_.take_failed(); }

private:
  /// git keeps no empty directories: one without anything in it was a submodule, or is the tree of one.
  void find_parents() {
    std::string_view last;
    for (const Node& node : past_) {
      const std::string_view path = node.path;
      const std::string_view parent = path.substr(0, std::min(path.rfind('/'), path.size()));
      if (parent != path && parent != last) {
        parents_.insert(parent);
        last = parent;
      }
    }
  }

  Result<void> send(const TreeEntry& entry) {
    auto sent = sink_.entry(entry);
    sink_failed_ = !sent;
    return sent;
  }

  Result<void> keep(const Node& node) {
    if (node.is_file()) {
      return send({TreeEntry::Kind::unchanged, node.path, node.kind == Node::Kind::executable, 0, node.path});
    }
    const bool link = node.kind == Node::Kind::symlink;
    return send({link ? TreeEntry::Kind::symlink : TreeEntry::Kind::directory, node.path, false, 0, node.target});
  }

  Result<void> give(const GitChange& change, const Node* before) {
    REFUSE_UNLESS(is_expected(change, before), "the release before is not the tree of its commit: " + change.path);
    if (change.mode == 0) {
      return {};
    }
    // git archive and tar have their own ways with these.
    REFUSE_UNLESS(is_safe_path(change.path), "an impossible path: " + change.path);
    switch (change.mode & kGitKindOfMode) {
      case kGitFileMode:
        return file(change);
      case kGitLinkMode:
        return link(change);
      case kGitSubmoduleMode:
        return send({TreeEntry::Kind::directory, change.path, false, 0, {}});
      default:
        REFUSE_UNLESS(false, "an unknown kind of entry: " + change.path);
    }
  }

  Result<void> file(const GitChange& change) {
    const bool executable = (change.mode & kExecutable) != 0;
    if (!is_to_be_read(change)) {
      return send({TreeEntry::Kind::unchanged, change.path, executable, 0, change.path});
    }
    TRY_ASSIGN(const Bytes size, contents_.next());
    TRY(send({TreeEntry::Kind::file, change.path, executable, size, {}}));
    return contents_.content([this](ByteView bytes) { return sink_.data(bytes); });
  }

  Result<void> link(const GitChange& change) {
    TRY_ASSIGN(const Bytes size, contents_.next());
    REFUSE_UNLESS(size > 0 && size <= kMaxPath, "an impossible link: " + change.path);
    std::string target;
    TRY(contents_.content([&target](ByteView bytes) -> Result<void> {
      target += as_text(bytes);
      return {};
    }));
    REFUSE_UNLESS(target.find('\0') == std::string::npos, "an impossible link: " + change.path);
    return send({TreeEntry::Kind::symlink, change.path, false, 0, std::move(target)});
  }

  const GitStep& step_;
  const std::vector<Node>& past_;
  TreeSink& sink_;
  GitContents& contents_;
  const std::stop_token& stop_;
  std::unordered_set<std::string_view> parents_;
  bool sink_failed_ = false;
};

Result<std::vector<GitChange>> ask_for_changes(const GitMirror& mirror, const GitStep& step, std::stop_token stop) {
  TRY_ASSIGN(const GitOutcome outcome,
             run_git(mirror.command(step.commit, {"diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames",
                                                  step.before, step.commit}),
                     std::move(stop)));
  REFUSE_UNLESS(outcome.status == 0, outcome.words);
  return parse_git_changes(outcome.output);
}

/// Whatever git has to say against it: the whole export finds that out anew, and what to do.
Result<bool> cannot(const GitStep& step, const Error& error) {
  if (error.code == ErrorCode::temporary || error.code == ErrorCode::cannot_write) {
    return tl::unexpected(error);
  }
  spdlog::debug("not exporting only what differs from {}: {}", step.before, quotable(error.message));
  return false;
}

}  // namespace

Result<std::vector<GitChange>> parse_git_changes(std::string_view printed) {
  std::vector<GitChange> changes;
  while (!printed.empty()) {
    const auto before_modes = take_word(printed, ':');
    const auto old_mode = mode_of(take_word(printed, ' '));
    const auto mode = mode_of(take_word(printed, ' '));
    const auto old_hash = take_word(printed, ' ');
    const auto hash = take_word(printed, ' ');
    const auto status = take_word(printed, '\0');
    const auto path = take_word(printed, '\0');
    REFUSE_UNLESS(before_modes == "" && old_mode && mode && old_hash && hash && status && path && !path->empty(),
                  "git diff-tree prints something else than expected");
    REFUSE_UNLESS(changes.empty() || changes.back().path < *path, "a tree in the repository is not sorted");
    changes.push_back({*old_mode, *mode, *old_hash == *hash, std::string(*hash), std::string(*path)});
  }
  return changes;
}

Result<bool> stream_git_changes(const GitMirror& mirror, const GitStep& step, const std::vector<Node>& past,
                                TreeSink& sink, std::stop_token stop) {
  const auto changes = ask_for_changes(mirror, step, stop);
  if (!changes) {
    return cannot(step, changes.error());
  }
  if (!step.empty_submodules_now && std::any_of(changes->begin(), changes->end(), is_of_submodule)) {
    return cannot(step, {ErrorCode::refused, "a submodule has changed", {}});
  }
  std::string hashes;
  for (const GitChange& change : *changes) {
    if (is_to_be_read(change)) {
      hashes += change.hash + '\n';
    }
  }
  auto contents = GitContents::start(mirror.command(step.commit, {"cat-file", "--batch", "--buffer"}), hashes, stop);
  if (!contents) {
    return cannot(step, contents.error());
  }
  GitMerge merge(step, past, sink, *contents, stop);
  if (const auto done = merge.run(*changes); !done) {
    return merge.sink_failed() ? Result<bool>(tl::unexpected(done.error())) : cannot(step, done.error());
  }
  return true;
}

}  // namespace swarmout
