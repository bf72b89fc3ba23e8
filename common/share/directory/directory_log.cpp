#include "common/share/directory/directory_log.hpp"

#include "common/base/host.hpp"
#include "common/share/directory/share_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <thread>

namespace swarmout {

namespace {

constexpr const char* kLog = "log";
constexpr const char* kContent = "entry";  ///< the file in an entry that is a directory
constexpr std::string_view kTemporary = ".t-";

/// Entries that are looked for one by one, behind the last known one or the end of a listing. Whoever was away for more
/// lists the log.
constexpr std::uint64_t kMaxProbes = 1000;

std::string entry_name(Position position) {
  return fmt::format("{:08}", position.value);
}

std::optional<Position> position_of(std::string_view name) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  const bool number = error == std::errc() && end == name.data() + name.size();
  const bool ours = number && value > 0 && value <= kLastPosition.value && name == entry_name(Position{value});
  return ours ? std::optional(Position{value}) : std::nullopt;
}

std::string fresh_temporary() {
  return fmt::format("{}{}", kTemporary, random_nonce_hex());
}

/// Under a name of our own first: a writer that wakes up in the middle must not find its directory half emptied, nor
/// give it a number then. One with something else in it stays; nobody of the fleet makes such a one.
void discard_folder(const ShareFolder& log, const std::string& temporary) {
  const std::string ours = fresh_temporary();
  if (log.rename(temporary, ours)) {
    if (const auto folder = log.folder(ours)) {
      [[maybe_unused]] const auto emptied = folder->remove(kContent);
    }
    [[maybe_unused]] const auto removed = log.remove_folder(ours);
  }
}

/// A folder with the flushed file `entry` in it.
Result<void> make_full_folder(const ShareFolder& parent, const std::string& name, std::string_view bytes) {
  TRY(parent.make_folder(name));
  TRY_ASSIGN(const ShareFolder folder, parent.folder(name));
  TRY(folder.write_new_file(kContent, as_bytes(bytes), (folder.path() / kContent).native()));
  return folder.sync();
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

/// A directory without content is what is left when a cleaner met a slow writer: its number is free.
bool DirectoryLog::is_entry(const ShareFolder& log, const std::string& name) const {
  if (primitive_ == Primitive::link) {
    return log.has_file(name);
  }
  const auto folder = log.folder(name);
  return folder && folder->has_file(kContent);
}

Result<Position> DirectoryLog::listed_tail() const {
  TRY_ASSIGN(const ShareFolder log, ShareFolder::open(root_, kLog));
  std::vector<Position> listed;
  TRY(log.each(kMaxLogNames, [&](const char* name) {
    if (const auto position = position_of(name)) {
      listed.push_back(*position);
    }
  }));
  std::sort(listed.rbegin(), listed.rend());
  const auto last =
      std::find_if(listed.begin(), listed.end(), [&](Position each) { return is_entry(log, entry_name(each)); });
  return last != listed.end() ? *last : Position{};
}

Result<std::optional<Position>> DirectoryLog::probed_tail(Position from) const {
  for (Position tail = from; tail.value - from.value <= kMaxProbes; tail = tail.next()) {
    if (tail == kLastPosition) {
      return tail;
    }
    TRY_ASSIGN(const auto entry, read(tail.next()).map_error(share_error));
    if (!entry) {
      return tail;
    }
  }
  return std::nullopt;
}

Result<Position> DirectoryLog::tail(Position known) const {
  if (known.value > 0) {
    TRY_ASSIGN(const auto near, probed_tail(known));
    if (near) {
      return *near;
    }
  }
  TRY_ASSIGN(const Position listed, listed_tail());
  // The listing may be old; entries after it may be there all the same.
  TRY_ASSIGN(const auto tail, probed_tail(std::max(known, listed)));
  if (!tail) {
    return fail(ErrorCode::refused,
                fmt::format("more than {} entries of {} are there that a listing does not show", kMaxProbes,
                            (root_ / kLog).native()),
                "find out who writes so many, and remove what is not the fleet's");
  }
  return *tail;
}

Result<std::vector<Position>> DirectoryLog::numbers_below(Position below, std::size_t most) const {
  TRY_ASSIGN(const ShareFolder log, ShareFolder::open(root_, kLog));
  std::vector<Position> numbers;
  TRY(log.each(kMaxLogNames, [&](const char* name) {
    const auto position = position_of(name);
    if (position && *position < below) {
      numbers.push_back(*position);
    }
  }));
  std::sort(numbers.rbegin(), numbers.rend());
  std::vector<Position> entries;
  for (auto each = numbers.begin(); each != numbers.end() && entries.size() < most; ++each) {
    if (is_entry(log, entry_name(*each))) {
      entries.push_back(*each);
    }
  }
  return entries;
}

Result<std::string> DirectoryLog::read_content(const ShareFolder& log, const std::string& name) const {
  if (primitive_ == Primitive::link) {
    return log.read_file(name, kMaxEntry);
  }
  TRY_ASSIGN(const ShareFolder folder, log.folder(name));
  return folder.read_file(kContent, kMaxEntry);
}

Result<std::optional<std::string>> DirectoryLog::read(Position position) const {
  auto bytes = find_in(root_, kLog, [&](const ShareFolder& log) { return read_content(log, entry_name(position)); });
  if (bytes) {
    return std::optional(*std::move(bytes));
  }
  if (bytes.error().code == ErrorCode::not_found) {
    return std::nullopt;
  }
  return tl::unexpected(bytes.error());
}

Result<void> DirectoryLog::write_temporary(const std::string& temporary, std::string_view bytes) const {
  TRY_ASSIGN(const ShareFolder log, ShareFolder::open(root_, kLog));
  return primitive_ == Primitive::link
             ? log.write_new_file(temporary, as_bytes(bytes), (log.path() / temporary).native())
             : make_full_folder(log, temporary, bytes);
}

Result<void> DirectoryLog::give_number(const std::string& temporary, Position position) const {
  TRY_ASSIGN(const ShareFolder log, ShareFolder::open(root_, kLog));
  const std::string name = entry_name(position);
  if (primitive_ == Primitive::directory) {
    return log.rename(temporary, name);
  }
  return ::linkat(log.descriptor(), temporary.c_str(), log.descriptor(), name.c_str(), 0) == 0
             ? Result<void>()
             : fail_errno("cannot create", (log.path() / name).native(), errno);
}

void DirectoryLog::discard(const std::string& temporary) const {
  const auto log = ShareFolder::open(root_, kLog);
  if (log && primitive_ == Primitive::link) {
    [[maybe_unused]] const auto removed = log->remove(temporary);  // else it ages away
  } else if (log) {
    discard_folder(*log, temporary);
  }
}

bool DirectoryLog::is_there(const std::string& temporary) const {
  const auto log = ShareFolder::open(root_, kLog);
  return log && is_entry(*log, temporary);
}

PutResult DirectoryLog::put(Position position, std::string_view bytes) const {
  INVARIANT(bytes.size() <= kMaxEntry);
  const std::string temporary = fresh_temporary();
  const auto deadline = std::chrono::steady_clock::now() + put_patience_;
  auto pause = std::chrono::milliseconds(20);
  Error last;
  auto written = write_temporary(temporary, bytes);
  while (true) {
    if (written) {
      if (const auto given = give_number(temporary, position); !given) {
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
      const auto log = ShareFolder::open(root_, kLog);
      if (auto synced = log ? log->sync() : tl::unexpected(log.error()); !synced) {
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
    if (!is_there(temporary)) {  // a cleaner took it: start with a new one of the same bytes
      discard(temporary);
      written = write_temporary(temporary, bytes);
    }
  }
}

namespace {

/// A second link of a name must be refused, and must leave what the first one put there. Temporary names: if this is
/// killed, they age away.
Result<void> check_link(const ShareFolder& log) {
  const std::string first = fresh_temporary();
  const std::string second = fresh_temporary();
  const std::string named = fresh_temporary();
  const auto probe = [&]() -> Result<void> {
    for (const std::string& each : {first, second}) {
      TRY(log.write_new_file(each, as_bytes(each), (log.path() / each).native()));
    }
    const auto link = [&](const std::string& from) {
      return ::linkat(log.descriptor(), from.c_str(), log.descriptor(), named.c_str(), 0);
    };
    if (link(first) != 0) {
      return fail_errno("cannot make a hard link in", log.path().native(), errno);
    }
    const bool refused = link(second) != 0 && errno == EEXIST;
    TRY_ASSIGN(const std::string there, log.read_file(named, kMaxEntry));
    return refused && there == first
               ? Result<void>()
               : fail(ErrorCode::cannot_write,
                      fmt::format("in {} a second hard link to a name is not refused", log.path().native()),
                      "two hosts could both win: put the share on a file system that has link(2) right, or use etcd");
  };
  auto checked = probe();
  for (const std::string& each : {first, second, named}) {
    [[maybe_unused]] const auto removed = log.remove(each);
  }
  return checked;
}

}  // namespace

Result<void> DirectoryLog::remove_stale(WallTime before) const {
  const auto is_temporary = [](std::string_view name) { return is_left_behind(name, kTemporary); };
  TRY_ASSIGN(const ShareFolder log, ShareFolder::open(root_, kLog).map_error(share_error));
  TRY(remove_old_files(log, before, is_temporary));
  if (primitive_ == Primitive::directory) {
    TRY_ASSIGN(const auto old, old_names(log, before, S_IFDIR, is_temporary));
    for (const std::string& name : old) {
      discard_folder(log, name);
    }
  }
  return {};
}

Result<void> DirectoryLog::check_primitive() const {
  TRY_ASSIGN(const ShareFolder log, ShareFolder::open(root_, kLog).map_error(share_error));
  return primitive_ == Primitive::directory ? check_directory_rename(log) : check_link(log);
}

Result<void> check_directory_rename(const ShareFolder& parent) {
  const auto fresh = [] { return fmt::format(".tmp-{}", random_nonce_hex()); };
  const std::string full = fresh();
  const std::string other = fresh();
  const std::string named = fresh();
  const auto content = [&](const std::string& entry) {
    const auto folder = parent.folder(entry);
    return folder ? folder->read_file(kContent, kMaxEntry).value_or("") : "";
  };
  const auto probe = [&]() -> Result<void> {
    for (const std::string& each : {full, other}) {
      TRY(make_full_folder(parent, each, each));
    }
    const auto at = [&](const std::string& from) {
      return ::renameat(parent.descriptor(), from.c_str(), parent.descriptor(), named.c_str());
    };
    const bool given = at(full) == 0 && content(named) == full;
    const bool spared = at(other) != 0 && (errno == ENOTEMPTY || errno == EEXIST) && content(named) == full;
    if (!given || !spared) {
      return fail(
          ErrorCode::cannot_write,
          fmt::format("{} has neither hard links nor a rename that spares full directories", parent.path().native()),
          "the share needs a file system with one of them, or etcd");
    }
    return {};
  };
  auto checked = probe();
  for (const std::string& each : {full, other, named}) {
    if (const auto folder = parent.folder(each)) {  // else it ages away with what killed writers leave
      [[maybe_unused]] const auto emptied = folder->remove(kContent);
      [[maybe_unused]] const auto removed = parent.remove_folder(each);
    }
  }
  return checked;
}

}  // namespace swarmout
