#include "seeder/source/open_source.hpp"

#include "seeder/source/credentials.hpp"
#include "seeder/source/dir_source.hpp"
#include "seeder/source/git/git_source.hpp"
#include "seeder/source/hg/hg_source.hpp"
#include "seeder/source/imported_source.hpp"
#include "seeder/source/lfs_guard.hpp"
#include "seeder/source/svn/svn_source.hpp"
#include "seeder/source/tar_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace swarmout {

namespace {

/// Longer ones are mistakes: they would be in every message and in the descriptor.
constexpr std::size_t kMaxSpec = 16 * kKiB;
/// Begins the memo of an export: whether there could be Git LFS pointers in it.
constexpr std::string_view kNoPointers = "no-pointers";
constexpr std::string_view kPointers = "pointers";

Error without_secrets(Error error) {
  error.message = quotable(error.message);
  error.hint = quotable(error.hint);
  return error;
}

/// Around every source: whatever fails goes to the journal, the share and the terminal.
class DiscreetSource final : public Source {
public:
  DiscreetSource(std::unique_ptr<Source> source, const SourceOptions& options)
      : source_(std::move(source)), options_(options) {}

  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) override {
    return source_->resolve(wanted, std::move(stop)).map_error(without_secrets);
  }
  Bytes fetched() const override { return source_->fetched(); }
  std::optional<SignedDescriptor> packed() const override { return source_->packed(); }
  std::string vouched() const override { return source_->vouched(); }
  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    LfsGuard guard(sink);
    TreeSink& next = options_.lfs_pointers ? sink : guard;
    return source_->stream(revision, next, std::move(stop)).map_error(without_secrets);
  }
  /// Pointers among what is unchanged would not be seen, nor content that a pointer stands for: the release before must
  /// have been made in the same way.
  Result<bool> stream_changes(const Past& past, const std::string& revision, TreeSink& sink,
                              std::stop_token stop) override {
    const std::size_t end = past.memo.find('\n');
    if (end == std::string_view::npos || past.memo.substr(0, end) != way()) {
      return false;
    }
    LfsGuard guard(sink);
    TreeSink& next = options_.lfs_pointers ? sink : guard;
    return source_->stream_changes({past.nodes, past.memo.substr(end + 1)}, revision, next, std::move(stop))
        .map_error(without_secrets);
  }
  std::string memo() const override {
    std::string inner = source_->memo();
    return inner.empty() ? inner : fmt::format("{}\n", way()) + inner;
  }

private:
  std::string_view way() const { return options_.lfs_pointers ? kPointers : kNoPointers; }

  std::unique_ptr<Source> source_;
  SourceOptions options_;
};

Result<std::unique_ptr<Source>> bare_source(const std::string& spec, const Path& state, const SourceOptions& options) {
  const auto rest = [&](std::string_view prefix) { return spec.substr(prefix.size()); };
  if (spec.size() > kMaxSpec) {
    return fail(ErrorCode::usage,
                fmt::format("a source of {} bytes is too long; {} are allowed", spec.size(), kMaxSpec));
  }
  if (spec.starts_with("git+")) {
    return make_git_source(rest("git+"), state, {options.lfs_pointers, options.empty_submodules, options.git_trust});
  }
  if (options.git_trust.what != GitSigned::nothing) {
    // Who asks for signed revisions must not get others by a change of the source.
    return fail(ErrorCode::usage, fmt::format("--verify-git is for git sources, and \"{}\" is none", quotable(spec)),
                "leave it out, or write git+URL[#ref]");
  }
  if (spec.starts_with("svn+")) {
    return make_svn_source(rest("svn+"), state, options.empty_submodules);
  }
  if (spec.starts_with("hg+")) {
    return make_hg_source(rest("hg+"), state, {options.empty_submodules, options.lfs_pointers});
  }
  if (spec.starts_with("dir:") && spec.size() > 4) {
    return make_dir_source(rest("dir:"));
  }
  if (spec.starts_with("tar:") && spec.size() > 4) {
    return make_tar_source(rest("tar:"));
  }
  if (spec == kImportedSource) {
    return make_imported_source(state);
  }
  return fail(ErrorCode::usage, fmt::format("\"{}\" is not a source", quotable(spec)),
              "write git+URL[#ref], svn+URL[#revision], hg+URL[#revision], dir:PATH, tar:COMMAND or imported");
}

}  // namespace

std::size_t place_of_revision(std::string_view spec) {
  const auto begins = [&](const char* each) { return spec.starts_with(each); };
  return begins("git+") || begins("svn+") || begins("hg+") ? spec.rfind('#') : std::string_view::npos;
}

bool may_be_source(std::string_view spec) {
  constexpr std::array kBegin = {"git+", "svn+", "hg+", "dir:", "tar:"};
  return spec == kImportedSource || std::any_of(kBegin.begin(), kBegin.end(), [&](std::string_view begin) {
           return spec.starts_with(begin) && spec.size() > begin.size();
         });
}

Result<std::unique_ptr<Source>> open_source(const std::string& spec, const Path& state, const SourceOptions& options) {
  auto source = bare_source(spec, state, options);
  if (!source) {
    return tl::unexpected(without_secrets(source.error()));
  }
  return std::make_unique<DiscreetSource>(*std::move(source), options);
}

}  // namespace swarmout
