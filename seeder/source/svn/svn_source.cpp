#include "seeder/source/svn/svn_source.hpp"

#include "common/base/key_values.hpp"
#include "common/release/tree_path.hpp"
#include "seeder/source/content_ids.hpp"
#include "seeder/source/svn/sha1.hpp"
#include "seeder/source/svn/svn_working_copy.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace swarmout {

namespace {

constexpr std::string_view kKind = "svn";
/// So begins the content of a file with svn:special that is a link; what follows is its target.
constexpr std::string_view kLink = "link ";

class SvnSource final : public Source {
public:
  SvnSource(SvnLocation location, const Path& state, bool without_externals)
      : revision_(location.revision), copy_(std::move(location), state), without_externals_(without_externals) {}

  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) override {
    const std::string& asked = wanted.empty() ? revision_ : wanted;
    std::string revision;
    if (!asked.empty()) {
      TRY_ASSIGN(revision, parse_svn_revision(asked));
    }
    TRY_ASSIGN(const auto use, copy_.use(stop));
    TRY_ASSIGN(const std::string number, copy_.last_change(revision, std::move(stop)));
    return "r" + number;
  }

  Bytes fetched() const override { return copy_.fetched(); }

  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    return send(revision, nullptr, sink, std::move(stop));
  }

  Result<bool> stream_changes(const Past& past, const std::string& revision, TreeSink& sink,
                              std::stop_token stop) override {
    const auto before = ContentIds::read(past.memo, kKind, past.nodes);
    if (!before) {
      return false;
    }
    TRY(send(revision, &*before, sink, std::move(stop)));
    return true;
  }

  std::string memo() const override { return memo_; }

private:
  /// Reads what `before` does not have; nullptr: everything.
  Result<void> send(const std::string& revision, const ContentIds* before, TreeSink& sink, std::stop_token stop) {
    memo_.clear();
    TRY_ASSIGN(const std::string number, parse_svn_revision(revision));
    TRY_ASSIGN(const auto use, copy_.use(stop));
    TRY_ASSIGN(const SvnTree tree, copy_.bring(number, stop));
    if (!tree.externals.empty() && !without_externals_) {
      return fail(ErrorCode::refused,
                  fmt::format("\"{}\" has svn:externals; what they stand for is not in {}",
                              escape_value(tree.externals.front()), copy_.shown()),
                  "export with tar:COMMAND from a working copy that has it, or publish without it with "
                  "--allow-empty-submodules");
    }
    ContentIdWriter writer(kKind);
    for (const SvnNode& node : tree.nodes) {
      if (stop.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      TRY_ASSIGN(const bool is_file, send(node, before, sink));
      if (is_file) {
        writer.add(node.content);
      }
    }
    memo_ = writer.take();
    return {};
  }

  /// Whether it is a file.
  Result<bool> send(const SvnNode& node, const ContentIds* before, TreeSink& sink) {
    if (node.directory) {
      TRY(sink.entry({TreeEntry::Kind::directory, node.path, false, 0, {}}));
      return false;
    }
    if (node.special) {
      TRY_ASSIGN(auto target, link_target(node));
      if (target) {
        TRY(sink.entry({TreeEntry::Kind::symlink, node.path, false, 0, *std::move(target)}));
        return false;
      }
    }
    if (const Node* const same = before ? before->same(node.content) : nullptr) {
      TRY(sink.entry({TreeEntry::Kind::unchanged, node.path, node.executable, 0, same->path}));
      return true;
    }
    TRY(read(node, sink));
    return true;
  }

  Result<std::optional<std::string>> link_target(const SvnNode& node) const {
    const Path file = copy_.pristine(node.content);
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error && size > kLink.size() + kMaxPath) {
      return std::nullopt;  // said to be a link, and svn itself takes it for a file
    }
    const auto content = read_file(file, kLink.size() + kMaxPath);
    if (!content) {
      return content.error().code == ErrorCode::not_found ? damaged(node) : tl::unexpected(content.error());
    }
    Sha1 hash;
    hash.update(as_bytes(*content));
    if (hash.finish() != node.content) {
      return damaged(node);
    }
    return content->starts_with(kLink) ? std::optional(content->substr(kLink.size())) : std::nullopt;
  }

  Result<void> read(const SvnNode& node, TreeSink& sink) {
    const Path path = copy_.pristine(node.content);
    const Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!file.valid() && errno == ENOENT) {
      return damaged(node);
    }
    if (!file.valid() || ::fstat(file.get(), &info) != 0) {
      return fail_errno("cannot read", path.native(), errno);
    }
    TRY(sink.entry({TreeEntry::Kind::file, node.path, node.executable, static_cast<Bytes>(info.st_size), {}}));
    Sha1 hash;
    while (true) {
      const ssize_t got = ::read(file.get(), buffer_.data(), buffer_.size());
      if (got < 0) {
        return fail_errno("cannot read", path.native(), errno);
      }
      if (got == 0) {
        break;
      }
      const ByteView piece = std::span(buffer_).first(static_cast<std::size_t>(got));
      hash.update(piece);
      TRY(sink.data(piece));
    }
    return hash.finish() == node.content ? Result<void>() : damaged(node);
  }

  /// What has been sent is lost; the next export finds nothing here, and fetches all of it.
  tl::unexpected<Error> damaged(const SvnNode& node) const {
    if (const auto removed = copy_.remove(); !removed) {
      return tl::unexpected(removed.error());
    }
    return fail(ErrorCode::temporary,
                fmt::format("the working copy of {} had lost the content of \"{}\", and was removed", copy_.shown(),
                            escape_value(node.path)),
                "the next export makes it anew");
  }

  std::string revision_;
  SvnWorkingCopy copy_;
  bool without_externals_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kMiB);
  std::string memo_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_svn_source(const std::string& location, const Path& state,
                                                bool without_externals) {
  TRY_ASSIGN(SvnLocation parsed, parse_svn_location(location));
  return std::make_unique<SvnSource>(std::move(parsed), state, without_externals);
}

}  // namespace swarmout
