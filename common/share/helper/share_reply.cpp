#include "common/share/helper/share_reply.hpp"

#include "common/base/key_values.hpp"
#include "common/share/helper/share_call.pb.h"
#include "common/share/share.hpp"
#include "common/share/share_format.hpp"

#include <algorithm>

namespace swarmout {

namespace {

using wire::ShareCall;
using wire::ShareReply;

constexpr std::size_t kMaxSentence = 8 * kKiB;  ///< a path, and what is wrong with it
constexpr int kMaxNamesInReply = 100'000;       ///< as many as a directory of the share may have

bool is_error(int code) {
  switch (static_cast<ErrorCode>(code)) {
    case ErrorCode::failed:
    case ErrorCode::usage:
    case ErrorCode::refused:
    case ErrorCode::not_found:
    case ErrorCode::unavailable:
    case ErrorCode::cannot_write:
    case ErrorCode::temporary:
      return true;
  }
  return false;
}

Bytes most_content(const ShareCall& call) {
  switch (static_cast<int>(call.kind())) {
    case ShareCall::READ:
    case ShareCall::PUT:
      return kMaxEntry;
    case ShareCall::READ_CELL:
      return kMaxCell;
    case ShareCall::READ_BLOB:
      return std::min<Bytes>(call.number(), kMaxBlob);
    case ShareCall::CLUSTER:
      return kMaxCluster;
    default:
      return 0;
  }
}

std::uint64_t most_number(const ShareCall& call) {
  switch (static_cast<int>(call.kind())) {
    case ShareCall::TAIL:
      return kLastPosition.value;
    case ShareCall::PUT:
      return static_cast<std::uint64_t>(PutOutcome::lost);  // else it is an error
    case ShareCall::INIT:
    case ShareCall::INIT_JOB:
      return static_cast<std::uint64_t>(InitOutcome::repaired);
    default:
      return 0;
  }
}

/// Highest first, each of them below the one that was asked for.
bool are_below(const ShareCall& call, const ShareReply& reply) {
  std::uint64_t above = std::min(call.number(), kLastPosition.value + 1);
  for (const std::uint64_t each : reply.numbers()) {
    if (each == 0 || each >= above) {
      return false;
    }
    above = each;
  }
  return static_cast<std::uint64_t>(reply.numbers_size()) <= call.most();
}

bool are_names(const ShareReply& reply) {
  return reply.names_size() <= kMaxNamesInReply && std::all_of(reply.names().begin(), reply.names().end(),
                                                               [](const std::string& each) { return good_name(each); });
}

bool is_answer(const ShareCall& call, const ShareReply& reply) {
  const bool lists = call.kind() == ShareCall::LIST_CELLS || call.kind() == ShareCall::LIST_BLOBS;
  return reply.content().size() <= most_content(call) && reply.number() <= most_number(call) && reply.time() >= 0 &&
         (call.kind() == ShareCall::NUMBERS_BELOW ? are_below(call, reply) : reply.numbers_size() == 0) &&
         (lists ? are_names(reply) : reply.names_size() == 0);
}

}  // namespace

Result<ShareReply> read_reply(const ShareCall& call, std::string_view bytes) {
  ShareReply reply;
  const bool is_one = reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
                      reply.message().size() <= kMaxSentence && reply.hint().size() <= kMaxSentence &&
                      (reply.error() != 0 ? is_error(reply.error()) : is_answer(call, reply));
  if (!is_one) {
    return fail(ErrorCode::failed, "its helper process sent nonsense");
  }
  reply.set_message(printable(std::move(*reply.mutable_message())));
  reply.set_hint(printable(std::move(*reply.mutable_hint())));
  return reply;
}

}  // namespace swarmout
