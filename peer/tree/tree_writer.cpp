#include "peer/tree/tree_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace swarmout {

Result<TreeWriter> TreeWriter::open(const Path& root) {
  TreeWriter writer;
  TRY_ASSIGN(writer.root_, swarmout::open_file(root, O_RDONLY | O_DIRECTORY));
  writer.shown_ = root;
  return writer;
}

Result<int> TreeWriter::parent_of(const std::string& path, const char*& name) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    name = path.c_str();
    return root_.get();
  }
  name = path.c_str() + slash + 1;
  const std::string_view directory = std::string_view(path).substr(0, slash);
  if (cached_.valid() && directory == cached_path_) {
    return cached_.get();
  }
  // Start from the cached one if it is an ancestor, else from the root.
  std::string_view rest = directory;
  int at = root_.get();
  if (cached_.valid() && directory.starts_with(cached_path_) && directory[cached_path_.size()] == '/') {
    rest.remove_prefix(cached_path_.size() + 1);
    at = cached_.get();
  }
  Fd opened;
  while (!rest.empty()) {
    const std::string component(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
    const int next = ::openat(at, component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
      return fail_errno("cannot open directory", (shown_ / directory).native(), errno);
    }
    opened = Fd(next);
    at = next;
  }
  cached_ = std::move(opened);
  cached_path_ = directory;
  return cached_.get();
}

Result<void> TreeWriter::make_directory(const std::string& path) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, parent_of(path, name));
  if (::mkdirat(parent, name, 0755) != 0) {
    return fail_errno("cannot create directory", (shown_ / path).native(), errno);
  }
  return {};
}

Result<void> TreeWriter::make_symlink(const std::string& path, const std::string& target) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, parent_of(path, name));
  if (::symlinkat(target.c_str(), parent, name) != 0) {
    return fail_errno("cannot create link", (shown_ / path).native(), errno);
  }
  return {};
}

Result<Fd> TreeWriter::open_file(const std::string& path, bool executable, Create create) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, parent_of(path, name));
  const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (create == Create::must_be_new ? O_EXCL : 0);
  const int fd = ::openat(parent, name, flags, executable ? 0755 : 0644);
  if (fd < 0) {
    return fail_errno("cannot create", (shown_ / path).native(), errno);
  }
  return Fd(fd);
}

Result<Fd> TreeWriter::open_for_reading(const std::string& path) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, parent_of(path, name));
  const int fd = ::openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return fail_errno("cannot open", (shown_ / path).native(), errno);
  }
  Fd file(fd);
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(ErrorCode::not_found, (shown_ / path).native() + " is not a regular file");
  }
  return file;
}

Result<void> TreeWriter::remove(const std::string& path) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, parent_of(path, name));
  if (::unlinkat(parent, name, 0) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove", (shown_ / path).native(), errno);
  }
  return {};
}

Result<void> write_part(const Fd& file, ByteView content, Bytes offset, const std::string& path) {
  // All bytes are equal to the one before them, and the first is zero.
  const bool zeros = !content.empty() && content.front() == std::byte{0} &&
                     std::memcmp(content.data(), content.data() + 1, content.size() - 1) == 0;
  const std::size_t skipped = zeros ? content.size() - 1 : 0;
  return pwrite_all(file.get(), content.subspan(skipped), offset + skipped, path);
}

}  // namespace swarmout
