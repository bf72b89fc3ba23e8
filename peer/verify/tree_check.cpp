#include "peer/verify/tree_check.hpp"

#include "common/base/parallel.hpp"
#include "common/release/tree_path.hpp"
#include "peer/tree/tree_folders.hpp"
#include "peer/verify/node_check.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <tuple>
#include <unordered_set>

namespace swarmout {

namespace {

/// What one thread takes at a time: many small files, or a part of a large one.
constexpr Bytes kHashedAtOnce = 8 * kMiB;
constexpr std::size_t kFilesAtOnce = 64;

bool has_node(const Manifest& manifest, std::string_view path) {
  const auto found = std::lower_bound(manifest.nodes.begin(), manifest.nodes.end(), path,
                                      [](const Node& node, std::string_view wanted) { return node.path < wanted; });
  return found != manifest.nodes.end() && found->path == path;
}

class TreeChecker {
public:
  TreeChecker(const Manifest& manifest, Path root, const CheckReport& report, std::stop_token stop)
      : manifest_(manifest), root_(std::move(root)), report_(report), stop_(std::move(stop)) {}

  Result<TreeCheck> run() {
    TRY(look_at_directories());
    cut_up();
    TRY(hash_files());
    std::sort(check_.differences.begin(), check_.differences.end(), [](const Difference& a, const Difference& b) {
      return std::tie(a.path, a.fault) < std::tie(b.path, b.fault);  // of one file, other content before an x bit
    });
    // Parts of a large file are looked at apart from each other.
    const auto same = [](const Difference& a, const Difference& b) { return a.node && a.node == b.node; };
    check_.differences.erase(std::unique(check_.differences.begin(), check_.differences.end(), same),
                             check_.differences.end());
    return std::move(check_);
  }

private:
  void add(Difference difference) {
    const std::lock_guard lock(mutex_);
    check_.differences.push_back(std::move(difference));
  }

  Result<void> look_at_directories() {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(root_));
    good_.insert("");
    TRY(look_for_extra(folders, ""));
    for (std::uint32_t i = 0; i < manifest_.nodes.size(); ++i) {
      const Node& node = manifest_.nodes[i];
      if (node.kind != Node::Kind::directory) {
        continue;
      }
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      if (!good_.contains(folder_part(node.path))) {
        add({Fault::missing, node.path, "", i});
      } else if (auto found = check_place(folders, node)) {
        found->node = i;
        add(*std::move(found));
      } else if (const auto listed = look_for_extra(folders, node.path); !listed) {
        add({Fault::unreadable, node.path, listed.error().message, i});
      } else {
        good_.insert(node.path);
      }
    }
    return {};
  }

  Result<void> look_for_extra(TreeFolders& folders, const std::string& directory) {
    TRY_ASSIGN(const int opened, folders.directory(directory));
    TRY_ASSIGN(const auto names, names_in(opened, folders.shown(directory)));
    for (const std::string& name : names) {
      std::string path = directory.empty() ? name : directory + '/' + name;
      if (!has_node(manifest_, path)) {
        add({Fault::extra, std::move(path), "", std::nullopt});
      }
    }
    return {};
  }

  /// Tasks of about the same size, so that all cores end at about the same time.
  void cut_up() {
    for (std::uint32_t i = 0; i < manifest_.nodes.size(); ++i) {
      const Node& node = manifest_.nodes[i];
      if (node.kind == Node::Kind::directory) {
        continue;
      }
      if (!good_.contains(folder_part(node.path))) {
        add({Fault::missing, node.path, "", i});
        check_.files += node.is_file() ? 1 : 0;
        continue;
      }
      check_.files += node.is_file() ? 1 : 0;
      FilePart part{i, 0, 0, 0};
      do {
        part.first_ref = part.end_ref;
        part.offset += part.size;
        part.size = 0;
        while (part.end_ref < node.ref_count && part.size < kHashedAtOnce) {
          part.size += manifest_.chunks[manifest_.refs_of(node)[part.end_ref++]].size;
        }
        take(part);
      } while (part.end_ref < node.ref_count);
    }
  }

  void take(const FilePart& part) {
    if (parts_.empty() || in_task_ >= kFilesAtOnce || bytes_in_task_ + part.size > kHashedAtOnce) {
      tasks_.push_back(parts_.size());
      in_task_ = 0;
      bytes_in_task_ = 0;
    }
    parts_.push_back(part);
    ++in_task_;
    bytes_in_task_ += part.size;
    check_.bytes += part.size;
  }

  Result<void> hash_files() {
    tasks_.push_back(parts_.size());
    std::atomic<Bytes> done{0};
    return parallel_ranges(
        tasks_.size() - 1, 1, [&] { return NodeChecker::open(manifest_, root_); },
        [&](std::size_t task, std::size_t, Result<NodeChecker>& checker) -> Result<void> {
          if (!checker) {
            return tl::unexpected(checker.error());
          }
          if (stop_.stop_requested()) {
            return fail(ErrorCode::temporary, "stopped on request");
          }
          for (std::size_t i = tasks_[task]; i < tasks_[task + 1]; ++i) {
            if (auto found = checker->check(parts_[i])) {
              add(*std::move(found));
            }
            done += parts_[i].size;
          }
          report_({done, check_.bytes});
          return {};
        });
  }

  const Manifest& manifest_;
  Path root_;
  const CheckReport& report_;
  std::stop_token stop_;
  std::unordered_set<std::string_view> good_;  ///< directories that are there, and real
  std::vector<FilePart> parts_;
  std::vector<std::size_t> tasks_;  ///< where each begins in parts_
  std::size_t in_task_ = 0;
  Bytes bytes_in_task_ = 0;
  std::mutex mutex_;
  TreeCheck check_;
};

}  // namespace

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::missing:
      return "missing";
    case Fault::extra:
      return "extra";
    case Fault::type:
      return "type";
    case Fault::content:
      return "content";
    case Fault::executable:
      return "executable";
    case Fault::target:
      return "target";
    case Fault::unreadable:
      return "unreadable";
  }
  std::abort();
}

std::string summary_of(const std::vector<Difference>& differences) {
  std::array<std::size_t, 7> counts{};
  for (const Difference& each : differences) {
    ++counts.at(static_cast<std::size_t>(each.fault));
  }
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts.at(i) > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts.at(i), name_of(static_cast<Fault>(i)));
    }
  }
  return text;
}

Result<TreeCheck> check_tree(const Manifest& manifest, const Path& root, const CheckReport& report,
                             const std::stop_token& stop) {
  return TreeChecker(manifest, root, report, stop).run();
}

}  // namespace swarmout
