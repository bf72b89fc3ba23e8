#include "common/share/helper/share_server.hpp"

#include "common/base/host.hpp"
#include "common/share/directory/directory_format.hpp"
#include "common/share/directory/share_folder.hpp"
#include "common/share/helper/confinement.hpp"
#include "common/share/helper/share_call.pb.h"
#include "common/share/helper/share_helper.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace swarmout {

namespace {

using wire::ShareCall;
using wire::ShareReply;

/// False at the end, or when the other side is gone.
bool receive(int socket, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::read(socket, bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EINTR)) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
  return true;
}

void set_error(ShareReply& reply, const Error& error) {
  reply.set_error(static_cast<int>(error.code));
  reply.set_message(error.message);
  reply.set_hint(error.hint);
}

/// The error of `result`, or what `store` makes of its value.
template <typename T, typename Store>
void answer(ShareReply& reply, const Result<T>& result, Store store) {
  if (result) {
    store(*result);
  } else {
    set_error(reply, result.error());
  }
}

void answer(ShareReply& reply, const Result<void>& result) {
  if (!result) {
    set_error(reply, result.error());
  }
}

/// What the share's own functions demand of who calls them.
bool is_call(const ShareCall& call) {
  const auto kind = static_cast<int>(call.kind());
  const bool of_cell = kind >= ShareCall::WRITE_CELL && kind <= ShareCall::REMOVE_CELL;
  const Bytes most = kind == ShareCall::PUT ? kMaxEntry : of_cell ? kMaxCell : kMaxBlob;
  return ShareCall::Kind_IsValid(kind) && call.content().size() <= most &&
         (!of_cell || call.cell_kind() <= static_cast<std::uint32_t>(CellKind::peer)) &&
         (kind != ShareCall::TAIL || call.number() <= kLastPosition.value);
}

std::optional<ShareCall> call_in(std::string_view bytes) {
  ShareCall call;
  const bool is_one = call.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && is_call(call);
  return is_one ? std::optional(std::move(call)) : std::nullopt;
}

void carry_out(Share& share, const ShareCall& call, ShareReply& reply) {
  const auto kind = static_cast<CellKind>(call.cell_kind());
  const Position position{call.number()};
  const auto number = [&](const Position& found) { reply.set_number(found.value); };
  const auto flag = [&](bool found) { reply.set_found(found); };
  const auto content = [&](const std::optional<std::string>& found) {
    reply.set_found(found.has_value());
    reply.set_content(found.value_or(""));
  };
  const auto names = [&](const std::vector<std::string>& found) {
    for (const std::string& each : found) {
      reply.add_names(each);
    }
  };
  switch (static_cast<int>(call.kind())) {  // protobuf adds values of its own to the enumeration
    case ShareCall::TAIL:
      return answer(reply, share.tail(position), number);
    case ShareCall::NUMBERS_BELOW:
      return answer(reply, share.numbers_below(position, call.most()), [&](const std::vector<Position>& found) {
        for (const Position& each : found) {
          reply.add_numbers(each.value);
        }
      });
    case ShareCall::READ:
      return answer(reply, share.read(position), content);
    case ShareCall::PUT: {
      const PutResult put = share.put(position, call.content());
      reply.set_number(static_cast<std::uint64_t>(put.outcome));
      reply.set_content(put.winner);
      if (put.outcome == PutOutcome::unknown) {
        set_error(reply, put.error);
      }
      return;
    }
    case ShareCall::WRITE_CELL:
      return answer(reply, share.write_cell(kind, call.name(), call.content()));
    case ShareCall::CREATE_CELL:
      return answer(reply, share.create_cell(kind, call.name(), call.content()), flag);
    case ShareCall::READ_CELL:
      return answer(reply, share.read_cell(kind, call.name()), [&](const std::optional<Cell>& cell) {
        reply.set_found(cell.has_value());
        if (cell) {
          reply.set_content(cell->bytes);
          reply.set_time(cell->written.time_since_epoch().count());
        }
      });
    case ShareCall::LIST_CELLS:
      return answer(reply, share.list_cells(kind), names);
    case ShareCall::REMOVE_CELL:
      return answer(reply, share.remove_cell(kind, call.name()));
    case ShareCall::WRITE_BLOB:
      return answer(reply, share.write_blob(call.name(), call.content()));
    case ShareCall::READ_BLOB:
      return answer(reply, share.read_blob(call.name(), call.number()), content);
    case ShareCall::LIST_BLOBS:
      return answer(reply, share.list_blobs(), names);
    case ShareCall::REMOVE_BLOB:
      return answer(reply, share.remove_blob(call.name()));
    case ShareCall::REMOVE_STALE:
      return answer(reply, share.remove_stale(WallTime(WallTime::duration(call.time()))));
    case ShareCall::NOW:
      return answer(reply, share.now(), [&](const WallTime& now) { reply.set_time(now.time_since_epoch().count()); });
    case ShareCall::CLUSTER:
      return answer(reply, share.cluster(), [&](const std::string& cluster) { reply.set_content(cluster); });
    case ShareCall::CHECK_PRIMITIVE:
      return answer(reply, share.check_primitive());
    default:
      set_error(reply, {ErrorCode::failed, "no such call to the share", {}});
  }
}

/// Of one share: the first call says which, and then there is no way to another.
class Server {
public:
  ShareReply handle(const ShareCall& call) {
    ShareReply reply;
    const int kind = static_cast<int>(call.kind());
    if (kind == ShareCall::OPEN || kind == ShareCall::INIT || kind == ShareCall::INIT_JOB) {
      answer(reply, begin(call, reply));
    } else if (share_ == nullptr) {
      set_error(reply, {ErrorCode::failed, "the share was not opened", {}});
    } else if (has_moved()) {
      reply.set_moved(true);
    } else {
      carry_out(*share_, call, reply);
      if (reply.error() == static_cast<int>(ErrorCode::cannot_write) && is_locked_out()) {
        reply.Clear();
        reply.set_moved(true);
      }
    }
    return reply;
  }

private:
  Result<void> begin(const ShareCall& call, ShareReply& reply) {
    if (call.kind() == ShareCall::INIT) {
      TRY(make_directories(call.name()));
    }
    TRY(settle_at(resolved_root(call.name())));
    reply.set_confined(confined_);
    if (call.kind() == ShareCall::INIT) {
      TRY_ASSIGN(const InitOutcome outcome, init_directory(root_, ::linkat));
      reply.set_number(static_cast<std::uint64_t>(outcome));
    } else if (call.kind() == ShareCall::INIT_JOB) {
      TRY_ASSIGN(const InitOutcome outcome, init_job_directory(root_, call.content(), ::linkat));
      reply.set_number(static_cast<std::uint64_t>(outcome));
    } else {
      TRY_ASSIGN(share_, open_directory(root_, std::chrono::milliseconds(call.number())));
    }
    return {};
  }

  Result<void> settle_at(const Path& root) {
    if (place_) {
      return root == root_ ? Result<void>() : fail(ErrorCode::failed, "this helper is for another share");
    }
    root_ = root;
    const auto folder = ShareFolder::root(root);
    if (!folder) {
      TRY(read_format(root));  // says what it means that it is not there
      return tl::unexpected(folder.error());
    }
    TRY_ASSIGN(const FileIdentity place, folder->identity());
    place_ = place;
    [[maybe_unused]] const std::string read_while_it_can_be = boot_id();
    confined_ = confine_to(folder->descriptor());
    return {};
  }

  /// Mounted anew, or over: what is there now is outside of what this helper can reach.
  bool has_moved() const {
    const auto folder = ShareFolder::root(root_);
    const auto now = folder ? folder->identity() : tl::unexpected(folder.error());
    return now && *now != *place_;
  }

  /// Mounted anew under the number that the old mount had, which older kernels give again.
  bool is_locked_out() const {
    const auto folder = confined_ ? ShareFolder::root(root_) : fail(ErrorCode::failed, "");
    return folder && !Fd(open_in(folder->descriptor(), ".", O_RDONLY | O_DIRECTORY)).valid() && errno == EACCES;
  }

  Path root_;
  std::optional<FileIdentity> place_;
  bool confined_ = false;
  std::unique_ptr<Share> share_;
};

}  // namespace

std::optional<std::string> answer_of(Share& share, std::string_view bytes) {
  const auto call = call_in(bytes);
  if (!call) {
    return std::nullopt;
  }
  ShareReply reply;
  carry_out(share, *call, reply);
  return reply.SerializeAsString();
}

int serve_share(int socket) {
  give_up_privileges();
  Server server;
  std::uint32_t size = 0;
  while (receive(socket, std::as_writable_bytes(std::span(&size, 1)))) {
    std::string bytes(std::min<Bytes>(size, kMaxShareMessage), '\0');
    const bool whole = size <= kMaxShareMessage && receive(socket, std::as_writable_bytes(std::span(bytes)));
    const auto call = whole ? call_in(bytes) : std::nullopt;
    if (!call) {
      return 1;
    }
    const std::string message = with_length(server.handle(*call).SerializeAsString());
    if (!write_all(socket, as_bytes(message), "the share's reply")) {
      return 1;
    }
  }
  return 0;
}

}  // namespace swarmout
