#include "peer/orders.hpp"

#include "common/base/key_values.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace swarmout {

namespace {

constexpr std::string_view kHoldMagic = "swarmout-hold 1";
constexpr std::string_view kGoMagic = "swarmout-activate 1";
/// A record of the store, escaped once more, and a few words.
constexpr Bytes kMaxOrder = 64 * kKiB;

Path hold_file(const Path& state) {
  return state / "hold";
}
Path go_file(const Path& state) {
  return state / "activate";
}

/// Whatever stands there, the service does not wait for it.
Result<std::string> read_order(const Path& file) {
  TRY_ASSIGN(const Fd open, open_file(file, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (::fstat(open.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(ErrorCode::refused, fmt::format("{} is no file", file.native()), "remove it");
  }
  return read_open_file(open.get(), kMaxOrder, file.native());
}

/// Nothing: it is not there.
Result<std::optional<KeyValues>> load_order(const Path& file, std::string_view magic) {
  const auto text = read_order(file);
  if (!text && text.error().code == ErrorCode::not_found) {
    return std::nullopt;
  }
  TRY(text);
  auto record = KeyValues::parse(*text, magic);
  if (!record) {
    return fail(ErrorCode::refused, fmt::format("{} is damaged: {}", file.native(), record.error().message),
                "remove it, or give the order again");
  }
  return *std::move(record);
}

Result<void> must_have_state(const Path& file) {
  return path_exists(file.parent_path())
             ? Result<void>()
             : fail(ErrorCode::not_found, fmt::format("{} is not there", file.parent_path().native()),
                    "is this the --state of this host's service?");
}

/// Read by the service's user, whoever wrote it; nobody else comes into the directory.
Result<void> save_order(const Path& file, const std::string& text) {
  TRY(must_have_state(file));
  return replace_file(file, as_bytes(text));
}

Result<bool> remove_order(const Path& file) {
  if (::unlink(file.c_str()) == 0) {
    return sync_directory(file.parent_path()).map([] { return true; });
  }
  return errno == ENOENT ? must_have_state(file).map([] { return false; })
                         : fail_errno("cannot remove", file.native(), errno);
}

std::string shown(const KeyValues& record, std::string_view key) {
  return printable(record.find(key).value_or(""));
}

}  // namespace

std::string sentence_of(const HostHold& hold) {
  return fmt::format("held here{} by {} since {}: {}",
                     hold.release ? fmt::format(" on release {}", hold.release->descriptor.position.value) : "",
                     hold.by, hold.time, hold.reason);
}

bool is_for(const GoOnce& order, const Descriptor& release) {
  return order.release.empty() || how_called(release, order.release) != Called::no;
}

Result<std::optional<HostHold>> load_host_hold(const Path& state) {
  TRY_ASSIGN(const auto record, load_order(hold_file(state), kHoldMagic));
  if (!record) {
    return std::nullopt;
  }
  HostHold hold{std::nullopt, shown(*record, "reason"), shown(*record, "by"), shown(*record, "time")};
  if (const std::string release = record->find("release").value_or(""); !release.empty()) {
    TRY_ASSIGN(hold.release, decode_record(release));
  }
  return hold;
}

Result<void> save_host_hold(const Path& state, const HostHold& hold) {
  const std::string text = KeyValues(std::string(kHoldMagic))
                               .add("release", hold.release ? encode_record(*hold.release) : "")
                               .add("reason", hold.reason)
                               .add("by", hold.by)
                               .add("time", hold.time)
                               .text();
  return save_order(hold_file(state), text);
}

Result<bool> end_host_hold(const Path& state) {
  return remove_order(hold_file(state));
}

Result<std::optional<GoOnce>> load_go_once(const Path& state) {
  TRY_ASSIGN(const auto record, load_order(go_file(state), kGoMagic));
  if (!record) {
    return std::nullopt;
  }
  return GoOnce{shown(*record, "release"), record->find("again").value_or("") == "1", shown(*record, "by"),
                shown(*record, "time")};
}

Result<void> save_go_once(const Path& state, const GoOnce& order) {
  const std::string text = KeyValues(std::string(kGoMagic))
                               .add("release", order.release)
                               .add("again", order.again ? 1 : 0)
                               .add("by", order.by)
                               .add("time", order.time)
                               .text();
  return save_order(go_file(state), text);
}

Result<void> order_to_go(const Path& state, const GoOnce& order) {
  TRY_ASSIGN(const auto hold, load_host_hold(state));
  if (hold) {
    return fail(ErrorCode::temporary, "this host is " + sentence_of(*hold), "`swarmout resume --host` first");
  }
  return save_go_once(state, order);
}

Result<void> end_go_once(const Path& state) {
  return remove_order(go_file(state)).map([](bool) {});
}

}  // namespace swarmout
