#include "seeder/source/dir_source.hpp"

#include "common/base/digest.hpp"
#include "common/base/key_values.hpp"
#include "common/release/tree_path.hpp"
#include "seeder/source/dir_index.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kReadSize = kMiB;

struct Found {
  const TreeEntry& entry;
  const struct stat& looks;
  int directory;  ///< open, holds `name`
  const char* name;
};
using Visit = std::function<Result<void>(const Found&)>;

class Walk {
public:
  Walk(const Path& root, const Visit& visit, std::stop_token stop)
      : root_(root), visit_(visit), stop_(std::move(stop)) {}

  Result<void> run() {
    Fd open(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!open.valid() && (errno == ENOENT || errno == ENOTDIR)) {
      return fail(ErrorCode::not_found,
                  fmt::format("the source {} {}", root_.native(), errno == ENOENT ? "is not there" : "is no directory"),
                  "is what it is on mounted?");
    }
    if (!open.valid()) {
      return fail_errno("cannot open", root_.native(), errno);
    }
    TRY(enter(open, ""));
    while (!levels_.empty()) {
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      Level& level = levels_.back();
      if (level.next == level.items.size()) {
        TRY(leave(open));
        continue;
      }
      const Item item = std::move(level.items[level.next++]);
      TRY_ASSIGN(const TreeEntry entry, entry_of(item, level.prefix, open.get()));
      TRY(visit_({entry, item.info, open.get(), item.name.c_str()}));
      if (entry.kind == TreeEntry::Kind::directory) {
        const int fd = ::openat(open.get(), item.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
          return fail_errno("cannot open directory", shown(entry.path), errno);
        }
        open = Fd(fd);
        TRY(enter(open, entry.path + '/'));
      }
    }
    return {};
  }

private:
  struct Item {
    std::string name;
    struct stat info;
  };
  /// One directory on the way down. Only the last one is open, so that depth costs neither descriptors nor stack.
  struct Level {
    std::string prefix;
    std::vector<Item> items;
    std::size_t next = 0;
    struct stat info {};
  };

  Result<void> enter(const Fd& open, const std::string& prefix) {
    Level level;
    level.prefix = prefix;
    if (::fstat(open.get(), &level.info) != 0) {
      return fail_errno("cannot look at", shown(prefix), errno);
    }
    TRY_ASSIGN(level.items, list(open.get(), prefix));
    levels_.push_back(std::move(level));
    return {};
  }

  Result<void> leave(Fd& open) {
    const std::string left = std::move(levels_.back().prefix);
    levels_.pop_back();
    if (levels_.empty()) {
      return {};
    }
    open = Fd(::openat(open.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat info {};
    if (!open.valid() || ::fstat(open.get(), &info) != 0) {
      return fail_errno("cannot go back from", shown(left), errno);
    }
    if (info.st_dev != levels_.back().info.st_dev || info.st_ino != levels_.back().info.st_ino) {
      return fail(ErrorCode::temporary, fmt::format("{} was moved while it was read", shown(left)));
    }
    return {};
  }

  Result<std::vector<Item>> list(int directory, const std::string& prefix) {
    DIR* const handle = ::fdopendir(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (handle == nullptr) {
      return fail_errno("cannot read directory", shown(prefix), errno);
    }
    std::vector<Item> items;
    errno = 0;
    while (const dirent* const entry = ::readdir(handle)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        items.push_back({std::string(name), {}});
      }
      errno = 0;
    }
    const int error = errno;
    ::closedir(handle);
    if (error != 0) {
      return fail_errno("cannot read directory", shown(prefix), error);
    }
    for (Item& item : items) {
      if (::fstatat(directory, item.name.c_str(), &item.info, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno("cannot look at", shown(prefix + item.name), errno);
      }
    }
    std::sort(items.begin(), items.end(), before);
    return items;
  }

  /// The order of full paths: "a-b" comes before "a/c" and after "a".
  static bool before(const Item& one, const Item& other) {
    const std::size_t common = std::min(one.name.size(), other.name.size());
    const int difference = one.name.compare(0, common, other.name, 0, common);
    return difference != 0 ? difference < 0 : byte_at(one, common) < byte_at(other, common);
  }
  /// A directory's name is followed by a slash; the end of a path comes before any byte.
  static int byte_at(const Item& item, std::size_t at) {
    const int end = S_ISDIR(item.info.st_mode) && at == item.name.size() ? '/' : -1;
    return at < item.name.size() ? static_cast<unsigned char>(item.name[at]) : end;
  }

  Result<TreeEntry> entry_of(const Item& item, const std::string& prefix, int directory) const {
    TreeEntry entry;
    entry.path = prefix + item.name;
    REFUSE_UNLESS(entry.path.size() <= kMaxPath,
                  fmt::format("{} has a longer path than can be distributed", shown(entry.path.substr(0, 300))));
    switch (item.info.st_mode & S_IFMT) {
      case S_IFREG:
        entry.kind = TreeEntry::Kind::file;
        entry.executable = (item.info.st_mode & 0111) != 0;
        entry.size = static_cast<Bytes>(item.info.st_size);
        return entry;
      case S_IFDIR:
        entry.kind = TreeEntry::Kind::directory;
        return entry;
      case S_IFLNK: {
        entry.kind = TreeEntry::Kind::symlink;
        std::string target(kMaxPath + 1, '\0');
        const ssize_t size = ::readlinkat(directory, item.name.c_str(), target.data(), target.size());
        if (size < 0) {
          return fail_errno("cannot read link", shown(entry.path), errno);
        }
        target.resize(static_cast<std::size_t>(size));
        entry.target = std::move(target);
        return entry;
      }
      default:
        return fail(ErrorCode::refused,
                    fmt::format("{} is a device, fifo or socket; only files, directories and symbolic "
                                "links can be distributed",
                                shown(entry.path)));
    }
  }

  std::string shown(const std::string& path) const { return (root_ / path).native(); }

  const Path& root_;
  const Visit& visit_;
  std::stop_token stop_;
  std::vector<Level> levels_;
};

class DirSource final : public Source {
public:
  DirSource(Path directory, const Clock& clock) : directory_(std::move(directory)), clock_(clock) {}

  /// Named by what a listing shows: reading all content would be half of the export.
  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) override {
    Sha256 listing;
    const Visit add = [&](const Found& found) -> Result<void> {
      const bool is_file = found.entry.kind == TreeEntry::Kind::file;
      const std::string line =
          fmt::format("{} {} {} {} {} {}{}", static_cast<int>(found.entry.kind), found.entry.executable,
                      found.entry.size, is_file ? found.looks.st_mtim.tv_sec : 0,
                      is_file ? found.looks.st_mtim.tv_nsec : 0, found.entry.path, '\0') +
          found.entry.target + '\0';
      listing.update(as_bytes(line));
      return {};
    };
    TRY(Walk(directory_, add, stop).run());
    const std::string name = "d-" + listing.finish().hex().substr(0, 16);
    if (!wanted.empty() && wanted != name) {
      return fail(ErrorCode::not_found, fmt::format("{} is now at {}, not at {}", directory_.native(), name, wanted),
                  "a directory has only the state it is in; leave out --revision");
    }
    return name;
  }

  Result<void> stream(const std::string& /*revision*/, TreeSink& sink, std::stop_token stop) override {
    return send(nullptr, sink, std::move(stop));
  }

  Result<bool> stream_changes(const Past& past, const std::string& /*revision*/, TreeSink& sink,
                              std::stop_token stop) override {
    const auto index = DirIndex::read(past.memo, past.nodes);
    if (!index) {
      return false;
    }
    TRY(send(&*index, sink, std::move(stop)));
    return true;
  }

  std::string memo() const override { return memo_; }

private:
  /// Reads what `past` does not have; nullptr: everything.
  Result<void> send(const DirIndex* past, TreeSink& sink, std::stop_token stop) {
    memo_.clear();
    const WallTime began = clock_.wall();
    const auto device = device_with_honest_times(directory_);
    DirIndexWriter writer(began, device.value_or(0));
    const Visit visit = [&](const Found& found) -> Result<void> {
      if (found.entry.kind != TreeEntry::Kind::file) {
        return sink.entry(found.entry);
      }
      writer.add(found.looks);
      if (const Node* const same = past && device ? past->same(found.looks) : nullptr) {
        return sink.entry({TreeEntry::Kind::unchanged, found.entry.path, found.entry.executable, 0, same->path});
      }
      TRY(sink.entry(found.entry));
      return read(found, sink);
    };
    TRY(Walk(directory_, visit, std::move(stop)).run());
    memo_ = device ? writer.take() : "";
    return {};
  }

  Result<void> read(const Found& found, TreeSink& sink) {
    const int fd = ::openat(found.directory, found.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
      return fail_errno("cannot read", (directory_ / found.entry.path).native(), errno);
    }
    const Fd file(fd);
    while (true) {
      const ssize_t got = ::read(file.get(), buffer_.data(), buffer_.size());
      if (got < 0) {
        return fail_errno("cannot read", (directory_ / found.entry.path).native(), errno);
      }
      if (got > 0) {
        TRY(sink.data(std::span(buffer_).first(static_cast<std::size_t>(got))));
      }
      // A short read is the end of a regular file; asking again would cost a call a file.
      if (static_cast<std::size_t>(got) < buffer_.size()) {
        return {};
      }
    }
  }

  Path directory_;
  const Clock& clock_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kReadSize);
  std::string memo_;
};

}  // namespace

std::unique_ptr<Source> make_dir_source(Path directory, const Clock& clock) {
  return std::make_unique<DirSource>(std::move(directory), clock);
}

}  // namespace swarmout
