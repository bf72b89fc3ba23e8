#include "peer/verify/node_check.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace swarmout {

namespace {

/// Read and hashed at a time: it stays in the processor's cache in between.
constexpr std::size_t kReadAtOnce = 256 * kKiB;

const char* kind_of(mode_t mode) {
  return S_ISREG(mode)   ? "a file"
         : S_ISDIR(mode) ? "a directory"
         : S_ISLNK(mode) ? "a symbolic link"
                         : "neither file, directory nor link";
}

const char* kind_of(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::file:
    case Node::Kind::executable:
      return "a file";
    case Node::Kind::symlink:
      return "a symbolic link";
    case Node::Kind::directory:
      return "a directory";
  }
  std::abort();
}

bool fits(const Node& node, mode_t mode) {
  return node.is_file() ? S_ISREG(mode) : node.kind == Node::Kind::symlink ? S_ISLNK(mode) : S_ISDIR(mode);
}

Difference unreadable(const Node& node, int error) {
  return {Fault::unreadable, node.path, std::strerror(error), std::nullopt};
}

/// Nullopt: it is the node's.
std::optional<Difference> check_target(int parent, const char* name, const Node& node) {
  std::string target(node.target.size() + 1, '\0');  // one more than it should be is enough to tell
  const ssize_t got = ::readlinkat(parent, name, target.data(), target.size());
  if (got < 0) {
    return unreadable(node, errno);
  }
  target.resize(static_cast<std::size_t>(got));
  return target == node.target ? std::nullopt : std::optional(Difference{Fault::target, node.path, "", std::nullopt});
}

}  // namespace

std::optional<Difference> check_place(TreeFolders& folders, const Node& node) {
  const char* name = nullptr;
  const auto parent = folders.parent_of(node.path, name);
  struct stat info {};
  if (!parent || ::fstatat(*parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    const int error = parent ? errno : parent.error().code == ErrorCode::cannot_write ? EACCES : ENOENT;
    return error == ENOENT ? Difference{Fault::missing, node.path, "", std::nullopt} : unreadable(node, error);
  }
  if (!fits(node, info.st_mode)) {
    return Difference{Fault::type, node.path, fmt::format("is {}, not {}", kind_of(info.st_mode), kind_of(node.kind)),
                      std::nullopt};
  }
  if (node.kind == Node::Kind::symlink) {
    return check_target(*parent, name, node);
  }
  if (node.is_file() && static_cast<Bytes>(info.st_size) != node.size) {
    return Difference{Fault::content, node.path, fmt::format("has {} bytes, not {}", info.st_size, node.size),
                      std::nullopt};
  }
  const bool executable = (info.st_mode & S_IXUSR) != 0;
  if (node.is_file() && executable != (node.kind == Node::Kind::executable)) {
    return Difference{Fault::executable, node.path, executable ? "is executable" : "is not executable", std::nullopt};
  }
  return std::nullopt;
}

NodeChecker::NodeChecker(const Manifest& manifest, TreeFolders folders)
    : manifest_(&manifest), folders_(std::move(folders)), buffer_(kReadAtOnce) {}

Result<NodeChecker> NodeChecker::open(const Manifest& manifest, const Path& root) {
  TRY_ASSIGN(TreeFolders folders, TreeFolders::open(root));
  return NodeChecker(manifest, std::move(folders));
}

Result<bool> NodeChecker::hashes_fit(const FilePart& part, int file) {
  const Node& node = manifest_->nodes[part.node];
  Bytes offset = part.offset;
  for (const std::uint32_t ref : manifest_->refs_of(node).subspan(part.first_ref, part.end_ref - part.first_ref)) {
    const Chunk& chunk = manifest_->chunks[ref];
    for (Bytes left = chunk.size; left > 0;) {
      const auto step = std::span(buffer_).first(std::min<Bytes>(left, buffer_.size()));
      TRY(pread_all(file, step, offset, node.path));
      hasher_.update(step);
      offset += step.size();
      left -= step.size();
    }
    if (hasher_.finish() != chunk.digest) {
      return false;
    }
  }
  return true;
}

std::optional<Difference> NodeChecker::check(const FilePart& part) {
  const Node& node = manifest_->nodes[part.node];
  auto found = check_place(folders_, node);
  // A file whose x bit is wrong may have other content, too, which is the worse of the two.
  if (node.is_file() && part.size > 0 && (!found || found->fault == Fault::executable)) {
    const char* name = nullptr;
    const auto parent = folders_.parent_of(node.path, name);
    const Fd file(parent ? ::openat(*parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1);
    if (!file.valid()) {
      found = errno == ENOENT ? Difference{Fault::missing, node.path, "", std::nullopt} : unreadable(node, errno);
    } else if (const auto fit = hashes_fit(part, file.get()); !fit) {
      hasher_ = Sha256();                                           // it has a part of a chunk
      const bool shorter = fit.error().code == ErrorCode::refused;  // it was cut while it was read
      found = Difference{shorter ? Fault::content : Fault::unreadable, node.path, fit.error().message, std::nullopt};
    } else if (!*fit) {
      found = Difference{Fault::content, node.path, "", std::nullopt};
    }
  }
  if (found) {
    found->node = part.node;
  }
  return found;
}

std::optional<Difference> NodeChecker::check_whole(std::uint32_t index) {
  const Node& node = manifest_->nodes[index];
  return check({index, 0, node.ref_count, 0, node.size});
}

}  // namespace swarmout
