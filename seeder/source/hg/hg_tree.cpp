#include "seeder/source/hg/hg_tree.hpp"

#include "common/base/key_values.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// "NODE MODE F PATH": 40 digits, 3 digits, and what kind of file it is.
constexpr std::size_t kHgNode = 40;
constexpr std::size_t kHgFlag = kHgNode + 5;
constexpr std::size_t kHgPath = kHgFlag + 2;
constexpr std::size_t kMaxHgLine = 8 * kKiB;

}  // namespace

Result<void> HgManifest::line(std::string_view text) {
  HgFile file;
  const auto id = content_id(text.substr(0, kHgNode));
  const bool sound = id && text.size() > kHgPath && text[kHgNode] == ' ' && text[kHgPath - 1] == ' ' &&
                     std::string_view(" *@").find(text[kHgFlag]) != std::string_view::npos;
  REFUSE_UNLESS(sound, "hg manifest prints something else than expected");
  file.content = *id;
  file.executable = text[kHgFlag] == '*';
  file.link = text[kHgFlag] == '@';
  file.path = text.substr(kHgPath);
  REFUSE_UNLESS(files_.empty() || files_.back().path < file.path, "a manifest in the repository is not sorted");
  files_.push_back(std::move(file));
  return {};
}

Result<void> HgManifest::feed(std::string_view piece) {
  pending_ += piece;
  std::size_t start = 0;
  for (std::size_t end = 0; (end = pending_.find('\n', start)) != std::string::npos; start = end + 1) {
    TRY(line(std::string_view(pending_).substr(start, end - start)));
  }
  pending_.erase(0, start);
  REFUSE_UNLESS(pending_.size() <= kMaxHgLine, "a path in the repository is too long");
  return {};
}

Result<std::vector<HgFile>> HgManifest::finish() {
  REFUSE_UNLESS(pending_.empty(), "hg manifest ends too early");
  return std::move(files_);
}

HgTreeSink::HgTreeSink(const std::vector<HgFile>& files, const ContentIds* before, TreeSink& next)
    : files_(files), before_(before), next_(next) {}

const Node* HgTreeSink::kept(const HgFile& file) const {
  return before_ == nullptr || file.link ? nullptr : before_->same(file.content);
}

std::vector<std::string_view> HgTreeSink::wanted() const {
  std::vector<std::string_view> paths;
  for (const HgFile& file : files_) {
    if (kept(file) == nullptr) {
      paths.emplace_back(file.path);
    }
  }
  return paths;
}

Result<void> HgTreeSink::send_kept_before(std::string_view path) {
  for (; at_ < files_.size() && files_[at_].path != path; ++at_) {
    const HgFile& file = files_[at_];
    const Node* const same = kept(file);
    REFUSE_UNLESS(same != nullptr, fmt::format("hg archive leaves out \"{}\"", escape_value(file.path)));
    TRY(next_.entry({TreeEntry::Kind::unchanged, file.path, file.executable, 0, same->path}));
  }
  return {};
}

Result<void> HgTreeSink::entry(const TreeEntry& entry) {
  if (entry.kind == TreeEntry::Kind::directory) {
    return {};
  }
  TRY(send_kept_before(entry.path));
  REFUSE_UNLESS(at_ < files_.size(), fmt::format("hg archive gives \"{}\" too", escape_value(entry.path)));
  const HgFile& file = files_[at_++];
  const Node* const same = kept(file);
  dropping_ = same != nullptr;
  if (same != nullptr) {
    return next_.entry({TreeEntry::Kind::unchanged, file.path, file.executable, 0, same->path});
  }
  const bool as_it_is = file.link ? entry.kind == TreeEntry::Kind::symlink
                                  : entry.kind == TreeEntry::Kind::file && entry.executable == file.executable;
  REFUSE_UNLESS(as_it_is, fmt::format("hg archive gives \"{}\" as something else", escape_value(entry.path)));
  return next_.entry(entry);
}

Result<void> HgTreeSink::data(ByteView bytes) {
  return dropping_ ? Result<void>() : next_.data(bytes);
}

Result<void> HgTreeSink::finish() {
  return send_kept_before("");
}

}  // namespace swarmout
