#include "seeder/source/hg/hg_source.hpp"

#include "common/base/key_values.hpp"
#include "seeder/source/hg/hg_mirror.hpp"
#include "seeder/source/tar_stream.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::string_view kHgKind = "hg";
constexpr std::string_view kSubrepositories = ".hgsubstate";
constexpr std::string_view kLargefiles = ".hglf/";
/// hg holds each file against each name that it is to take; with more of them reading everything is faster.
constexpr std::size_t kMaxNames = 500;

class HgSource final : public Source {
public:
  HgSource(HgLocation location, const Path& state, const HgOptions& options)
      : revision_(location.revision), mirror_(std::move(location), state), options_(options) {}

  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) override {
    const std::string name = !wanted.empty() ? wanted : !revision_.empty() ? revision_ : "default";
    TRY(check_hg_name(name));
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    if (is_full_node(name)) {
      TRY_ASSIGN(const bool here, mirror_.has(name, stop));
      if (here) {
        return name;
      }
    }
    return mirror_.lookup(name, std::move(stop));
  }

  Bytes fetched() const override { return mirror_.size(); }

  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    return send(revision, nullptr, sink, std::move(stop));
  }

  Result<bool> stream_changes(const Past& past, const std::string& revision, TreeSink& sink,
                              std::stop_token stop) override {
    const auto before = ContentIds::read(past.memo, kHgKind, past.nodes);
    if (!before) {
      return false;
    }
    TRY(send(revision, &*before, sink, std::move(stop)));
    return true;
  }

  std::string memo() const override { return memo_; }

private:
  /// Reads what `before` does not have; nullptr: everything.
  Result<void> send(const std::string& node, const ContentIds* before, TreeSink& sink, std::stop_token stop) {
    memo_.clear();
    REFUSE_UNLESS(is_full_node(node), fmt::format("\"{}\" is not a full hash", node));
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    TRY_ASSIGN(const std::vector<HgFile> files, mirror_.bring(node, stop));
    TRY(check(files, node, stop));
    HgTreeSink expected(files, before, sink);
    TRY(archive(node, expected, files.size(), std::move(stop)));
    TRY(expected.finish());
    ContentIdWriter writer(kHgKind);
    for (const HgFile& file : files) {
      if (!file.link) {
        writer.add(file.content);
      }
    }
    memo_ = writer.take();
    return {};
  }

  Result<void> archive(const std::string& node, HgTreeSink& expected, std::size_t files, std::stop_token stop) {
    const std::vector<std::string_view> wanted = expected.wanted();
    if (wanted.empty()) {
      return {};
    }
    std::vector<std::string> arguments = {
        "archive", "--config", "ui.archivemeta=no", "--no-decode", "--type", "tar", "--prefix", ".", "--rev", node};
    Fd names;
    if (wanted.size() < files && wanted.size() <= kMaxNames) {
      std::string list;
      for (const std::string_view path : wanted) {
        list += list.empty() ? "" : std::string(1, '\0');
        list += "path:";
        list += path;
      }
      TRY_ASSIGN(names, text_as_input(list));
      arguments.insert(arguments.end(), {"--include", "listfile0:/dev/stdin"});
    }
    arguments.emplace_back("-");
    Command command = mirror_.command(std::move(arguments));
    command.input = names.valid() ? names.get() : -1;
    const auto streamed =
        stream_tar(command, fmt::format("hg archive of {} from {}", node, mirror_.shown()), expected, stop);
    if (!streamed && streamed.error().code == ErrorCode::failed) {
      TRY_ASSIGN(const bool damaged, mirror_.remove_if_damaged(stop));
      if (damaged) {
        return fail(ErrorCode::temporary, fmt::format("the mirror of {} was damaged, and was removed", mirror_.shown()),
                    "the next export makes it anew");
      }
    }
    return streamed;
  }

  /// What is not in the changeset although it looks so.
  Result<void> check(const std::vector<HgFile>& files, const std::string& node, std::stop_token stop) const {
    const auto at = [&](std::string_view path) {
      return std::lower_bound(files.begin(), files.end(), path,
                              [](const HgFile& file, std::string_view wanted) { return file.path < wanted; });
    };
    const auto large = at(kLargefiles);
    if (!options_.largefile_pointers && large != files.end() && large->path.starts_with(kLargefiles)) {
      return fail(ErrorCode::refused,
                  fmt::format("\"{}\" stands for a large file; its content is not in {}", escape_value(large->path),
                              mirror_.shown()),
                  "export with tar:COMMAND from a working copy that has it, or publish what stands for it with "
                  "--allow-lfs-pointers");
    }
    const auto state = at(kSubrepositories);
    if (options_.without_subrepositories || state == files.end() || state->path != kSubrepositories) {
      return {};
    }
    TRY_ASSIGN(const std::string content,
               run_and_capture(mirror_.command({"cat", "--no-decode", "--rev", node, "path:.hgsubstate"}), kMiB,
                               std::move(stop)));
    const std::size_t space = content.find(' ');  // "HASH PATH"
    if (space == std::string::npos) {
      return {};
    }
    const std::string path = content.substr(space + 1, content.find('\n', space) - space - 1);
    return fail(ErrorCode::refused,
                fmt::format("\"{}\" is a subrepository; its content is not in {}", escape_value(path), mirror_.shown()),
                "export with tar:COMMAND from a working copy that has it, or publish without it with "
                "--allow-empty-submodules");
  }

  std::string revision_;
  HgMirror mirror_;
  HgOptions options_;
  std::string memo_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_hg_source(const std::string& location, const Path& state,
                                               const HgOptions& options) {
  TRY_ASSIGN(HgLocation parsed, parse_hg_location(location));
  return std::make_unique<HgSource>(std::move(parsed), state, options);
}

}  // namespace swarmout
