#include "peer/jobs/export_job.hpp"

#include "common/archive/byte_stream.hpp"
#include "common/base/key_values.hpp"
#include "peer/run/active_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace swarmout {

namespace {

constexpr const char* kPart = ".part";

Result<Store> store_of_host(const Path& state) {
  struct stat info {};
  if (::stat((state / "releases").c_str(), &info) == 0) {
    return Store::open(state);
  }
  return errno == ENOENT || errno == ENOTDIR
             ? fail(ErrorCode::not_found,
                    fmt::format("{} is not the state directory of a host that has releases", state.native()),
                    "give --state as the service has it")
             : fail(ErrorCode::cannot_write, fmt::format("cannot look into {}", state.native()),
                    "run this as the service's user, or as root");
}

Result<SignedDescriptor> release_in(const Store& store, const ExportOptions& options) {
  const std::string& wanted = options.release;
  TRY_ASSIGN(auto all, store.releases());
  if (wanted == "latest" && !all.empty()) {
    // Not one that the fleet has gone back from.
    const auto tree = active_tree(options.dest);
    auto active = tree ? release_of(*tree, options.state) : std::nullopt;
    return active ? *std::move(active) : std::move(all.front());
  }
  std::vector<ReleaseNames> names;
  std::string shown;
  for (const SignedDescriptor& each : all) {
    names.push_back(names_of(each.descriptor));
    shown += (shown.empty() ? "" : ", ") + release_title(each.descriptor);
  }
  TRY_ASSIGN(const auto found, find_called(names, wanted));
  if (!found) {
    return fail(ErrorCode::not_found, fmt::format("this host has no release \"{}\"", printable(wanted)),
                fmt::format("`swarmout fetch --revision {}` brings it here; there {}", printable(wanted),
                            shown.empty() ? "is none" : "are: " + shown));
  }
  return std::move(all[*found]);
}

/// Beside the file that it is to become.
class PartFile {
public:
  static Result<PartFile> make(const Path& file) {
    struct stat there {};
    if (::lstat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
      return fail(ErrorCode::cannot_write, fmt::format("{} is there, and is no file", file.native()),
                  fmt::format("`swarmout export RELEASE - > {}` writes to it", file.native()));
    }
    PartFile part(file);
    TRY_ASSIGN(part.fd_, open_file(part.path_, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
    struct stat named {};
    struct stat opened {};
    const bool ours = ::flock(part.fd_.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(part.fd_.get(), &opened) == 0 &&
                      ::lstat(part.path_.c_str(), &named) == 0 && named.st_ino == opened.st_ino;
    if (!ours) {
      part.path_.clear();  // it is another one's
      return fail(ErrorCode::temporary, fmt::format("another export writes {}", file.native()));
    }
    if (opened.st_uid != ::geteuid() || opened.st_nlink != 1 || ::fchmod(part.fd_.get(), 0600) != 0) {
      const Path there_already = std::exchange(part.path_, Path());
      return fail(ErrorCode::cannot_write, fmt::format("{} is there, and not ours alone", there_already.native()),
                  "remove it, or export to a directory that only you may write to");
    }
    if (!S_ISREG(opened.st_mode) || ::ftruncate(part.fd_.get(), 0) != 0) {
      return fail_errno("cannot write", part.path_.native(), S_ISREG(opened.st_mode) ? errno : EACCES);
    }
    return part;
  }
  PartFile(PartFile&& other) noexcept
      : file_(std::move(other.file_)), path_(std::exchange(other.path_, Path())), fd_(std::move(other.fd_)) {}
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile() {
    if (!path_.empty() && fd_.valid()) {
      ::unlink(path_.c_str());  // half of a release is none
    }
  }

  [[nodiscard]] int fd() const { return fd_.get(); }

  Result<void> put_in_place() {
    if (::fsync(fd_.get()) != 0) {
      return fail_errno("cannot flush", path_.native(), errno);
    }
    if (::rename(path_.c_str(), file_.c_str()) != 0) {
      return fail_errno("cannot write", file_.native(), errno);
    }
    path_.clear();
    const Path parent = file_.has_parent_path() ? file_.parent_path() : Path(".");
    return sync_directory(parent);
  }

private:
  explicit PartFile(const Path& file) : file_(file), path_(file.native() + kPart) {}
  Path file_;
  Path path_;  ///< empty: it is in its place
  Fd fd_;
};

}  // namespace

Result<ExportReport> run_export(const ExportOptions& options, const ArchiveMeter& meter, const std::stop_token& stop) {
  const bool streamed = options.file == kStandardStream;
  if (streamed && ::isatty(STDOUT_FILENO) == 1) {
    return fail(ErrorCode::usage, "a release is not written to a terminal", "give a FILE, or a pipe");
  }
  TRY_ASSIGN(const Store store, store_of_host(options.state));
  TRY_ASSIGN(const SignedDescriptor release, release_in(store, options));
  ExportReport report{release.descriptor, 0};
  if (streamed) {
    FdSink sink(STDOUT_FILENO, "standard output", stop);
    TRY_ASSIGN(report.bytes, write_release(store, release, sink, meter, stop));
    return report;
  }
  TRY_ASSIGN(PartFile part, PartFile::make(options.file));
  FdSink sink(part.fd(), options.file, stop);
  TRY_ASSIGN(report.bytes, write_release(store, release, sink, meter, stop));
  TRY(part.put_in_place());
  return report;
}

}  // namespace swarmout
