#include "seeder/election/publish.hpp"

#include "common/base/failpoint.hpp"
#include "common/fleet/log_entry.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

constexpr std::size_t kMaxReason = 1000;  // an entry must stay small

LogEntry ending(EntryKind kind, const Leadership& leadership) {
  LogEntry entry;
  entry.kind = kind;
  entry.position = leadership.claim.next();
  entry.previous = leadership.claim_digest;
  entry.owner = leadership.owner;
  entry.slot = leadership.slot;
  entry.attempt = leadership.attempt;
  return entry;
}

Result<PublishOutcome> put(Share& share, Clock& clock, LogEntry entry, std::chrono::milliseconds patience,
                           std::stop_token stop) {
  // Never a check whether we still lead: whoever is right is decided by who gets the number.
  sign_in(entry, share.now().value_or(clock.wall()));
  const std::string bytes = encode(entry);
  const MonotonicTime deadline = clock.now() + patience;
  while (true) {
    failpoint("before-commit");
    const PutResult result = share.put(entry.position, bytes);
    failpoint("after-commit");
    switch (result.outcome) {
      case PutOutcome::won:
        return Published{entry.position};
      case PutOutcome::lost:
        return Fenced{who_wrote(result.winner)};
      case PutOutcome::unknown:
        if (clock.now() >= deadline || !clock.sleep(std::chrono::seconds(1), stop)) {
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

std::string who_wrote(const std::string& entry) {
  const auto read = decode_entry(entry);
  return read ? fmt::format("{} (epoch {}, {})", read->host, read->position.value, read->time)
              : std::string("an entry that cannot be read");
}

Result<PublishOutcome> publish(Share& share, Clock& clock, const Leadership& leadership,
                               const SignedDescriptor& release, std::chrono::milliseconds patience,
                               std::stop_token stop) {
  LogEntry entry = ending(EntryKind::commit, leadership);
  INVARIANT(release.descriptor.position == entry.position);
  entry.release = entry.position;
  entry.revision = release.descriptor.revision;
  entry.descriptor = release.text;
  entry.signature = release.signature;
  return put(share, clock, std::move(entry), patience, std::move(stop));
}

Result<PublishOutcome> publish_unchanged(Share& share, Clock& clock, const Leadership& leadership, Position release,
                                         const std::string& revision, std::chrono::milliseconds patience,
                                         std::stop_token stop) {
  LogEntry entry = ending(EntryKind::commit, leadership);
  entry.release = release;
  entry.revision = revision;
  return put(share, clock, std::move(entry), patience, std::move(stop));
}

Result<PublishOutcome> abandon(Share& share, Clock& clock, const Leadership& leadership, const std::string& reason,
                               std::chrono::milliseconds patience, std::stop_token stop) {
  LogEntry entry = ending(EntryKind::abandon, leadership);
  entry.reason = reason.substr(0, kMaxReason);
  return put(share, clock, std::move(entry), patience, std::move(stop));
}

}  // namespace swarmout
