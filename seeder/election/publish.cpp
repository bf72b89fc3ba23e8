#include "seeder/election/publish.hpp"

#include "common/base/failpoint.hpp"
#include "common/fleet/log_record.hpp"
#include "common/fleet/strays.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

LogEntry ending(EntryKind kind, const Leadership& leadership) {
  LogEntry entry;
  entry.kind = kind;
  entry.log = leadership.log;
  entry.position = leadership.claim.next();
  entry.previous = leadership.claim_digest;
  entry.owner = leadership.owner;
  entry.slot = leadership.slot;
  entry.attempt = leadership.attempt;
  return entry;
}

Result<PublishOutcome> put(const Pen& pen, const Leadership& leadership, LogEntry entry,
                           std::chrono::milliseconds patience, std::stop_token stop) {
  // Never a check whether we still lead: whoever is right is decided by who gets the number.
  sign_in(entry, pen.share.now().value_or(pen.clock.wall()));
  TRY_ASSIGN(const std::string bytes, encode(entry, pen.keys.signer));
  const MonotonicTime deadline = pen.clock.now() + patience;
  while (true) {
    failpoint("before-commit");
    const PutResult result = pen.share.put(entry.position, bytes);
    failpoint("after-commit");
    switch (result.outcome) {
      case PutOutcome::won:
        return Published{entry.position};
      case PutOutcome::lost:
        return who_wrote(result.winner, leadership, pen.keys.trusted);
      case PutOutcome::unknown:
        if (pen.clock.now() >= deadline || !pen.clock.sleep(std::chrono::seconds(1), stop)) {
          return fail(ErrorCode::temporary,
                      fmt::format("the outcome of publishing epoch {} is unknown: {}", entry.position.value,
                                  result.error.message),
                      "the next run will tell");
        }
        break;
    }
  }
}

}  // namespace

Fenced who_wrote(const std::string& entry, const Leadership& leadership, const TrustedKeys& keys) {
  const LogRecord read = record_of(entry, leadership.claim.next(), leadership.log, keys);
  if (!is_signed(read.validity)) {
    return {fmt::format("something at entry {} that is not signed by a key that this host trusts ({})",
                        leadership.claim.next().value, name_of(read.validity)),
            true};
  }
  return {fmt::format("{} (epoch {}, {})", read.entry.host, read.entry.position.value, read.entry.time), false};
}

Result<PublishOutcome> publish(const Pen& pen, const Leadership& leadership, const SignedDescriptor& release,
                               std::chrono::milliseconds patience, std::stop_token stop) {
  LogEntry entry = ending(EntryKind::commit, leadership);
  INVARIANT(release.descriptor.position == entry.position);
  entry.release = entry.position;
  entry.revision = release.descriptor.revision;
  entry.descriptor = release.text;
  entry.signature = release.signature;
  return put(pen, leadership, std::move(entry), patience, std::move(stop));
}

Result<PublishOutcome> publish_unchanged(const Pen& pen, const Leadership& leadership, Position release,
                                         const std::string& revision, std::chrono::milliseconds patience,
                                         std::stop_token stop) {
  LogEntry entry = ending(EntryKind::commit, leadership);
  entry.release = release;
  entry.revision = revision;
  return put(pen, leadership, std::move(entry), patience, std::move(stop));
}

Result<PublishOutcome> publish_by_hand(const Pen& pen, const Leadership& leadership, const LogEntry& release,
                                       const std::string& hold, std::chrono::milliseconds patience,
                                       std::stop_token stop) {
  LogEntry entry = ending(EntryKind::commit, leadership);
  INVARIANT(hold.size() <= kMaxHold);
  entry.release = release.position;
  entry.revision = release.revision;
  entry.hold = hold;
  return put(pen, leadership, std::move(entry), patience, std::move(stop));
}

Result<PublishOutcome> abandon(const Pen& pen, const Leadership& leadership, const std::string& reason,
                               std::chrono::milliseconds patience, std::stop_token stop) {
  LogEntry entry = ending(EntryKind::abandon, leadership);
  entry.reason = reason.substr(0, kMaxReason);
  return put(pen, leadership, std::move(entry), patience, std::move(stop));
}

}  // namespace swarmout
