#include "common/share/directory/directory_log.hpp"

#include "common/base/digest.hpp"
#include "common/base/host.hpp"
#include "common/base/remove_tree.hpp"
#include "common/share/directory/directory_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <thread>

namespace swarmout {

namespace {

constexpr const char* kContent = "entry";  ///< the file in an entry that is a directory
constexpr std::string_view kTemporary = ".t-";

std::optional<Position> position_of(std::string_view name) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  const bool number = name.size() >= 8 && error == std::errc() && end == name.data() + name.size();
  return number && value > 0 ? std::optional(Position{value}) : std::nullopt;
}

Path fresh_temporary(const Path& directory) {
  return directory / fmt::format("{}{}", kTemporary, random_nonce_hex());
}

Result<void> make_directory(const Path& path) {
  return ::mkdir(path.c_str(), 0755) == 0 ? Result<void>() : fail_errno("cannot create", path.native(), errno);
}

/// Under a name of our own first: a writer that wakes up in the middle must not find its directory half emptied, nor
/// give it a number then.
void discard_directory(const Path& directory, const Path& temporary) {
  const Path ours = fresh_temporary(directory);
  if (::rename(temporary.c_str(), ours.c_str()) == 0) {
    ::unlink((ours / kContent).c_str());
    ::rmdir(ours.c_str());
  }
}

}  // namespace

const char* name_of(Primitive primitive) {
  return primitive == Primitive::link ? "link" : "directory";
}

std::optional<Primitive> primitive_of(std::string_view name) {
  for (const Primitive each : {Primitive::link, Primitive::directory}) {
    if (name == name_of(each)) {
      return each;
    }
  }
  return std::nullopt;
}

Path DirectoryLog::entry_path(Position position) const {
  return directory_ / fmt::format("{:08}", position.value);
}

Path DirectoryLog::content_of(const Path& entry) const {
  return primitive_ == Primitive::link ? entry : entry / kContent;
}

/// A directory without content is what is left when a cleaner met a slow writer: its number is free.
bool DirectoryLog::is_entry(const Path& path) const {
  std::error_code ignored;
  return primitive_ == Primitive::link ? !std::filesystem::is_directory(path, ignored) : path_exists(path / kContent);
}

Result<Position> DirectoryLog::tail(Position known) const {
  Position tail = known;
  if (known.value == 0) {
    TRY_ASSIGN(const auto names, list_directory(directory_));
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      const auto position = position_of(*name);
      if (position && *position > tail && is_entry(directory_ / *name)) {
        tail = *position;
      }
    }
  }
  while (true) {  // a listing may be old; entries after it may be there all the same
    TRY_ASSIGN(const auto entry, read(tail.next()).map_error(share_error));
    if (!entry) {
      return tail;
    }
    tail = tail.next();
  }
}

Result<std::optional<std::string>> DirectoryLog::read(Position position) const {
  const Path content = content_of(entry_path(position));
  auto bytes = find_in(directory_, [&] { return read_file(content, kMaxEntry); });
  if (bytes) {
    return std::optional(*std::move(bytes));
  }
  if (bytes.error().code == ErrorCode::not_found) {
    return std::nullopt;
  }
  return tl::unexpected(bytes.error());
}

Result<void> DirectoryLog::write_temporary(const Path& temporary, std::string_view bytes) const {
  if (primitive_ == Primitive::link) {
    return write_new_file(temporary, as_bytes(bytes), temporary.native());
  }
  TRY(make_directory(temporary));
  const Path content = temporary / kContent;
  TRY(write_new_file(content, as_bytes(bytes), content.native()));
  return sync_directory(temporary);
}

Result<void> DirectoryLog::give_number(const Path& temporary, const Path& target) const {
  const int done = primitive_ == Primitive::link ? ::link(temporary.c_str(), target.c_str())
                                                 : ::rename(temporary.c_str(), target.c_str());
  return done == 0 ? Result<void>() : fail_errno("cannot create", target.native(), errno);
}

void DirectoryLog::discard(const Path& temporary) const {
  if (primitive_ == Primitive::link) {
    ::unlink(temporary.c_str());
  } else {
    discard_directory(directory_, temporary);
  }
}

PutResult DirectoryLog::put(Position position, std::string_view bytes) const {
  INVARIANT(bytes.size() <= kMaxEntry);
  const Path temporary = fresh_temporary(directory_);
  const Path target = entry_path(position);
  const auto deadline = std::chrono::steady_clock::now() + put_patience_;
  auto pause = std::chrono::milliseconds(20);
  Error last;
  auto written = write_temporary(temporary, bytes);
  while (true) {
    if (written) {
      if (const auto given = give_number(temporary, target); !given) {
        last = given.error();
      }
    } else {
      last = share_error(written.error());
    }
    // Whatever the call said: what is there now, under this number?
    const auto found = read(position);
    if (found && *found) {
      discard(temporary);
      if (**found != bytes) {
        return {PutOutcome::lost, **found, {}};
      }
      if (auto synced = sync_directory(directory_); !synced) {
        return {PutOutcome::unknown, {}, synced.error()};
      }
      return {PutOutcome::won, {}, {}};
    }
    if (!found) {
      last = found.error();
    }
    if (!written && found) {  // nothing was sent, and nothing is there: a definite failure
      discard(temporary);
      return {PutOutcome::unknown, {}, last};
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return {PutOutcome::unknown, {}, last};
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(2000));
    if (!path_exists(content_of(temporary))) {  // a cleaner took it: start with a new one of the same bytes
      discard(temporary);
      written = write_temporary(temporary, bytes);
    }
  }
}

Result<void> DirectoryLog::remove_stale(WallTime before) const {
  const auto is_temporary = [](const std::string& name) { return is_left_behind(name, kTemporary); };
  TRY(remove_old_files(directory_, before, is_temporary));
  if (primitive_ == Primitive::directory) {
    TRY_ASSIGN(const auto old, old_entries(directory_, before, S_IFDIR, is_temporary));
    for (const Path& path : old) {
      discard_directory(directory_, path);
    }
  }
  return {};
}

Result<void> check_directory_rename(const Path& directory) {
  const Path full = directory / fmt::format(".tmp-{}", random_nonce_hex());
  const Path other = directory / fmt::format(".tmp-{}", random_nonce_hex());
  const Path named = directory / fmt::format(".tmp-{}", random_nonce_hex());
  const auto content = [](const Path& entry) { return read_file(entry / kContent, kMaxEntry).value_or(""); };
  const auto probe = [&]() -> Result<void> {
    for (const Path& each : {full, other}) {
      TRY(make_directory(each));
      TRY(write_new_file(each / kContent, as_bytes(each.native()), each.native()));
    }
    const bool given = ::rename(full.c_str(), named.c_str()) == 0 && content(named) == full.native();
    const bool spared = ::rename(other.c_str(), named.c_str()) != 0 && (errno == ENOTEMPTY || errno == EEXIST) &&
                        content(named) == full.native();
    if (!given || !spared) {
      return fail(
          ErrorCode::cannot_write,
          fmt::format("{} has neither hard links nor a rename that spares full directories", directory.native()),
          "the share needs a file system with one of them, or etcd");
    }
    return {};
  };
  auto checked = probe();
  for (const Path& each : {full, other, named}) {
    [[maybe_unused]] const auto removed = remove_tree(each);  // else it ages away with what killed writers leave
  }
  return checked;
}

}  // namespace swarmout
