#include "common/share/helper/share_reply.hpp"

#include "common/share/helper/share_call.pb.h"
#include "common/share/share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using testing::HasSubstr;
using testing::Not;
using wire::ShareCall;
using wire::ShareReply;

class ShareReplyTest : public testing::Test {
protected:
  void asked(ShareCall::Kind kind, std::uint64_t number = 0, std::uint64_t most = 0) {
    call_.set_kind(kind);
    call_.set_number(number);
    call_.set_most(most);
  }
  [[nodiscard]] Result<ShareReply> read() const { return read_reply(call_, reply_.SerializeAsString()); }

  ShareCall call_;
  ShareReply reply_;
};

}  // namespace

TEST_F(ShareReplyTest, WhatWasAskedForIsTaken) {
  asked(ShareCall::READ_CELL);
  reply_.set_found(true);
  reply_.set_content(std::string(kMaxCell, 'x'));
  reply_.set_time(1);

  EXPECT_THAT(read(), IsOk());
}

TEST_F(ShareReplyTest, WhatIsNoMessageIsNonsense) {
  EXPECT_THAT(read_reply(call_, "\xff\xff\xff"), FailsWith(ErrorCode::failed, "nonsense"));
}

TEST_F(ShareReplyTest, NothingIsLargerThanItCanBe) {
  const std::vector<std::pair<ShareCall::Kind, Bytes>> limits{
      {ShareCall::READ, kMaxEntry}, {ShareCall::PUT, kMaxEntry},       {ShareCall::READ_CELL, kMaxCell},
      {ShareCall::READ_BLOB, 100},  {ShareCall::CLUSTER, kMaxCluster}, {ShareCall::NOW, 0},
  };
  for (const auto& [kind, limit] : limits) {
    asked(kind, 100);
    reply_.set_content(std::string(limit, 'x'));
    EXPECT_THAT(read(), IsOk()) << kind;
    reply_.set_content(std::string(limit + 1, 'x'));
    EXPECT_THAT(read(), FailsWith(ErrorCode::failed)) << kind;
  }
}

TEST_F(ShareReplyTest, PositionsEndWhereTheyEnd) {
  asked(ShareCall::TAIL);
  reply_.set_number(kLastPosition.value);
  EXPECT_THAT(read(), IsOk());
  reply_.set_number(kLastPosition.value + 1);
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
}

TEST_F(ShareReplyTest, NumbersAreBelowWhatWasAskedAndFall) {
  asked(ShareCall::NUMBERS_BELOW, 9, 3);
  const auto answer = [&](const std::vector<std::uint64_t>& numbers) {
    reply_.clear_numbers();
    for (const std::uint64_t each : numbers) {
      reply_.add_numbers(each);
    }
    return read().has_value();
  };
  EXPECT_TRUE(answer({8, 7, 1}));
  EXPECT_FALSE(answer({9}));
  EXPECT_FALSE(answer({7, 8}));
  EXPECT_FALSE(answer({7, 7}));
  EXPECT_FALSE(answer({1, 0}));
  EXPECT_FALSE(answer({8, 7, 6, 5})) << "more than was asked for";
}

TEST_F(ShareReplyTest, NamesAreNamesAndOnlyWhereNamesWereAskedFor) {
  asked(ShareCall::LIST_CELLS);
  reply_.add_names("0123.seat1");
  EXPECT_THAT(read(), IsOk());
  reply_.add_names("../x");
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
  asked(ShareCall::TAIL);
  reply_.mutable_names()->RemoveLast();
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
}

TEST_F(ShareReplyTest, AnOutcomeIsOne) {
  asked(ShareCall::PUT);
  reply_.set_number(2);  // unknown is an error
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
  asked(ShareCall::INIT);
  EXPECT_THAT(read(), IsOk());
  reply_.set_number(3);
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
}

TEST_F(ShareReplyTest, ATimeBefore1970IsNone) {
  asked(ShareCall::NOW);
  reply_.set_time(std::numeric_limits<std::int64_t>::min());
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
}

TEST_F(ShareReplyTest, AnErrorIsOneOfOursAndFitForATerminal) {
  reply_.set_error(static_cast<int>(ErrorCode::temporary));
  reply_.set_message("away\x1b[2J");
  ASSERT_THAT(read(), IsOk());
  EXPECT_THAT(read()->message(), Not(HasSubstr("\x1b")));
  reply_.set_error(256);
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
  reply_.set_error(1);
  reply_.set_message(std::string(kMiB, 'x'));
  EXPECT_THAT(read(), FailsWith(ErrorCode::failed));
}

}  // namespace swarmout::test
