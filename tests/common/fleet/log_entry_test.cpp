#include "common/fleet/log_entry.hpp"

#include "common/base/host.hpp"
#include "common/share/share.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

LogEntry sample(EntryKind kind) {
  LogEntry entry;
  entry.kind = kind;
  entry.position = Position{7};
  entry.previous = sha256("entry 6");
  entry.log = "log-1";
  entry.owner = id_of("owner-1");
  entry.slot = "2026-11-23T12:00:00Z/300";
  entry.attempt = 3;
  entry.nonce = id_of("nonce-1");
  entry.host =
      "host with an \xc3\xb6"
      "dd name";
  entry.boot = "boot-1";
  entry.pid = 4711;
  entry.time = "2026-11-23T12:00:00Z";
  if (kind == EntryKind::commit) {
    entry.release = entry.position;
    entry.revision = "r1";
    entry.descriptor = "line 1\nline 2\n";
    entry.signature = "signature\n";
  }
  if (kind == EntryKind::abandon) {
    entry.reason = "the export failed: 100% of it";
  }
  return entry;
}

LogEntry unchanged() {
  LogEntry entry = sample(EntryKind::commit);
  entry.release = Position{5};
  entry.descriptor = "";
  entry.signature = "";
  return entry;
}

/// Body of an entry with a proper last line.
std::string ended(const std::string& body) {
  return signed_text(body);
}
std::string body_of(const LogEntry& entry) {
  return std::string(text_of_record(encode(entry)).value());
}
/// An entry with one line replaced (or left out, where `value` is null) and a proper last line.
std::string with_line(const LogEntry& entry, const std::string& key, const char* value) {
  std::string body = body_of(entry);
  const std::size_t begin = body.find('\n' + key + ' ') + 1;
  EXPECT_NE(begin, 0U) << key;
  const std::size_t end = body.find('\n', begin) + 1;
  return ended(body.replace(begin, end - begin, value == nullptr ? "" : key + ' ' + value + '\n'));
}

class LogEntryOf : public testing::TestWithParam<EntryKind> {};

}  // namespace

TEST_P(LogEntryOf, AnyKindIsReadAsItWasWritten) {
  const LogEntry entry = sample(GetParam());

  ASSERT_OK_AND_ASSIGN(const LogEntry read, decode_entry(encode(entry)));

  EXPECT_EQ(read.kind, entry.kind);
  EXPECT_EQ(read.log, entry.log);
  EXPECT_EQ(read.position, entry.position);
  EXPECT_EQ(read.previous, entry.previous);
  EXPECT_EQ(read.nonce, entry.nonce);
  EXPECT_EQ(read.owner, entry.owner);
  EXPECT_EQ(read.slot, entry.slot);
  EXPECT_EQ(read.attempt, entry.attempt);
  EXPECT_EQ(read.host, entry.host);
  EXPECT_EQ(read.boot, entry.boot);
  EXPECT_EQ(read.pid, entry.pid);
  EXPECT_EQ(read.time, entry.time);
  EXPECT_EQ(read.release, entry.release);
  EXPECT_EQ(read.revision, entry.revision);
  EXPECT_EQ(read.descriptor, entry.descriptor);
  EXPECT_EQ(read.signature, entry.signature);
  EXPECT_EQ(read.reason, entry.reason);
  EXPECT_EQ(encode(read), encode(entry));
}

TEST_P(LogEntryOf, AnyKindIsDamagedByEachFlippedBit) {
  const std::string bytes = encode(sample(GetParam()));

  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(decode_entry(damaged), FailsWith(ErrorCode::refused)) << "bit " << bit;
  }
}

TEST_P(LogEntryOf, AnyKindIsDamagedByEachTruncation) {
  const std::string bytes = encode(sample(GetParam()));

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(decode_entry(std::string_view(bytes).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LogEntryOf, testing::Values(EntryKind::claim, EntryKind::commit, EntryKind::abandon));

TEST(LogEntryTest, AnUnchangedCommitIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const LogEntry read, decode_entry(encode(unchanged())));

  EXPECT_EQ(read.release.value, 5U);
  EXPECT_EQ(read.revision, "r1");
}

TEST(LogEntryTest, AnEntryWithoutASlotIsRead) {
  LogEntry entry = sample(EntryKind::claim);
  entry.slot = "";

  EXPECT_THAT(decode_entry(encode(entry)), IsOk());
}

TEST(LogEntryTest, ALongReasonIsCutToWhatFits) {
  LogEntry entry = sample(EntryKind::abandon);
  entry.reason = std::string(100'000, '\n');

  ASSERT_OK_AND_ASSIGN(const LogEntry read, decode_entry(encode(entry)));

  EXPECT_EQ(read.reason, std::string(500, '?')) << "no control bytes: it is shown on terminals";
}

TEST(LogEntryTest, AHugeAttemptIsNoSmallOne) {
  ASSERT_OK_AND_ASSIGN(const LogEntry read, decode_entry(with_line(sample(EntryKind::claim), "attempt", "4294967297")));

  EXPECT_GT(read.attempt, 1000U);
}

// Damage with a proper last line: written by a program that is wrong, or means harm.

TEST(LogEntryTest, NothingIsRefused) {
  EXPECT_THAT(decode_entry(""), FailsWith(ErrorCode::refused));
}

TEST(LogEntryTest, OnlyALastLineIsRefused) {
  EXPECT_THAT(decode_entry(ended("")), FailsWith(ErrorCode::refused));
}

TEST(LogEntryTest, ZerosAreRefused) {
  EXPECT_THAT(decode_entry(std::string(1000, '\0')), FailsWith(ErrorCode::refused, "damaged"));
}

TEST(LogEntryTest, ZerosBehindTheEntryAreRefused) {
  EXPECT_THAT(decode_entry(encode(sample(EntryKind::claim)) + std::string(100, '\0')),
              FailsWith(ErrorCode::refused, "damaged"));
}

TEST(LogEntryTest, MoreThanAnEntryMayHaveIsRefused) {
  EXPECT_THAT(decode_entry(ended(body_of(sample(EntryKind::claim)) + "more " + std::string(kMaxEntry, 'x') + "\n")),
              FailsWith(ErrorCode::refused, "wrong size"));
}

TEST(LogEntryTest, AnotherVersionIsRefused) {
  std::string body = body_of(sample(EntryKind::claim));
  body.replace(0, body.find('\n'), "swarmout-log 1");

  EXPECT_THAT(decode_entry(ended(body)), FailsWith(ErrorCode::refused, "swarmout-log"));
}

TEST(LogEntryTest, AnUnknownKindIsRefused) {
  EXPECT_THAT(decode_entry(with_line(sample(EntryKind::claim), "kind", "DELETE")),
              FailsWith(ErrorCode::refused, "no known kind"));
}

TEST(LogEntryTest, NoOwnerIsRefused) {
  EXPECT_THAT(decode_entry(with_line(sample(EntryKind::claim), "owner", "")), FailsWith(ErrorCode::refused, "owner"));
}

TEST(LogEntryTest, AnOverlongOwnerIsRefused) {
  EXPECT_THAT(decode_entry(with_line(sample(EntryKind::claim), "owner", std::string(33, 'a').c_str())),
              FailsWith(ErrorCode::refused, "owner"));
}

namespace {

struct Odd {
  const char* key;
  std::string value;
};
void PrintTo(const Odd& odd, std::ostream* out) {
  *out << odd.key << ' ' << odd.value.substr(0, 40);
}
class OddField : public testing::TestWithParam<Odd> {};

}  // namespace

/// Of somebody who has the key, or of a program that is wrong: what becomes part of a name, or of an answer, is no more
/// than it may be.
TEST_P(OddField, IsRefused) {
  EXPECT_THAT(decode_entry(with_line(sample(EntryKind::claim), GetParam().key, GetParam().value.c_str())),
              FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(OfAClaim, OddField,
                         testing::Values(Odd{"owner", "../../xyz"}, Odd{"owner", "60F2BE94EB3ADD7D11858F31E8673876"},
                                         Odd{"owner", std::string(31, 'a')}, Odd{"owner", std::string(31, 'a') + "/"},
                                         Odd{"nonce", "../../xyz"}, Odd{"nonce", ""}, Odd{"position", "0"},
                                         Odd{"position", "9007199254740993"}, Odd{"position", "18446744073709551615"},
                                         Odd{"position", "18446744073709551616"}, Odd{"position", "-1"},
                                         Odd{"time", "yesterday"}, Odd{"time", ""},
                                         Odd{"slot", std::string(kMaxSlot + 1, 's')},
                                         Odd{"host", std::string(256, 'h')}, Odd{"boot", std::string(65, 'b')},
                                         Odd{"log", std::string(kMaxCluster + 1, 'l')}, Odd{"previous", "../../xyz"}));

TEST(LogEntryTest, ACommitInAJobsLogNamesNoRelease) {
  EXPECT_THAT(decode_entry(with_line(unchanged(), "release", "0")), IsOk());
  EXPECT_THAT(decode_entry(with_line(unchanged(), "release", "9007199254740993")),
              FailsWith(ErrorCode::refused, "release"));
}

TEST(LogEntryTest, TheHighestNumberIsOne) {
  EXPECT_THAT(decode_entry(with_line(sample(EntryKind::claim), "position", "9007199254740992")), IsOk());
}

TEST(LogEntryTest, WhatAStrangerSignedIsRefused) {
  EXPECT_THAT(decode_entry(encode_with(sample(EntryKind::claim), strangers_key())), FailsWith(ErrorCode::refused));
}

TEST(LogEntryTest, WhatNobodySignedIsRefusedHoweverWellItIsWritten) {
  EXPECT_THAT(decode_entry(body_of(sample(EntryKind::claim))), FailsWith(ErrorCode::refused, "nobody signed"));
}

TEST(LogEntryTest, AHeartbeatIsNoEntry) {
  EXPECT_THAT(decode_entry(encode(HeartbeatInfo{})), FailsWith(ErrorCode::refused, "swarmout-log"));
}

TEST(LogEntryTest, TheAnswerToTheLargestClaimFits) {
  LogEntry entry = sample(EntryKind::claim);
  entry.slot = std::string(kMaxSlot, '\n');
  entry.log = std::string(kMaxCluster, '\xff');
  ASSERT_OK_AND_ASSIGN(LogEntry answer, decode_entry(encode(entry)));
  answer.kind = EntryKind::abandon;
  answer.slot = entry.slot;
  answer.host = std::string(255, '\xff');
  answer.reason = std::string(100'000, '\xff');

  EXPECT_THAT(decode_entry(encode(answer)), IsOk());
}

TEST(LogEntryTest, ACommitOfAFutureReleaseIsRefused) {
  EXPECT_THAT(decode_entry(with_line(unchanged(), "release", "8")), FailsWith(ErrorCode::refused, "future"));
}

namespace {

struct Line {
  EntryKind kind;
  const char* key;
};
void PrintTo(const Line& line, std::ostream* out) {
  *out << static_cast<int>(line.kind) << ' ' << line.key;
}
class EntryLine : public testing::TestWithParam<Line> {};
class ForeignLine : public testing::TestWithParam<Line> {};

}  // namespace

TEST_P(EntryLine, MustBeThere) {
  EXPECT_THAT(decode_entry(with_line(sample(GetParam().kind), GetParam().key, nullptr)),
              FailsWith(ErrorCode::refused, GetParam().key));
}
INSTANTIATE_TEST_SUITE_P(Claim, EntryLine,
                         testing::Values(Line{EntryKind::claim, "kind"}, Line{EntryKind::claim, "log"},
                                         Line{EntryKind::claim, "position"}, Line{EntryKind::claim, "previous"},
                                         Line{EntryKind::claim, "nonce"}, Line{EntryKind::claim, "owner"},
                                         Line{EntryKind::claim, "slot"}, Line{EntryKind::claim, "attempt"},
                                         Line{EntryKind::claim, "host"}, Line{EntryKind::claim, "boot"},
                                         Line{EntryKind::claim, "pid"}, Line{EntryKind::claim, "time"}));
INSTANTIATE_TEST_SUITE_P(Commit, EntryLine,
                         testing::Values(Line{EntryKind::commit, "release"}, Line{EntryKind::commit, "revision"},
                                         Line{EntryKind::commit, "descriptor"}, Line{EntryKind::commit, "signature"}));
INSTANTIATE_TEST_SUITE_P(Abandon, EntryLine, testing::Values(Line{EntryKind::abandon, "reason"}));

TEST_P(ForeignLine, OfAnotherKindIsRefused) {
  const std::string body = body_of(sample(GetParam().kind)) + GetParam().key + " 1\n";

  EXPECT_THAT(decode_entry(ended(body)), FailsWith(ErrorCode::refused, GetParam().key));
}
INSTANTIATE_TEST_SUITE_P(Claim, ForeignLine,
                         testing::Values(Line{EntryKind::claim, "release"}, Line{EntryKind::claim, "revision"},
                                         Line{EntryKind::claim, "descriptor"}, Line{EntryKind::claim, "signature"},
                                         Line{EntryKind::claim, "reason"}));
INSTANTIATE_TEST_SUITE_P(Commit, ForeignLine, testing::Values(Line{EntryKind::commit, "reason"}));
INSTANTIATE_TEST_SUITE_P(Abandon, ForeignLine,
                         testing::Values(Line{EntryKind::abandon, "release"}, Line{EntryKind::abandon, "descriptor"},
                                         Line{EntryKind::abandon, "hold"}, Line{EntryKind::claim, "hold"}));

TEST(LogEntryTest, AnUnchangedCommitWithADescriptorIsRefused) {
  EXPECT_THAT(decode_entry(ended(body_of(unchanged()) + "descriptor x\n")),
              FailsWith(ErrorCode::refused, "descriptor"));
}

// Holds.

TEST(LogEntryTest, AHoldIsShownOnOneLine) {
  ASSERT_OK_AND_ASSIGN(const LogEntry read, decode_entry(ended(body_of(unchanged()) + "hold a%0ab%1b[31m\n")));

  EXPECT_EQ(read.hold, "a?b?[31m");
}

TEST(LogEntryTest, AnOverlongHoldIsRefused) {
  EXPECT_THAT(decode_entry(ended(body_of(unchanged()) + "hold " + std::string(kMaxHold + 1, 'x') + "\n")),
              FailsWith(ErrorCode::refused, "hold"));
}

// What a writer adds of its own.

TEST(LogEntryTest, SigningInFillsWhatPeopleWantToKnow) {
  LogEntry entry;
  sign_in(entry, WallTime(std::chrono::seconds(1'790'000'000)));

  EXPECT_EQ(entry.time, "2026-09-21T14:13:20Z");
  EXPECT_EQ(entry.host, host_name());
  EXPECT_EQ(entry.pid, static_cast<std::uint64_t>(::getpid()));
  EXPECT_THAT(entry.boot, testing::MatchesRegex("[0-9a-f-]{36}"));
}

TEST(LogEntryTest, EachAttemptToWriteHasANonceOfItsOwn) {
  LogEntry first;
  LogEntry second;
  sign_in(first, {});
  sign_in(second, {});

  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_FALSE(first.nonce.empty());
}

}  // namespace swarmout::test
