#include "cli/output.hpp"

#include "common/base/files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string told_elsewhere;
void tell(const std::string& line) {
  told_elsewhere = line;
}

/// A pipe whose ends a test holds.
class PipeOfSpeaker : public testing::Test {
protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read_ = Fd(ends[0]);
    write_ = Fd(ends[1]);
    ::fcntl(read_.get(), F_SETFL, O_NONBLOCK);
    told_elsewhere.clear();
  }
  std::string taken() const {
    std::string all(1 << 20, '\0');
    const ssize_t got = ::read(read_.get(), all.data(), all.size());
    all.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return all;
  }

  Fd read_;
  Fd write_;
};

}  // namespace

TEST_F(PipeOfSpeaker, ALineBeginsWithTheNameAndFurtherOnesAreIndented) {
  Speaker speaker(write_.get());
  speaker.say("git says:\nswarmout: all is well\n");
  EXPECT_EQ(taken(), "swarmout: git says:\n  swarmout: all is well\n");
}

TEST_F(PipeOfSpeaker, WhatWouldSteerATerminalIsMadeHarmless) {
  Speaker speaker(write_.get());
  speaker.say("\x1b[2J a\tb \x9b \xc2\x9b \xe2\x80\xae \xff \xc3\xa4 \r");
  EXPECT_EQ(taken(), "swarmout: ?[2J a b ? ? ? ? \xc3\xa4 ?\n");
  speaker.say("zero\xe2\x80\x8bwidth \xe2\x80\xa8 \xe2\x81\xa7 \xef\xbb\xbf \xf3\xa0\x81\x81 \xc2\xad");
  EXPECT_EQ(taken(), "swarmout: zero?width ? ? ? ? ?\n");
}

TEST_F(PipeOfSpeaker, ALineIsNotLongerThanSomebodyReads) {
  Speaker speaker(write_.get());
  speaker.say(std::string(100'000, 'x'));
  EXPECT_LT(taken().size(), 5000U);
}

TEST_F(PipeOfSpeaker, AReaderThatTakesNothingHoldsUpOnceAndIsToldWhatItMissed) {
  Speaker speaker(write_.get());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) {
    speaker.say(std::string(3000, 'x'));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10 * kSayPatience);
  EXPECT_GT(speaker.lost(), 100u);
  const std::string lost = std::to_string(speaker.lost());
  static_cast<void>(taken());
  speaker.say("here again");
  EXPECT_THAT(taken(), testing::AllOf(HasSubstr(lost + " lines could not be written here"), HasSubstr("here again\n")));
  EXPECT_EQ(speaker.lost(), 0u);
}

TEST_F(PipeOfSpeaker, AReaderThatHasGoneIsCountedAndToldElsewhere) {
  Speaker speaker(write_.get());
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  read_.reset();
  speaker.say("one");
  speaker.say("two");
  EXPECT_EQ(speaker.lost(), 2u);
  speaker.finish(tell);
  EXPECT_THAT(told_elsewhere, testing::AllOf(HasSubstr("2 lines"), HasSubstr("Broken pipe")));
  ::signal(SIGPIPE, before);
}

TEST_F(PipeOfSpeaker, NothingIsToldElsewhereIfNothingWasLost) {
  Speaker speaker(write_.get());
  speaker.say("one");
  speaker.finish(tell);
  EXPECT_THAT(told_elsewhere, IsEmpty());
}

TEST_F(PipeOfSpeaker, AMovingLineIsErasedByTheNextThatStays) {
  Speaker speaker(write_.get());
  speaker.draw("half \xc3\xa4\xc3\xa4\xc3\xa4", 6);
  EXPECT_EQ(taken(), "\rhalf \xc3\xa4\x1b[K");
  speaker.say("done");
  EXPECT_EQ(taken(), "\r\x1b[Kswarmout: done\n");
}

TEST(Speaker, AFullDiskThrowsNothing) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  Speaker speaker(full.get());
  speaker.say("one");
  speaker.finish(tell);
  EXPECT_THAT(told_elsewhere, HasSubstr("No space left"));
}

}  // namespace swarmout::test
