#include "common/share/helper/remote_share.hpp"

#include "common/share/helper/share_call.pb.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

using wire::ShareCall;
using wire::ShareReply;

ShareCall call_of(ShareCall::Kind kind, std::string_view name = {}, std::string_view content = {}) {
  ShareCall call;
  call.set_kind(kind);
  call.set_name(std::string(name));
  call.set_content(std::string(content));
  return call;
}

ShareCall cell_call(ShareCall::Kind kind, CellKind cell, std::string_view name = {}, std::string_view content = {}) {
  ShareCall call = call_of(kind, name, content);
  call.set_cell_kind(static_cast<std::uint32_t>(cell));
  return call;
}

ShareCall entry_call(ShareCall::Kind kind, Position position, std::string_view content = {}) {
  ShareCall call = call_of(kind, {}, content);
  call.set_number(position.value);
  return call;
}

Error error_of(const ShareReply& reply) {
  return {static_cast<ErrorCode>(reply.error()), reply.message(), reply.hint()};
}

WallTime time_of(const ShareReply& reply) {
  return WallTime(WallTime::duration(reply.time()));
}

std::vector<std::string> names_of(const ShareReply& reply) {
  return {reply.names().begin(), reply.names().end()};
}

std::optional<std::string> content_in(const ShareReply& reply) {
  return reply.found() ? std::optional(reply.content()) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Share>> RemoteShare::open(std::string program, const std::string& directory,
                                                 std::chrono::milliseconds timeout, std::stop_token stop) {
  auto share = std::make_unique<RemoteShare>(std::move(program), directory, timeout, std::move(stop));
  TRY(share->make_ready());
  return share;
}

Result<InitOutcome> RemoteShare::init(std::string program, const std::string& directory,
                                      std::chrono::milliseconds timeout, std::stop_token stop) {
  RemoteShare share(std::move(program), directory, timeout, std::move(stop));
  TRY(share.helper_.start());
  TRY_ASSIGN(const ShareReply reply, share.ask(call_of(ShareCall::INIT, directory)));
  if (reply.error() != 0) {
    return tl::unexpected(error_of(reply));
  }
  return static_cast<InitOutcome>(reply.number());
}

Result<InitOutcome> RemoteShare::init_job(std::string program, const std::string& directory, const std::string& job,
                                          std::chrono::milliseconds timeout, std::stop_token stop) {
  RemoteShare share(std::move(program), directory, timeout, std::move(stop));
  TRY(share.helper_.start());
  TRY_ASSIGN(const ShareReply reply, share.ask(call_of(ShareCall::INIT_JOB, directory, job)));
  if (reply.error() != 0) {
    return tl::unexpected(error_of(reply));
  }
  return static_cast<InitOutcome>(reply.number());
}

Result<ShareReply> RemoteShare::ask(const ShareCall& call) {
  TRY_ASSIGN(const std::string bytes, helper_.exchange(call.SerializeAsString()));
  auto reply = read_reply(call, bytes);
  if (!reply) {
    helper_.stop();
    return fail(reply.error().code, fmt::format("the share {}: {}", directory_, reply.error().message));
  }
  return reply;
}

Result<void> RemoteShare::make_ready() {
  if (helper_.running()) {
    return {};
  }
  TRY(helper_.start());
  ShareCall open = call_of(ShareCall::OPEN, directory_);
  // A put that is repeated as long as the call may take would never be seen to end.
  open.set_number(static_cast<std::uint64_t>(timeout_.count()) / 2);
  TRY_ASSIGN(const ShareReply opened, ask(open));
  if (opened.error() != 0) {
    helper_.stop();
    return tl::unexpected(error_of(opened));
  }
  if (!opened.confined()) {
    spdlog::debug("this kernel has no Landlock: the helper that touches {} can reach other files, too", directory_);
  }
  return {};
}

Result<ShareReply> RemoteShare::call(const ShareCall& call) {
  for (const bool again : {false, true}) {
    TRY(make_ready());
    TRY_ASSIGN(ShareReply reply, ask(call));
    if (reply.error() != 0) {
      return tl::unexpected(error_of(reply));
    }
    if (!reply.moved()) {
      return reply;
    }
    helper_.stop();  // the next one reaches what is there now
    if (again) {
      break;
    }
  }
  return fail(ErrorCode::temporary, fmt::format("the share {} is being mounted anew", directory_));
}

Result<Position> RemoteShare::tail(Position known) {
  return call(entry_call(ShareCall::TAIL, known)).map([](const ShareReply& reply) { return Position{reply.number()}; });
}

Result<std::vector<Position>> RemoteShare::numbers_below(Position below, std::size_t most) {
  ShareCall list = entry_call(ShareCall::NUMBERS_BELOW, below);
  list.set_most(most);
  return call(list).map([](const ShareReply& reply) {
    std::vector<Position> numbers;
    for (const std::uint64_t each : reply.numbers()) {
      numbers.push_back(Position{each});
    }
    return numbers;
  });
}

Result<std::optional<std::string>> RemoteShare::read(Position position) {
  return call(entry_call(ShareCall::READ, position)).map(content_in);
}

PutResult RemoteShare::put(Position position, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxEntry);
  auto reply = call(entry_call(ShareCall::PUT, position, bytes));
  if (!reply) {  // a helper that was given up may yet carry it out
    return {PutOutcome::unknown, {}, std::move(reply).error()};
  }
  return {reply->number() == static_cast<std::uint64_t>(PutOutcome::won) ? PutOutcome::won : PutOutcome::lost,
          reply->content(),
          {}};
}

Result<void> RemoteShare::write_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxCell);
  TRY(call(cell_call(ShareCall::WRITE_CELL, kind, name, bytes)));
  return {};
}

Result<bool> RemoteShare::create_cell(CellKind kind, std::string_view name, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxCell);
  return call(cell_call(ShareCall::CREATE_CELL, kind, name, bytes)).map([](const ShareReply& reply) {
    return reply.found();
  });
}

Result<std::optional<Cell>> RemoteShare::read_cell(CellKind kind, std::string_view name) {
  return call(cell_call(ShareCall::READ_CELL, kind, name)).map([](const ShareReply& reply) {
    return reply.found() ? std::optional(Cell{reply.content(), time_of(reply)}) : std::nullopt;
  });
}

Result<std::vector<std::string>> RemoteShare::list_cells(CellKind kind) {
  return call(cell_call(ShareCall::LIST_CELLS, kind)).map(names_of);
}

Result<void> RemoteShare::remove_cell(CellKind kind, std::string_view name) {
  TRY(call(cell_call(ShareCall::REMOVE_CELL, kind, name)));
  return {};
}

Result<void> RemoteShare::write_blob(std::string_view name, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxBlob);
  TRY(call(call_of(ShareCall::WRITE_BLOB, name, bytes)));
  return {};
}

Result<std::optional<std::string>> RemoteShare::read_blob(std::string_view name, Bytes limit) {
  ShareCall read = call_of(ShareCall::READ_BLOB, name);
  read.set_number(limit);
  return call(read).map(content_in);
}

Result<std::vector<std::string>> RemoteShare::list_blobs() {
  return call(call_of(ShareCall::LIST_BLOBS)).map(names_of);
}

Result<void> RemoteShare::remove_blob(std::string_view name) {
  TRY(call(call_of(ShareCall::REMOVE_BLOB, name)));
  return {};
}

Result<void> RemoteShare::remove_stale(WallTime before) {
  ShareCall remove = call_of(ShareCall::REMOVE_STALE);
  remove.set_time(before.time_since_epoch().count());
  TRY(call(remove));
  return {};
}

Result<WallTime> RemoteShare::now() {
  return call(call_of(ShareCall::NOW)).map(time_of);
}

Result<std::string> RemoteShare::cluster() {
  return call(call_of(ShareCall::CLUSTER)).map([](const ShareReply& reply) { return reply.content(); });
}

Result<void> RemoteShare::check_primitive() {
  TRY(call(call_of(ShareCall::CHECK_PRIMITIVE)));
  return {};
}

}  // namespace swarmout
