// Both sides of what a process and the helper that touches its share say to each other.

#include "common/share/helper/share_call.pb.h"
#include "common/share/helper/share_reply.hpp"
#include "common/share/helper/share_server.hpp"
#include "common/share/share_format.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/memory_share.hpp"

namespace swarmout::fuzz {

namespace {

using wire::ShareCall;

/// Its first three bytes: what was asked; then the answer of a helper that was taken over.
ShareCall asked_in(std::string_view input) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(input[at]); };
  ShareCall call;
  call.set_kind(static_cast<ShareCall::Kind>(byte(0) % ShareCall::Kind_ARRAYSIZE));
  call.set_number(byte(1) < 200 ? byte(1) : kLastPosition.value);
  call.set_most(byte(2));
  return call;
}

MemoryShare some_share() {
  const auto state = std::make_shared<MemoryShareState>();
  state->log = {{Position{1}, "first"}, {Position{2}, "second"}};
  state->cells[{CellKind::heartbeat, "a"}] = {"beat", {}};
  state->blobs["b"] = "blob";
  return MemoryShare(state);
}

}  // namespace

void share_reply(std::string_view input) {
  if (input.size() < 3) {
    return;
  }
  const ShareCall call = asked_in(input);
  const auto reply = read_reply(call, input.substr(3));
  if (!reply || reply->error() != 0) {
    return;
  }
  check(call.kind() != ShareCall::TAIL || reply->number() <= kLastPosition.value, "a position is one");
  check(call.kind() != ShareCall::READ_CELL || reply->content().size() <= kMaxCell, "a cell is no larger than one");
  check(call.kind() != ShareCall::READ_BLOB || reply->content().size() <= call.number(), "a blob has its limit");
  check(static_cast<std::uint64_t>(reply->numbers_size()) <= call.most(), "no more than was asked for");
  check(reply->time() >= 0, "a time is one");
  for (const std::string& each : reply->names()) {
    check(good_name(each), "a name is one");
  }
}

void share_call(std::string_view input) {
  MemoryShare share = some_share();
  const auto answer = answer_of(share, input);
  ShareCall call;
  if (answer && call.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    check(read_reply(call, *answer).has_value(), "what one side says, the other side understands");
  }
}

}  // namespace swarmout::fuzz
