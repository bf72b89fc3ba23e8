#include "tests/nemesis/tree_watch.hpp"

#include "common/base/digest.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

namespace swarmout::test {

namespace {

namespace fs = std::filesystem;

/// Of what is there while it is looked at. Nothing: no link.
std::optional<Path> active_in(const Path& dest) {
  std::error_code error;
  Path target = fs::read_symlink(dest / "current", error);
  return error ? std::nullopt : std::optional(dest / target);
}

std::optional<std::string> line_of(const fs::directory_entry& entry, const Path& root) {
  const std::string name = entry.path().lexically_relative(root).native();
  struct stat info {};
  if (::lstat(entry.path().c_str(), &info) != 0) {
    return std::nullopt;
  }
  if (S_ISDIR(info.st_mode)) {
    return name + " dir\n";
  }
  if (S_ISLNK(info.st_mode)) {
    std::error_code error;
    const Path target = fs::read_symlink(entry.path(), error);
    return error ? std::nullopt : std::optional(name + " link " + target.native() + '\n');
  }
  const auto content = read_file(entry.path(), 64 * kMiB);
  return content ? std::optional(fmt::format("{} {} {}\n", name, (info.st_mode & 0111) != 0 ? "exec" : "file",
                                             sha256(*content).hex()))
                 : std::nullopt;
}

}  // namespace

std::optional<std::string> tree_digest(const Path& root) {
  std::error_code error;
  const Path tree = fs::canonical(root, error);
  if (error) {
    return std::nullopt;
  }
  std::vector<std::string> lines;
  fs::recursive_directory_iterator each(tree, error);
  for (; !error && each != fs::recursive_directory_iterator(); each.increment(error)) {
    auto line = line_of(*each, tree);
    if (!line) {
      return std::nullopt;
    }
    lines.push_back(*std::move(line));
  }
  if (error) {
    return std::nullopt;
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) {
    all += line;
  }
  return sha256(all).hex();
}

TreeWatch::TreeWatch()
    : thread_([this](const std::stop_token& stop) {
        for (std::size_t next = 0; !stop.stop_requested(); ++next) {
          std::optional<Path> place;
          {
            const std::lock_guard lock(mutex_);
            if (!places_.empty()) {
              place = places_[next % places_.size()];
            }
          }
          if (place) {
            look(*place);
          }
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      }) {}

void TreeWatch::look_at(const Path& dest) {
  const std::lock_guard lock(mutex_);
  places_.push_back(dest);
}

void TreeWatch::allow(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  allowed_.insert(digest);
}

std::vector<std::string> TreeWatch::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

/// What was active only at the beginning may be removed at the end: that is not looked at.
void TreeWatch::look(const Path& dest) {
  const auto before = active_in(dest);
  const auto seen = before ? tree_digest(*before) : std::nullopt;
  if (active_in(dest) != before) {
    return;
  }
  ++looks_;
  const std::lock_guard lock(mutex_);
  if (!seen || !allowed_.contains(*seen)) {
    violations_.push_back(fmt::format("{}: {}", dest.native(),
                                      !before ? "nothing is active"
                                      : !seen ? before->native() + " cannot be read"
                                              : before->native() + " is no published tree"));
  }
}

}  // namespace swarmout::test
